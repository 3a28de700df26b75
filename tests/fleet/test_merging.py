"""A merge of many datasets: the bytes of `lerecord merge`, however it was interrupted."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lerecord.dataset.format import layout, read_parquet
from lerecord.dataset.join import merge
from lerecord.dataset.storage import DatasetLock
from lerecord.dataset.v30 import export_v30
from lerecord.dataset.verify import check
from lerecord.errors import ConfigError, DatasetError
from lerecord.fleet import Engine, HowToMerge, Request, Split, State, Wish, merge_fleet
from lerecord.progress import Advance
from tests.dataset.lists import A, small_lab, stage, tree

DEEP = int(os.environ.get("LERECORD_CRASH_DEPTH", "1")) > 1
ALONE = HowToMerge(Engine(workers=1))


class KilledError(BaseException):
    pass


@pytest.fixture
def request_all(stations: Path, tmp_path: Path) -> Request:
    return Request(tmp_path / "out", [stations])


@pytest.fixture(scope="session")
def due(two_recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What one process makes of all, by version."""
    folder = tmp_path_factory.mktemp("due")
    merge(folder / "v2.1", [two_recorded / each for each in ("one/box", "two/box", "two/cup")])
    export_v30(folder / "v2.1", folder / "v3.0")
    return {version: tree(folder / version) for version in ("v2.1", "v3.0")}


def hidden(out: Path) -> list[str]:
    return [each.name for each in out.parent.glob(".*")]


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
def test_it_makes_what_one_process_makes_and_leaves_the_sources_as_they_are(
    request_all: Request,
    state: State,
    stations: Path,
    due: dict[str, dict[str, str]],
    version: str,
) -> None:
    before = tree(stations)
    told: list[Advance] = []
    request = replace(request_all, version=version)
    merged = merge_fleet(request, state, replace(ALONE, progress=told.append))
    assert tree(request.out) == due[version]
    assert check(request.out).findings == []
    assert (merged.episodes, merged.frames, merged.tasks, merged.sources) == (8, 41, 2, 3)
    assert (merged.left_episodes, merged.troubles, merged.left_out) == ([], [], [])
    assert Advance(8, 8, "episodes") in told
    if version == "v3.0":
        assert told[-1] == Advance(4, 4, "steps")
    assert tree(stations) == before
    assert hidden(request.out) == []


def test_done_twice_it_changes_nothing(request_all: Request, state: State) -> None:
    first = merge_fleet(request_all, state, ALONE)
    times = {path: path.stat().st_mtime_ns for path in request_all.out.rglob("*")}
    assert merge_fleet(request_all, state, ALONE) == first
    assert {path: path.stat().st_mtime_ns for path in request_all.out.rglob("*")} == times
    other = replace(request_all, wish=Wish("task = a"))
    with pytest.raises(DatasetError, match="merged of other episodes"):
        merge_fleet(other, state, ALONE)
    with pytest.raises(DatasetError, match="not empty"):
        merge_fleet(request_all, State(state.folder / "another"), ALONE)


def test_only_what_is_wanted_is_taken(request_all: Request, state: State) -> None:
    wish = Wish("station = two and task = a", task_balance=2)
    dry = merge_fleet(replace(request_all, wish=wish), state, replace(ALONE, dry_run=True))
    assert (dry.episodes, dry.tasks, dry.sources, dry.done) == (2, 1, dry.sources, False)
    assert not request_all.out.exists()
    assert hidden(request_all.out) == []
    merged = merge_fleet(replace(request_all, wish=wish), state, ALONE)
    assert replace(dry, done=True, left_out=[]) == merged
    assert check(request_all.out).findings == []


