"""A policy that learns from demonstrations of two joints that reach for a coloured box."""

from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.dataset.edit.operations import delete
from lerecord.dataset.read import Batch, Dataset
from lerecord.dataset.v30 import export_v30
from lerecord.errors import DatasetError
from lerecord.policy import PolicyInput
from lerecord.policy.nearest import HORIZON, NearestPolicy, locally_linear, phases_of
from tests.dataset.conftest import Lab
from tests.dataset.lists import tree

FRAMES = 90


def reach(goal: float, frames: int) -> NDArray[np.float32]:
    """(N, 2): there, close, and back, with a pause in between."""
    share = np.linspace(0.0, 1.0, frames)
    there = np.clip(share / 0.4, 0, 1) - np.clip((share - 0.7) / 0.3, 0, 1)
    closes = np.clip((share - 0.45) / 0.2, 0, 1)
    return np.stack([goal * there, 50.0 * (1.0 - closes)], axis=1).astype(np.float32)


def test_the_weights_rebuild_a_query_from_its_neighbours() -> None:
    places = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [9.0, 9.0]], np.float32)
    query = np.array([0.25, 0.5], np.float32)
    mix = locally_linear(query, places, 3, ridge=1e-6)
    assert sorted(mix.neighbours) == [0, 1, 2]
    assert mix.weights.sum() == pytest.approx(1.0)
    assert mix.weights @ places[mix.neighbours] == pytest.approx(query, abs=1e-3)


def test_weights_of_a_single_example_and_of_equal_ones() -> None:
    place = np.array([[1.0, 2.0]], np.float32)
    assert locally_linear(place[0], place, 12, 0.02).weights == pytest.approx([1.0])
    equal = np.repeat(place, 3, axis=0)
    assert locally_linear(place[0], equal, 3, 0.02).weights == pytest.approx([1 / 3] * 3)


def test_episodes_of_different_tempo_have_the_same_phases() -> None:
    lengths = (80, 90, 110)
    phases = phases_of(
        [reach(goal, length) for goal, length in zip((20, -40, 60), lengths, strict=True)]
    )
    for length, each in zip(lengths, phases, strict=True):
        assert (each[0], each[-1]) == (0.0, 1.0)
        assert (np.diff(each) >= 0).all()
        assert np.abs(each - np.linspace(0, 1, length)).max() < 0.03


def test_a_pause_that_only_one_makes_takes_no_phase() -> None:
    plain = reach(30, FRAMES)
    paused = np.concatenate([plain[:20], np.repeat(plain[20:21], 30, axis=0), plain[20:]])
    _, of_paused, _ = phases_of([plain, paused, plain])
    due, by_the_clock = 40 / (FRAMES - 1), 70 / (len(paused) - 1)
    assert abs(of_paused[70] - due) < abs(of_paused[70] - by_the_clock)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_the_shortest_episodes_have_phases(frames: int) -> None:
    phases = phases_of([np.zeros((frames, 2), np.float32)] * 2)
    assert [len(each) for each in phases] == [frames, frames]
    assert np.isfinite(phases).all()


def seen(goal: float, state: NDArray[np.float32], grain: int) -> NDArray[np.uint8]:
    """(48, 64, 3): a grey table of some grain, a brown box at the goal, a blue arm."""
    light = np.random.default_rng(grain).integers(90, 160, (48, 64, 1))
    image = np.repeat(cv2.blur(light.astype(np.float32), (1, 9))[..., None], 3, axis=2)
    image[20:28, round(32 + goal / 4) - 3 : round(32 + goal / 4) + 3] = (190, 120, 50)
    image[:12, round(32 + state[0] / 4) - 2 : round(32 + state[0] / 4) + 2] = (40, 90, 200)
    return image.astype(np.uint8)


def learned_from(goals: NDArray[np.float64]) -> NearestPolicy:
    from lerecord.policy.nearest.examples import demonstrations_of, learned, nearest_frames
    from lerecord.policy.nearest.images import chroma

    paths = [reach(goal, FRAMES + 4 * (place % 5)) for place, goal in enumerate(goals)]
    demonstrations = demonstrations_of(paths, paths)
    images = [
        [chroma(seen(goal, path[frame], grain=place)) for frame in nearest_frames(each.phases)]
        for place, (goal, path, each) in enumerate(zip(goals, paths, demonstrations, strict=True))
    ]
    policy = NearestPolicy.__new__(NearestPolicy)
    policy._examples = {"reach": learned(demonstrations, {"top": np.stack(images, axis=1)})}
    return policy


