"""The files of v3.0, made by workers: the bytes of `lerecord export`, however interrupted."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from lerecord.dataset.join import merge
from lerecord.dataset.v30 import Bounds, Exporting, export_v30
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from lerecord.fleet import Engine, HowToMerge, Request, State, merge_fleet
from lerecord.fleet.engine import Work
from tests.dataset.lists import tree

ALONE = HowToMerge(Engine(workers=1))
SMALL = Bounds(0.0016, 0.008)


class KilledError(BaseException):
    pass


@pytest.fixture
def request_all(two_recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setattr("lerecord.fleet.export_folder.AS_LEROBOT", SMALL)
    return Request(tmp_path / "out", [two_recorded], version="v3.0")


@pytest.fixture(scope="session")
def whole(two_recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of v2.1 that one process makes of all."""
    out = tmp_path_factory.mktemp("whole") / "set"
    merge(out, [two_recorded / each for each in ("one/box", "two/box", "two/cup")])
    return out


@pytest.fixture(scope="session")
def due(whole: Path) -> dict[str, str]:
    """What one process makes of it, in small files."""
    out = whole.with_name("due")
    export_v30(whole, out, Exporting(bounds=SMALL))
    return tree(out)


def files_of(tree: dict[str, str]) -> list[str]:
    return sorted(each for each in tree if each.startswith(("data/", "videos/")))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    steps: list[str] = []
    monkeypatch.setattr("lerecord.fleet.steps.observer", steps.append)
    return steps


@pytest.mark.parametrize(
    ("bounds", "files"), [(Bounds(1e-9, 1e-9), 24), (Bounds(0.001, 0.005), 19)]
)
def test_it_makes_what_one_process_makes_whatever_the_bounds_of_files(
    request_all: Request,
    state: State,
    whole: Path,
    monkeypatch: pytest.MonkeyPatch,
    bounds: Bounds,
    files: int,
) -> None:
    export_v30(whole, alone := request_all.out.with_name("alone"), Exporting(bounds=bounds))
    monkeypatch.setattr("lerecord.fleet.export_folder.AS_LEROBOT", bounds)
    monkeypatch.setattr("lerecord.fleet.export_folder.BATCH", 5)
    monkeypatch.setattr("lerecord.dataset.v30.metadata_writing._ROWS_AT_ONCE", 5)
    merge_fleet(request_all, state, ALONE)
    assert tree(request_all.out) == tree(alone)
    assert len(files_of(tree(alone))) == files
    assert check(request_all.out).findings == []


def test_two_workers_make_the_same(request_all: Request, state: State, due: dict[str, str]) -> None:
    """Of v2.1, which the first stage makes, and of v3.0."""
    pytest.importorskip("datatrove")
    merge_fleet(request_all, state, HowToMerge(Engine(workers=2, tasks=5)))
    assert tree(request_all.out) == due


@pytest.mark.parametrize("tasks", [3, 50])
def test_any_number_of_tasks_makes_the_same_in_any_order(
    request_all: Request,
    state: State,
    due: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tasks: int,
) -> None:
    def run(stages: Sequence[Work], *_: object) -> None:
        for stage in stages:
            for rank in reversed(range(tasks)):
                stage(None, rank, tasks)

    monkeypatch.setattr("lerecord.fleet.rounds.run", run)
    merge_fleet(request_all, state, ALONE)
    assert tree(request_all.out) == due


UNITS = ("begin an output file", "begin statistics")


def test_killed_at_each_unit_it_is_resumed_and_does_none_twice(
    request_all: Request, state: State, due: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lerecord.fleet.export_folder.BATCH", 3)
    done: Counter[str] = Counter()
    kills = 0
    while not request_all.out.exists():
        begun = 0

        def observer(step: str) -> None:
            nonlocal begun
            begun += step in UNITS
            if begun == 2:
                raise KilledError
            done[step] += 1

        monkeypatch.setattr("lerecord.fleet.steps.observer", observer)
        try:
            merge_fleet(request_all, state, ALONE)
        except KilledError:
            kills += 1
            assert kills < 100
    assert tree(request_all.out) == due
    files = len(files_of(due))
    assert [done[each] for each in UNITS] == [files, 3]
    assert kills == files + 3 - 1 > 8
    assert done["begin an episode"] == 8


def test_what_was_not_planned_goes_and_what_is_damaged_is_written_again(
    request_all: Request, state: State, due: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    draft = request_all.out.with_name(".out.partial")
    first, second, *_ = files_of(due)

    def observer(step: str) -> None:
        seen.append(step)
        if seen.count("prove a file") == 1 and step == "prove a file":
            (draft / first).write_bytes(b"x")
            (draft / second).unlink()
            (draft / "data/stray.parquet").write_bytes(b"x")

    monkeypatch.setattr("lerecord.fleet.steps.observer", observer)
    merge_fleet(request_all, state, ALONE)
    assert tree(request_all.out) == due
    assert seen.count("begin an output file") == len(files_of(due)) + 2


def test_a_disk_that_refuses_is_named_and_the_rest_is_done_later(
    request_all: Request, state: State, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(request_all.out))

    monkeypatch.setattr("lerecord.dataset.v30.file_writing.concatenate", full)
    with pytest.raises(DatasetError, match=r"could not be written: .*free some space"):
        merge_fleet(request_all, state, ALONE)
    monkeypatch.undo()
    monkeypatch.setattr("lerecord.fleet.steps.observer", seen.append)
    monkeypatch.setattr("lerecord.fleet.export_folder.AS_LEROBOT", SMALL)
    seen.clear()
    merge_fleet(request_all, state, ALONE)
    assert "begin an episode" not in seen
    assert check(request_all.out).findings == []
