import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lerecord.dataset.format import EpisodeRecord, layout
from lerecord.dataset.join import ByEpisodes, ByFraction, Watched, by_task, merge, split
from lerecord.dataset.read import Dataset
from lerecord.dataset.storage import NewFolder
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from lerecord.progress import Advance
from tests.dataset.conftest import Lab
from tests.dataset.lists import Scripted, record, tree

TAKES = [Scripted(task, 4 + number, number) for number, task in enumerate("abbac")]
KEYS = ["observation.images.front", "observation.images.wrist"]


class KilledError(BaseException):
    pass


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("recorded") / "set", TAKES)


@pytest.fixture
def root(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "set"))


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("chosen", [[1, 2, 4], [0, 2]])
def test_parts_have_the_frames_images_and_annotations_of_their_episodes(
    root: Path, tmp_path: Path, chosen: list[int]
) -> None:
    before = tree(root)
    outs = [tmp_path / "one", tmp_path / "other"]
    infos = split(root, outs, ByEpisodes([chosen]))
    assert tree(root) == before
    parts = [chosen, [index for index in range(5) if index not in chosen]]
    health = lines(root / layout.HEALTH)
    for out, part, info in zip(outs, parts, infos, strict=True):
        assert check(out).findings == []
        assert (info.episodes, info.frames) == (len(part), sum(TAKES[i].rows for i in part))
        assert lines(out / layout.HEALTH) == [
            {**health[old], "episode_index": new} for new, old in enumerate(part)
        ]
        assert (out / layout.HARDWARE).read_bytes() == (root / layout.HARDWARE).read_bytes()
        for new, old in enumerate(part):
            ours, theirs = Dataset(out, [new]), Dataset(root, [old])
            for key in ("action", "observation.state", "timestamp", "frame_index"):
                assert np.array_equal(ours.rows.columns[key], theirs.rows.columns[key])
            assert [ours[0]["task"], len(ours)] == [TAKES[old].task, TAKES[old].rows]
            for name in (layout.capture_file, *(_video(key) for key in KEYS)):
                assert (out / name(new)).read_bytes() == (root / name(old)).read_bytes()
                assert not (out / name(new)).samefile(root / name(old))
    assert not list(tmp_path.glob(".*"))


def _video(key: str) -> Any:
    return lambda episode: layout.video_file(episode, key)


def test_parts_merged_are_the_dataset_again(root: Path, tmp_path: Path) -> None:
    outs = [tmp_path / "head", tmp_path / "tail"]
    split(root, outs, ByEpisodes([[0, 1]]))
    merge(tmp_path / "again", outs)
    # A merge writes tables anew; the same frames in the same order make the same bytes.
    split(root, [tmp_path / "whole"], ByEpisodes([range(5)]))
    assert tree(tmp_path / "again") == tree(tmp_path / "whole")


