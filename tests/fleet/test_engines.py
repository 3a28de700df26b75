"""The engines themselves: Slurm by commands that stand in for it, Ray and kills where asked for."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import pytest

from lerecord.dataset.format import layout
from lerecord.dataset.join import merge
from lerecord.dataset.v30 import export_v30
from lerecord.errors import ConfigError
from lerecord.fleet import (
    Checking,
    Engine,
    HowToMerge,
    HowToWork,
    Request,
    State,
    check,
    merge_fleet,
    statistics,
    transcode,
)
from lerecord.progress import Advance
from tests.dataset.lists import tree
from tests.fleet.fake_slurm import install, log, run_queued

REAL = pytest.mark.skipif("LERECORD_FLEET" not in os.environ, reason="LERECORD_FLEET is not set")
SLURM = Engine("slurm", tasks=2, partition="cpu", time_limit="01:00:00")
pytestmark = pytest.mark.skipif(find_spec("datatrove") is None, reason="needs lerecord[fleet]")


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[Path]:
    with mock.patch.dict(os.environ):
        install(tmp_path / "slurm")
        yield tmp_path / "slurm"


@pytest.fixture
def request_all(stations: Path, tmp_path: Path) -> Request:
    return Request(tmp_path / "out", [stations])


@pytest.fixture
def due(stations: Path, tmp_path: Path) -> dict[str, str]:
    merge(tmp_path / "due", [stations / each for each in ("one/box", "two/box", "two/cup")])
    return tree(tmp_path / "due")


@pytest.fixture
def due_v30(due: dict[str, str], tmp_path: Path) -> dict[str, str]:
    export_v30(tmp_path / "due", tmp_path / "due v3.0")
    return tree(tmp_path / "due v3.0")


def test_slurm_gets_an_array_of_workers_and_a_publisher_behind_it(
    request_all: Request, slurm: Path, tmp_path: Path
) -> None:
    merged = merge_fleet(request_all, State(tmp_path / "state"), HowToMerge(SLURM))
    workers, _, publisher, _ = log(slurm)
    assert workers == "1 lerecord-writing array=0-1 dependency="
    assert publisher == "3 lerecord-merging array=0-0 dependency=afterok:1"
    assert (merged.jobs, merged.done) == (["1", "3"], False)
    again = merge_fleet(request_all, State(tmp_path / "state"), HowToMerge(SLURM))
    assert again == replace(merged, progress=Advance(0, 8, "episodes"))
    assert len(log(slurm)) == 4
    script = (slurm / "job-1").read_text()
    assert "#SBATCH --kill-on-invalid-dep=yes\n" in script
    assert "#SBATCH --partition=cpu\n" in script
    assert "#SBATCH --time=01:00:00\n" in script
    assert f"export PATH={Path(sys.executable).parent}:$PATH PYTHONSAFEPATH=1" in script
    assert "launch_pickled_pipeline" in script
    assert not request_all.out.exists()


def test_slurm_gets_the_files_of_v30_as_a_second_array_once_they_are_planned(
    request_all: Request, slurm: Path, tmp_path: Path
) -> None:
    merged = merge_fleet(
        replace(request_all, version="v3.0"), State(tmp_path / "state"), HowToMerge(SLURM)
    )
    assert log(slurm)[::2] == [
        "1 lerecord-writing array=0-1 dependency=",
        "3 lerecord-laying_out array=0-0 dependency=afterok:1",
        "5 lerecord-exporting array=0-1 dependency=afterok:3",
        "7 lerecord-merging array=0-0 dependency=afterok:5",
    ]
    assert (merged.jobs, merged.done) == (["1", "3", "5", "7"], False)


def test_slurm_is_not_given_a_folder_that_its_script_could_not_name(
    stations: Path, slurm: Path, tmp_path: Path
) -> None:
    request = Request(tmp_path / "two words", [stations])
    with pytest.raises(ConfigError, match="has blanks"):
        merge_fleet(request, State(tmp_path / "state"), HowToMerge(SLURM))
    assert log(slurm) == []


@REAL
def test_the_jobs_of_slurm_make_the_dataset(
    request_all: Request,
    slurm: Path,
    tmp_path: Path,
    due: dict[str, str],
    due_v30: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAKE_SLURM_RUNS", "1")
    state = State(tmp_path / "state")
    merge_fleet(request_all, state, HowToMerge(SLURM))
    said = "\n".join(each.read_text() for each in sorted(slurm.glob("out-*")))
    assert tree(request_all.out) == due, said
    assert merge_fleet(request_all, state, HowToMerge(SLURM)).done
    newer = replace(request_all, out=tmp_path / "newer", version="v3.0")
    merge_fleet(newer, state, HowToMerge(SLURM))
    assert tree(newer.out) == due_v30


@REAL
def test_the_jobs_of_slurm_check(stations: Path, slurm: Path, tmp_path: Path) -> None:
    state, how = State(tmp_path / "state"), Checking(quick=True, engine=SLURM)
    assert check([stations], state, how).jobs == ["1"]
    assert check([stations], state, how).jobs == ["1"]  # which still waits
    run_queued(slurm)
    found = check([stations], state, how)
    assert (found.jobs, found.sound, len(log(slurm))) == ([], True, 2)


@REAL
def test_the_jobs_of_slurm_take_statistics(stations: Path, slurm: Path, tmp_path: Path) -> None:
    torn = stations / "two/box" / layout.data_file(1)
    torn.unlink()
    state, how = State(tmp_path / "state"), HowToWork(SLURM)
    first = statistics([stations], state, how)
    assert (first.jobs, first.rigs, first.read, first.left) == (["1"], [], 0, 8)
    assert statistics([stations], state, how).jobs == ["1"]  # which still waits
    run_queued(slurm)
    assert [each.split(" ", 1)[1] for each in log(slurm)] == [
        "lerecord-chores array=0-1 dependency=",
        "lerecord-chores array=0-0 dependency=afterok:1",
    ]
    found = statistics([stations], state, how)
    due = statistics([stations], State(tmp_path / "another"), HowToWork(Engine(workers=1)))
    assert str(torn) in found.troubles[0].reason
    here, there = (
        [{key: full.to_data() for key, full in rig.features.items()} for rig in each.rigs]
        for each in (found, due)
    )
    assert here == there
    assert replace(found, rigs=[], jobs=[]) == replace(due, rigs=[], jobs=[])
    assert found.jobs == []


@REAL
def test_the_jobs_of_slurm_encode_anew(stations: Path, slurm: Path, tmp_path: Path) -> None:
    due = tmp_path / "due"
    shutil.copytree(stations, due)
    transcode([due], State(tmp_path / "another"), "fast", HowToWork(Engine(workers=1)))
    state, how = State(tmp_path / "state"), HowToWork(SLURM)
    assert [each.left for each in transcode([stations], state, "fast", how).datasets] == [True] * 3
    run_queued(slurm)
    found = transcode([stations], state, "fast", how)
    assert (found.jobs, found.troubles) == ([], [])
    assert [(each.changed, each.left) for each in found.datasets] == [(True, False)] * 3
    assert all(each.video_bytes != each.video_bytes_before for each in found.datasets)
    assert videos(stations) == videos(due)
    assert not any(each.changed for each in transcode([stations], state, "fast", how).datasets)
    assert len(log(slurm)) == 2


def videos(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*.mp4")}


@REAL
@pytest.mark.skipif(find_spec("ray") is None, reason="needs ray")
@pytest.mark.timeout(600)
def test_ray_makes_the_same(request_all: Request, tmp_path: Path, due_v30: dict[str, str]) -> None:
    """Of v3.0, which has all stages."""
    engine = Engine("ray", workers=2, tasks=2)
    request = replace(request_all, version="v3.0")
    merge_fleet(request, State(tmp_path / "state"), HowToMerge(engine))
    assert tree(request.out) == due_v30


def children(pid: int) -> list[int]:
    """Every process below one."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


