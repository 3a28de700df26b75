"""Checks of many datasets: the same as of each alone, and nothing is read twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.verify import Checkup, Report
from lerecord.dataset.verify import check as check_one
from lerecord.errors import ConfigError
from lerecord.fleet import Checking, Engine, FleetCheck, State, check
from lerecord.progress import Advance

ALONE = Engine(workers=1)
QUICK = Checking(quick=True, engine=ALONE)


def read(found: FleetCheck) -> list[int]:
    return [each.to_read for each in found.datasets]


def damage(root: Path) -> None:
    with (root / layout.data_file(1)).open("r+b") as file:
        file.truncate(100)


def test_it_finds_what_the_check_of_each_alone_finds(stations: Path, tmp_path: Path) -> None:
    damage(stations / "two/cup")
    (stations / "two/box" / layout.STATS).unlink()
    told: list[Advance] = []
    how = Checking(engine=ALONE, progress=told.append)
    found = check([stations], State(tmp_path / "state"), how)
    assert [each.report for each in found.datasets] == [
        check_one(each.dataset) for each in found.datasets
    ]
    assert [each.report.sound for each in found.datasets] == [True, False, False]
    assert (found.sound, found.troubles) == (False, [])
    assert told[-1] == Advance(8, 8, "episodes")


def test_what_has_not_changed_is_not_read_again(stations: Path, tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    assert read(check([stations], state, QUICK)) == [3, 3, 2]
    again = check([stations], state, QUICK)
    assert read(again) == [0, 0, 0]
    assert again.sound
    video = next((stations / "one/box").glob("videos/*/*/episode_000001.mp4"))
    os.utime(video, ns=(1, 1))
    operations.relabel(stations / "two/cup", [0], "z")  # the other has task_index 1 now
    assert read(check([stations], state, QUICK)) == [1, 0, 2]
    damage(stations / "one/box")
    assert check([stations], state, QUICK).datasets[0].report.findings
    remembered = check([stations], state, QUICK)
    assert read(remembered) == [0, 0, 0]
    assert remembered.datasets[0].report.findings


def test_a_quick_check_serves_quick_ones_only(stations: Path, tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    check([stations / "one"], state, QUICK)
    assert read(check([stations / "one"], state, Checking(engine=ALONE))) == [3]
    assert read(check([stations / "one"], state, QUICK)) == [0]


def test_a_dry_run_reads_and_keeps_nothing(stations: Path, tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    found = check([stations], state, Checking(engine=ALONE, dry_run=True))
    assert [each.left for each in found.datasets] == [3, 3, 2]
    assert not found.sound
    assert not state.folder.exists()


def test_what_cannot_be_checked_is_named_and_the_others_go_on(
    stations: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stations / "one/box" / layout.INFO).write_bytes(b"{")
    real = Checkup.of_episode

    def fails(checkup: Checkup, number: int) -> Report:
        if len(checkup) == 2 and number == 1:
            raise ZeroDivisionError("of the check")
        return real(checkup, number)

    monkeypatch.setattr(Checkup, "of_episode", fails)
    found = check([stations, tmp_path / "nowhere"], State(tmp_path / "state"), QUICK)
    reasons = [str(each) for each in found.troubles]
    assert len(reasons) == 3
    assert "is not there" in reasons[0]
    assert "is not valid JSON" in reasons[1]
    assert "episode 1: the check itself failed (ZeroDivisionError: of the check" in reasons[2]
    assert [(each.dataset.name, each.left) for each in found.datasets] == [("box", 0), ("cup", 1)]
    monkeypatch.setattr(Checkup, "of_episode", real)
    assert read(check([stations / "two"], State(tmp_path / "state"), QUICK)) == [0, 1]


def test_two_workers_find_the_same(stations: Path, tmp_path: Path) -> None:
    pytest.importorskip("datatrove")
    damage(stations / "two/cup")
    alone = check([stations], State(tmp_path / "a"), QUICK)
    two = Checking(quick=True, engine=Engine(workers=2, tasks=3))
    together = check([stations], State(tmp_path / "b"), two)
    assert together == alone
    assert read(check([stations], State(tmp_path / "b"), two)) == [0, 0, 0]


def test_a_state_that_cannot_be_written_is_refused_first(stations: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"--state"):
        check([stations], State(tmp_path / "file"), QUICK)


def test_engines_that_cannot_run_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"no executor 'dask'"):
        Engine("dask")
    with pytest.raises(ConfigError, match=r"--partition"):
        check([], State(), Checking(engine=Engine("slurm")))
    monkeypatch.setattr("lerecord.fleet.engine.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'lerecord\[fleet\]'`, or .*--workers 1"):
        check([], State(), Checking(engine=Engine(workers=2)))


def test_the_face_imports_no_engine() -> None:
    code = "import sys, lerecord.fleet as f; f.check; f.look; print('datatrove' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout == "False\n"
