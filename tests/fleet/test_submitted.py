"""What Slurm was given is not given twice, and told of when it is over."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from lerecord.errors import ConfigError, DatasetError, LerecordError
from lerecord.fleet import Checking, Engine, HowToWork, State, check
from lerecord.fleet.chores import CarriedOut, Chore, carry_out
from lerecord.fleet.engine import Work
from tests.fleet.fake_slurm import install, log, sbatch

ROOTS = [f"/data/{name}" for name in "abcd"]
ITEMS = [{"root": root, "name": root} for root in ROOTS]
SLURM = Engine("slurm", partition="cpu")
submitted: list[list[Work]] = []


def do(told: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    if item["root"] == "/data/b":
        raise DatasetError("/data/b is torn; restore it.")
    return {"said": told["word"]}


def submit(stages: Sequence[Work], engine: Engine, watch: object) -> list[str]:
    """In place of an engine: jobs that wait, each with nothing in its script."""
    script = stages[0].folder / "script"
    script.write_text("#SBATCH --job-name=x\n#SBATCH --array=0-0\n")
    sbatch([str(script)])
    submitted.append([*stages])
    return [str(len(submitted))]


@pytest.fixture(autouse=True)
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for module in ("chores", "checking"):
        monkeypatch.setattr(f"lerecord.fleet.{module}.run", submit)
    monkeypatch.setattr("lerecord.fleet.checking.require_engine", lambda engine: None)
    monkeypatch.setattr("lerecord.fleet.measuring.do", do)
    submitted.clear()
    with mock.patch.dict(os.environ):
        install(tmp_path / "slurm")
        yield tmp_path / "slurm"


def end(slurm: Path, job: int) -> None:
    """Slurm has no such job in its queue any more."""
    (slurm / f"told-{job}.json").unlink()


def asked(tmp_path: Path, *roots: str) -> CarriedOut:
    items = [each for each in ITEMS if not roots or each["root"] in roots]
    chore = Chore("measuring", {"word": "x"}, items, [each["root"] for each in items])
    return carry_out(chore, State(tmp_path / "state"), HowToWork(SLURM))


def folders(tmp_path: Path) -> list[Path]:
    return [each for each in (tmp_path / "state/chores").iterdir() if each.is_dir()]


def test_work_that_slurm_has_is_not_submitted_again(tmp_path: Path, slurm: Path) -> None:
    assert asked(tmp_path, "/data/a", "/data/c") == CarriedOut({}, [], ["1"])
    assert asked(tmp_path, "/data/a", "/data/c") == CarriedOut({}, [], ["1"])
    assert asked(tmp_path, "/data/d").jobs == ["2"]
    assert asked(tmp_path).jobs in (["1", "2", "3"], ["2", "1", "3"])  # only b is new
    assert [work.batches for (work,) in submitted] == [2, 1, 1]
    assert len(log(slurm)) == 3


def test_what_came_of_it_is_told_once_and_nothing_is_left_behind(
    tmp_path: Path, slurm: Path
) -> None:
    asked(tmp_path)
    submitted[0][0](None, 0, 1)
    told = asked(tmp_path, "/data/b")  # the others are done, and nothing has to ask for them
    assert [each.reason for each in told.troubles] == ["/data/b is torn; restore it."]
    assert told.jobs == []
    assert folders(tmp_path) == []
    assert asked(tmp_path, "/data/b").jobs == ["2"]  # perhaps it is restored by now


def test_results_are_those_of_the_jobs(tmp_path: Path) -> None:
    asked(tmp_path, "/data/a", "/data/c")
    submitted[0][0](None, 0, 1)
    chore = Chore("measuring", {"word": "x"}, [], ["/data/a", "/data/c"])
    others = [Chore("measuring", {"word": "y"}, [], chore.roots)]
    others.append(Chore("measuring", {"word": "x"}, [], ["/data/z"]))
    state, how = State(tmp_path / "state"), HowToWork(SLURM)
    assert [carry_out(each, state, how).results for each in others] == [{}, {}]
    results = {root: {"said": "x"} for root in ("/data/a", "/data/c")}
    assert carry_out(chore, state, how) == CarriedOut(results, [], [])


def test_jobs_that_were_cut_short_are_named_and_the_rest_is_submitted(
    tmp_path: Path, slurm: Path
) -> None:
    items = ("/data/a", "/data/c", "/data/d")
    for number in range(2):
        asked(tmp_path, *items[number:])
        work = submitted[-1][0]
        if number == 0:
            next(work.share(0, 1))
        (work.folder / "at/0").write_text("123\n/data/c", encoding="utf-8")
        end(slurm, number + 1)
    told = asked(tmp_path, *items[1:])
    (trouble,) = told.troubles
    assert trouble.reason == (
        f"Job 2 of Slurm has ended, but 2 of 2 parts of its work are not done; why stands in "
        f"{submitted[1][0].folder}/logs."
    )
    assert told.jobs == ["3"]
    assert [work.batches for (work,) in submitted] == [3, 2, 2]
    submitted[2][0](None, 0, 1)
    last = asked(tmp_path, "/data/c")
    assert [each.reason for each in last.troubles] == [
        "/data/c: the process that worked on it died, twice."
    ]


def test_a_check_reads_what_is_not_with_slurm(stations: Path, tmp_path: Path) -> None:
    state, how = State(tmp_path / "state"), Checking(quick=True, engine=SLURM)
    assert check([stations / "one"], state, how).jobs == ["1"]
    assert check([stations / "one"], state, how).jobs == ["1"]
    assert set(check([stations], state, how).jobs) == {"1", "2"}
    roots = [json.loads(line)["root"] for line in lines(submitted[1][0].folder)]
    assert roots == [str(stations / "two/box"), str(stations / "two/cup")]
    for (work,) in submitted:
        work(None, 0, 1)
    found = check([stations], state, how)
    assert (found.jobs, found.sound) == ([], True)


def test_a_check_that_failed_on_slurm_is_told(
    stations: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, how = State(tmp_path / "state"), Checking(quick=True, engine=SLURM)
    check([stations / "one"], state, how)
    with monkeypatch.context() as patched:
        patched.setattr("lerecord.fleet.checking.fingerprint_of", None)
        submitted[0][0](None, 0, 1)
    found = check([stations / "one"], state, how)
    assert (found.jobs, len(found.troubles), found.datasets[0].left) == ([], 3, 3)
    assert check([stations / "one"], state, how).jobs == ["2"]


def lines(folder: Path) -> list[str]:
    return (folder / "batches.jsonl").read_text(encoding="utf-8").splitlines()


def test_a_slurm_that_cannot_be_asked_is_named(tmp_path: Path, slurm: Path) -> None:
    asked(tmp_path, "/data/a")
    (slurm / "squeue").write_text("#!/bin/sh\necho Unable to contact slurm controller >&2\nexit 1")
    with pytest.raises(LerecordError, match="Unable to contact slurm controller"):
        asked(tmp_path, "/data/a")
    (slurm / "squeue").unlink()
    with pytest.raises(ConfigError, match="squeue, which knows whether job 1 still runs"):
        asked(tmp_path, "/data/a")
    assert len(log(slurm)) == 1