def gone(pids: list[int]) -> bool:
    """True once none of them runs any more."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        states = [Path(f"/proc/{each}/stat") for each in pids]
        if not any(each.exists() and ") Z " not in each.read_text() for each in states):
            return True
        time.sleep(0.1)
    return False


def youngest(pid: int) -> int | None:
    """The worker that was started last, behind the server of processes and the manager."""
    served = [each for each in children(pid) if b"forkserver" in command_of(each)]
    return max(served) if len(served) > 2 else None


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@REAL
@pytest.mark.timeout(600)
def test_a_worker_that_is_killed_as_it_starts_is_missed(
    request_all: Request, tmp_path: Path, due: dict[str, str]
) -> None:
    words = ["fleet", "merge", str(request_all.out), *map(str, request_all.roots)]
    words += ["--workers", "2", "--tasks", "3", "--state", str(tmp_path / "state")]
    command = [sys.executable, "-m", "lerecord", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while (worker := youngest(process.pid)) is None:
            assert process.poll() is None
        os.kill(worker, signal.SIGKILL)
        assert process.wait(240) == 0
    assert tree(request_all.out) == due


@REAL
@pytest.mark.timeout(1800)
def test_killed_at_random_instants_it_is_resumed(
    request_all: Request, tmp_path: Path, due: dict[str, str], due_v30: dict[str, str]
) -> None:
    """Driver or workers, by SIGKILL, thirty times; then the same command makes the same bytes."""
    lots = random.Random(os.environ.get("LERECORD_KILL_SEED", "1"))
    for number in range(int(os.environ.get("LERECORD_FLEET_KILLS", "30"))):
        request = replace(request_all, out=tmp_path / f"out {number}")
        words = ["fleet", "merge", str(request.out), *map(str, request.roots), "--workers", "2"]
        words += ["--tasks", "3", "--state", str(tmp_path / "state")]
        version = ("v2.1", "v3.0")[number % 2]  # of which v3.0 takes twice as long
        words += ["--format", version]
        command = [sys.executable, "-m", "lerecord", *words]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            time.sleep(lots.uniform(0.2, 6.0) * (1 + number % 2))
            below = children(process.pid)
            victim = lots.choice([process.pid, *below]) if lots.random() < 0.6 else process.pid
            if process.poll() is None:
                os.kill(victim, signal.SIGKILL)
            try:
                process.wait(150)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"{victim} of {below} was killed, and it hangs") from None
        assert gone(below), f"{victim} of {below} was killed, and left some of them behind"
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=200)
        assert tree(request.out) == (due_v30 if number % 2 else due)