def test_a_part_is_what_recording_its_episodes_alone_gives(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "part"
    split(root, [out], ByEpisodes([[1, 3]]))
    alone = record(tmp_path / "alone", [TAKES[1], TAKES[3]])
    ours, theirs = tree(out), tree(alone)
    assert ours.keys() == theirs.keys()
    differing = {name for name in ours if ours[name] != theirs[name]}
    assert not {name for name in differing if not name.startswith(("data/", "capture/"))}


def test_a_part_per_task_in_the_order_of_the_tasks(root: Path, tmp_path: Path) -> None:
    outs = [tmp_path / name for name in "abc"]
    infos = split(root, outs, by_task)
    assert [info.episodes for info in infos] == [2, 2, 1]
    assert [lines(out / layout.TASKS) for out in outs] == [
        [{"task_index": 0, "task": task}] for task in "abc"
    ]
    with pytest.raises(DatasetError, match=r"3 parts and 2 output folders; .*1\. a; 2\. b; 3\. c"):
        split(root, [tmp_path / "x", tmp_path / "y"], by_task)


def records(count: int) -> Sequence[EpisodeRecord]:
    return [EpisodeRecord(index, ("a",), 3) for index in range(count)]


def test_a_fraction_draws_the_same_episodes_for_the_same_seed() -> None:
    (part,) = ByFraction([0.9], seed=7)(records(50))
    assert len(part) == 45
    assert part == sorted(part)
    assert ByFraction([0.9], seed=7)(records(50)) == [part]
    assert ByFraction([0.9], seed=8)(records(50)) != [part]
    # Pinned, since a training run is only repeatable if its episodes stay the same for years.
    assert ByFraction([0.3, 0.2])(records(10)) == [[2, 4, 6], [1, 7]]
    thirds = ByFraction([1 / 3] * 3)(records(3))
    assert sorted(index for third in thirds for index in third) == [0, 1, 2]


REFUSED = {
    "There is no episode 5": ([[5]], 2),
    "Episode 1 is in two parts": ([[0, 1], [1, 2]], 2),
    "No episode would be in": ([[0, 1], []], 2),
    "1 parts and 3 output folders": ([[0]], 3),
    "1 parts and 2 output folders": ([[0, 1, 2, 3, 4]], 2),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_parts_that_do_not_fit_are_refused(root: Path, tmp_path: Path, sentence: str) -> None:
    parts, count = REFUSED[sentence]
    with pytest.raises(DatasetError, match=sentence):
        split(root, [tmp_path / f"out{number}" for number in range(count)], ByEpisodes(parts))
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize(
    ("outs", "sentence"),
    [
        (("out", "out"), "is given twice"),
        (("set", "out"), "is given twice"),
        (("set/data/out", "out"), "lie in each other"),
        (("out", "out/rest"), "lie in each other"),
    ],
)
def test_folders_that_lie_in_each_other_are_refused(
    root: Path, tmp_path: Path, outs: tuple[str, str], sentence: str
) -> None:
    before = tree(root)
    with pytest.raises(DatasetError, match=sentence):
        split(root, [tmp_path / each for each in outs], ByEpisodes([[0]]))
    assert tree(root) == before
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_what_is_there_is_not_written_over(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    with pytest.raises(DatasetError, match="other is not empty"):
        split(root, [tmp_path / "one", other], ByEpisodes([[0]]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "set"]


def test_a_kill_at_any_step_leaves_no_half_dataset(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    counted = [tmp_path / "counted" / name for name in ("one", "other")]
    split(root, counted, ByEpisodes([[0, 2]]), Watched(probe=steps.append))
    wanted = [tree(out) for out in counted]
    assert steps[-4:] == ["sync", "sync", "rename", "rename"]
    outs = [tmp_path / "one", tmp_path / "other"]
    exit_ = NewFolder.__exit__
    for at in (0, 5, len(steps) // 2, *range(len(steps) - 4, len(steps))):
        left = iter(steps[: at + 1])

        def probe(step: str, left: Any = left) -> None:
            next(left)
            if left.__length_hint__() == 0:
                raise KilledError(step)

        def killed(folder: NewFolder, *_: object) -> None:
            folder._lock.close()  # the kernel frees it; nothing else is done by a dead process

        monkeypatch.setattr(NewFolder, "__exit__", killed)
        with pytest.raises(KilledError):
            split(root, outs, ByEpisodes([[0, 2]]), Watched(probe=probe))
        monkeypatch.setattr(NewFolder, "__exit__", exit_)
        there = [out.exists() for out in outs]
        assert there == [at == len(steps) - 1, False]
        if there[0]:
            assert tree(outs[0]) == wanted[0]
            shutil.rmtree(outs[0])
    split(root, outs, ByEpisodes([[0, 2]]))
    assert [tree(out) for out in outs] == wanted
    assert not list(tmp_path.glob(".*"))


def test_a_dataset_that_changes_meanwhile_is_refused(
    recorded: Path, tmp_path: Path, lab: Lab
) -> None:
    with lab.open() as writer:
        lab.record(writer, rows=3)
        lab.record(writer, rows=3)

    def probe(step: str) -> None:
        if step == f"write {layout.EPISODES}":
            with lab.open() as writer:
                lab.record(writer, rows=3)

    outs = [tmp_path / "one", tmp_path / "other"]
    with pytest.raises(DatasetError, match="was changed while it was read"):
        split(lab.root, outs, ByEpisodes([[0]]), Watched(probe=probe))
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_what_lerobot_recorded_splits_too(root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "capture")
    for name in (layout.HARDWARE, layout.STATS):
        (root / name).unlink()
    told: list[Advance] = []
    outs = [tmp_path / "one", tmp_path / "other"]
    split(root, outs, ByFraction([0.6]), Watched(told.append))
    assert [len(Dataset(out).episodes) for out in outs] == [3, 2]
    assert told == [Advance(done, 5, "episodes") for done in range(1, 6)]
    assert not (outs[0] / "capture").exists()