def test_it_reaches_between_the_places_it_was_shown() -> None:
    policy = learned_from(np.linspace(-80, 80, 9))
    missed = []
    for goal in (-50.0, -10.0, 30.0, 70.0):
        for frame in (0, 12, 24):
            state = reach(goal, FRAMES)[frame]
            chunk = policy.infer(PolicyInput(state, {"top": seen(goal, state, grain=99)}, "reach"))
            assert (chunk.actions.shape, chunk.done) == ((HORIZON, 2), False)
            assert chunk.actions.dtype == np.float32
            reached = chunk.actions[np.abs(chunk.actions[:, 0]).argmax(), 0]
            missed.append(abs(reached - goal))
    assert np.mean(missed) < 5.0  # the nearest demonstration alone would miss by 10


def test_it_is_done_where_the_demonstrations_ended() -> None:
    policy = learned_from(np.linspace(-80, 80, 9))
    end = reach(40.0, FRAMES)[-1]
    chunk = policy.infer(PolicyInput(end, {"top": seen(40.0, end, grain=7)}, "reach"))
    assert chunk.done
    assert chunk.actions == pytest.approx(np.repeat(end[None], HORIZON, axis=0), abs=3.0)


def test_it_learns_from_a_dataset_of_several_tasks(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "set")
    with lab.open() as writer:
        for task, rows in (("a", 6), ("b", 8), ("a", 7)):
            lab.record(writer, task, rows=rows, seed=rows)
    policy = NearestPolicy(tmp_path / "set")
    assert policy.features.joints == lab.spec.joints
    assert (policy.features.fps, policy.features.horizon) == (30, HORIZON)
    assert policy.features.units == lab.spec.units
    assert [(each.name, each.width, each.height) for each in policy.features.cameras] == [
        ("front", 64, 48),
        ("wrist", 64, 48),
    ]
    images = {each.name: np.zeros((48, 64, 3), np.uint8) for each in policy.features.cameras}
    state = np.zeros(3, np.float32)
    assert policy.infer(PolicyInput(state, images, "b")).actions.shape == (HORIZON, 3)
    with pytest.raises(DatasetError, match='not learned to "c"; it knows "a", "b"'):
        policy.infer(PolicyInput(state, images, "c"))


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    lab = Lab(tmp_path / "set")
    with lab.open() as writer:
        for task, rows in (("a", 6), ("b", 8), ("a", 7)):
            lab.record(writer, task, rows=rows, seed=rows)
    return lab.root


def answer(policy: NearestPolicy) -> NDArray[np.float32]:
    images = {each.name: seen(20.0, np.zeros(2, np.float32), 1) for each in policy.features.cameras}
    return policy.infer(PolicyInput(np.ones(3, np.float32), images, "a")).actions


def loaded(root: Path, cache: Path) -> tuple[int, NearestPolicy]:
    """A policy, and how many episodes had to be decoded for it."""
    calls: list[int] = []

    def gather(self: Dataset, rows: NDArray[np.int64]) -> Batch:
        calls.append(len(rows))
        return given(self, rows)

    given = Dataset.gather
    with mock.patch.object(Dataset, "gather", gather):
        policy = NearestPolicy(root, kept_in=cache)
    return len(calls), policy


def test_its_images_are_decoded_once_until_the_dataset_changes(
    recorded: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache" / "nearest"
    before = tree(recorded)
    (first, policy), (second, again) = loaded(recorded, cache), loaded(recorded, cache)
    assert (first, second) == (3, 0)
    assert np.array_equal(answer(again), answer(policy))
    assert tree(recorded) == before
    delete(recorded, [0])
    assert [loaded(recorded, cache)[0] for _ in range(2)] == [2, 0]
    assert [each.suffix for each in cache.iterdir()] == [".npz"] * 2  # of two tasks, and no draft


def test_a_cache_that_is_damaged_or_cannot_be_written_is_none(
    recorded: Path, tmp_path: Path
) -> None:
    cache, due = tmp_path / "cache", answer(NearestPolicy(recorded))
    loaded(recorded, cache)
    whole = {path: path.read_bytes() for path in cache.iterdir()}
    for damage in (
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[: len(data) // 2] + bytes(64) + data[len(data) // 2 + 64 :],
    ):
        for path, data in whole.items():
            path.write_bytes(damage(data))
        count, policy = loaded(recorded, cache)
        assert count == 3
    assert np.array_equal(answer(policy), due)
    (tmp_path / "file").write_text("")
    assert loaded(recorded, tmp_path / "file")[0] == 3


def test_a_dataset_of_v30_teaches_the_same(recorded: Path, tmp_path: Path) -> None:
    export_v30(recorded, tmp_path / "newer")
    older, newer = NearestPolicy(recorded), NearestPolicy(tmp_path / "newer")
    assert newer.features == older.features
    assert np.array_equal(answer(newer), answer(older))