def killing_at(number: int, seen: list[str]) -> Callable[[str], None]:
    def observer(step: str) -> None:
        seen.append(step)
        if len(seen) > number:
            raise KilledError

    return observer


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
def test_killed_at_any_step_it_is_resumed_by_the_same_command(
    request_all: Request,
    state: State,
    due: dict[str, dict[str, str]],
    version: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each run is killed one step later than the last, and goes on where that one ended."""
    request = replace(request_all, version=version)
    seen: list[str] = []
    steps = kills = 0
    while not request.out.exists():
        seen.clear()
        monkeypatch.setattr("lerecord.fleet.steps.observer", killing_at(steps, seen))
        try:
            merge_fleet(request, state, ALONE)
        except KilledError:
            kills += 1
            steps += 1
        assert kills < 200
    assert kills > 10
    assert tree(request.out) == due[version]
    monkeypatch.setattr("lerecord.fleet.steps.observer", lambda step: None)
    assert merge_fleet(request, state, ALONE).done
    assert hidden(request.out) == []


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
def test_killed_at_each_step_of_a_whole_merge_it_is_resumed(
    two_recorded: Path, tmp_path: Path, state: State, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("lerecord.fleet.steps.observer", seen.append)
    whole = Request(tmp_path / "whole", [two_recorded / "two/cup"], version=version)
    merge_fleet(whole, state, ALONE)
    steps, due = len(seen), tree(whole.out)
    for step in range(0, steps, 1 if DEEP else 9):
        request = replace(whole, out=tmp_path / f"killed at {step}")
        seen.clear()
        monkeypatch.setattr("lerecord.fleet.steps.observer", killing_at(step, seen))
        with pytest.raises(KilledError):
            merge_fleet(request, state, ALONE)
        monkeypatch.setattr("lerecord.fleet.steps.observer", lambda step: None)
        merge_fleet(request, state, ALONE)
        assert tree(request.out) == due, step
    assert steps > 30
    assert hidden(whole.out) == []


def test_what_was_done_is_not_written_again(
    request_all: Request, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr("lerecord.fleet.steps.observer", seen.append)
    merge_fleet(request_all, state, ALONE)
    whole = Counter(seen)
    shutil.rmtree(request_all.out)
    episodes: Counter[str] = Counter()
    for _ in range(8):
        seen.clear()

        def observer(step: str) -> None:
            seen.append(step)
            if seen.count("begin an episode") == 2 and step == "begin an episode":
                raise KilledError

        monkeypatch.setattr("lerecord.fleet.steps.observer", observer)
        try:
            merge_fleet(request_all, state, ALONE)
        except KilledError:
            seen.pop()
        episodes.update(seen)
    assert request_all.out.exists()
    for step in ("begin an episode", "settle a file", "write a line"):
        assert episodes[step] == whole[step], step


def test_a_bad_episode_is_left_out_by_name_and_the_others_go_on(
    request_all: Request, state: State, stations: Path, tmp_path: Path
) -> None:
    with (stations / "two/box" / layout.data_file(1)).open("r+b") as file:
        file.truncate(100)
    (stations / "one/torn/.lerecord").mkdir(parents=True)
    merged = merge_fleet(request_all, state, ALONE)
    (left,) = merged.left_episodes
    assert (left.root, left.episode) == (str(stations / "two/box"), 1)
    assert "not sound" in left.reason
    assert [each.place.name for each in merged.troubles] == ["torn"]
    assert merged.episodes == 7
    assert check(request_all.out).findings == []
    assert merge_fleet(request_all, state, ALONE).left_episodes == merged.left_episodes


def test_a_dataset_that_is_recorded_into_is_named_and_the_others_go_on(
    request_all: Request, state: State, stations: Path
) -> None:
    if not Path("/proc/locks").exists():
        pytest.skip("only Linux tells who holds a lock")
    with DatasetLock(stations / "two/cup"):
        merged = merge_fleet(request_all, state, ALONE)
    assert [each.place.name for each in merged.troubles] == ["cup"]
    assert (merged.episodes, merged.sources) == (6, 2)


def test_a_dataset_that_changes_meanwhile_is_planned_anew(
    request_all: Request, state: State, stations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = small_lab(stations / "two/cup")

    def observer(step: str) -> None:
        if step == "prove an episode" and not (stations / "two/cup" / layout.data_file(2)).exists():
            with lab.open() as writer:
                writer.commit(stage(lab, writer, A))

    monkeypatch.setattr("lerecord.fleet.steps.observer", observer)
    with pytest.raises(DatasetError, match="was changed while it was merged; run the same command"):
        merge_fleet(request_all, state, ALONE)
    assert merge_fleet(request_all, state, ALONE).episodes == 9
    assert check(request_all.out).findings == []


def test_files_that_are_not_as_they_were_written_are_written_again(
    request_all: Request,
    state: State,
    due: dict[str, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draft = request_all.out.with_name(".out.partial")

    def observer(step: str) -> None:
        if step == "prove an episode" and not (draft / "data/stray.parquet").exists():
            (draft / layout.data_file(3)).unlink()
            (draft / "data/stray.parquet").write_bytes(b"x")

    monkeypatch.setattr("lerecord.fleet.steps.observer", observer)
    merge_fleet(request_all, state, ALONE)
    assert tree(request_all.out) == due["v2.1"]


def test_a_target_that_cannot_be_written_ends_it(
    request_all: Request, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(request_all.out))

    monkeypatch.setattr("lerecord.fleet.own_names.link_or_copy", full)
    with pytest.raises(DatasetError, match=r"could not be written: .*free some space"):
        merge_fleet(request_all, state, ALONE)
    monkeypatch.undo()
    assert merge_fleet(request_all, state, ALONE).left_episodes == []


def test_datasets_that_do_not_fit_are_refused_by_name(
    request_all: Request, state: State, stations: Path
) -> None:
    path = stations / "two/cup" / layout.INFO
    path.write_bytes(path.read_bytes().replace(b'"robot_type": "koch"', b'"robot_type": "so101"'))
    with pytest.raises(DatasetError, match=r"cannot be merged: .*so101"):
        merge_fleet(request_all, state, ALONE)
    wish = Wish("rig = koch")
    assert merge_fleet(replace(request_all, wish=wish), state, ALONE).sources == 2


def test_a_wrong_wish_is_refused_before_anything_is_written(
    request_all: Request, state: State
) -> None:
    with pytest.raises(ConfigError, match="no field 'colour'"):
        merge_fleet(replace(request_all, wish=Wish("colour = red")), state, ALONE)
    with pytest.raises(ConfigError, match="v9"):
        replace(request_all, version="v9")
    assert hidden(request_all.out) == []


def test_two_sides_are_two_datasets_with_their_plans(
    request_all: Request, state: State, stations: Path, tmp_path: Path
) -> None:
    request = replace(request_all, wish=Wish(split=Split(0.3)), roots=[tmp_path])
    dry = merge_fleet(request, state, replace(ALONE, dry_run=True))
    assert not request.out.exists()
    merged = merge_fleet(request, state, ALONE)
    assert [*merged.sides] == ["train", "test"]
    assert (merged.episodes, merged.frames, merged.tasks, merged.sources) == (8, 41, 2, 3)
    assert (dry.done, merged.done, dry.episodes) == (False, True, 8)
    assert sorted(each.name for each in request.out.iterdir()) == [
        "test",
        "test.parquet",
        "train",
        "train.parquet",
    ]
    folders = []
    for side, made in merged.sides.items():
        assert check(made.dataset).findings == []
        table = read_parquet(made.dataset.with_name(f"{side}.parquet"))
        assert {*table["side"].to_pylist()} == {side}
        assert len(table) == made.episodes > 0
        folders.append({*table["folder"].to_pylist()})
    assert not folders[0] & folders[1]
    before = tree(request.out)
    assert merge_fleet(request, state, ALONE) == merged
    assert tree(request.out) == before
    with pytest.raises(DatasetError, match="is a dataset; name another folder"):
        merge_fleet(replace(request, out=stations / "one/box"), state, ALONE)


def test_killed_between_two_sides_it_is_resumed(
    request_all: Request, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = replace(request_all, wish=Wish(split=Split(0.5, "station")))
    whole = replace(request, out=request.out.with_name("whole"))
    seen: list[str] = []
    monkeypatch.setattr("lerecord.fleet.steps.observer", seen.append)
    merge_fleet(whole, state, ALONE)
    steps = len(seen)
    for step in range(1, steps, 1 if DEEP else 61):
        seen.clear()
        monkeypatch.setattr("lerecord.fleet.steps.observer", killing_at(step, seen))
        with pytest.raises(KilledError):
            merge_fleet(request, state, ALONE)
        monkeypatch.setattr("lerecord.fleet.steps.observer", lambda step: None)
        merge_fleet(request, state, ALONE)
        assert tree(request.out) == tree(whole.out), step
        shutil.rmtree(request.out)
