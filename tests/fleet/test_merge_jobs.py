"""A merge that Slurm has is not given to it again; the same command tells what became of it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import pytest

from lerecord.dataset.join import merge
from lerecord.dataset.v30 import export_v30
from lerecord.errors import DatasetError
from lerecord.fleet import Engine, HowToMerge, Merged, Request, Split, State, Wish, merge_fleet
from lerecord.fleet.engine import Work
from lerecord.progress import Advance
from tests.dataset.lists import tree
from tests.fleet.fake_slurm import install, log, sbatch

SLURM = HowToMerge(Engine("slurm", partition="cpu"))


@dataclass
class Queue:
    """Slurm: jobs by their ids, each behind the one before; a test runs them."""

    folder: Path
    jobs: list[Work] = field(default_factory=list)

    def submit(self, stages: Sequence[Work], engine: Engine, watch: object = None) -> list[str]:
        before: list[str] = []
        for stage in stages:
            self.jobs.append(stage)
            depends = f"#SBATCH --dependency=afterok:{before[-1]}\n" if before else ""
            script = stage.folder.parent / "script"
            script.write_text(f"#SBATCH --job-name={stage.module}\n#SBATCH --array=0-0\n{depends}")
            sbatch([str(script)])
            before.append(str(len(self.jobs)))
        return before

    def run(self, job: int) -> None:
        for _ in self.jobs[job - 1].share(0, 1):
            pass
        (self.folder / f"ok-{job}").touch()
        self.end(job)

    def end(self, job: int) -> None:
        (self.folder / f"told-{job}.json").unlink()


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    queue = Queue(tmp_path / "slurm")
    monkeypatch.setattr("lerecord.fleet.merging.run", queue.submit)
    monkeypatch.setattr("lerecord.fleet.merging.require_engine", lambda engine: None)
    with mock.patch.dict(os.environ):
        install(queue.folder)
        yield queue


def told(merged: Merged) -> tuple[Sequence[str], Advance | None]:
    assert (merged.episodes, merged.frames, merged.tasks, merged.sources) == (8, 41, 2, 3)
    assert not merged.done
    return merged.jobs, merged.progress


def test_the_same_command_tells_how_far_it_is_until_it_is_done(
    stations: Path, tmp_path: Path, state: State, queue: Queue
) -> None:
    merge(tmp_path / "due", [stations / each for each in ("one/box", "two/box", "two/cup")])
    export_v30(tmp_path / "due", tmp_path / "due v3.0")
    request = Request(tmp_path / "out", [stations], version="v3.0")

    def again() -> tuple[Sequence[str], Advance | None]:
        return told(merge_fleet(request, state, SLURM))

    assert again() == (["1", "2", "3", "4"], None)
    assert again() == (["1", "2", "3", "4"], Advance(0, 8, "episodes"))
    share = queue.jobs[0].share(0, 1)
    next(share)
    next(share)
    assert again() == (["1", "2", "3", "4"], Advance(2, 8, "episodes"))
    queue.run(1)
    assert again() == (["2", "3", "4"], None)
    queue.run(2)
    assert again() == (["3", "4"], Advance(0, 4, "steps"))
    queue.run(3)
    assert again() == (["4"], None)
    queue.run(4)
    merged = merge_fleet(request, state, SLURM)
    assert (merged.done, merged.jobs, merged.troubles) == (True, (), [])
    assert tree(request.out) == tree(tmp_path / "due v3.0")
    assert len(log(queue.folder)) == 4


def test_what_jobs_left_undone_is_told_and_only_that_is_submitted(
    stations: Path, tmp_path: Path, state: State, queue: Queue
) -> None:
    request = Request(tmp_path / "out", [stations])
    merge_fleet(request, state, SLURM)
    share = queue.jobs[0].share(0, 1)
    for _ in range(3):
        next(share)
    queue.end(1)  # killed; what depends on it waits in vain
    merged = merge_fleet(request, state, SLURM)
    (trouble,) = merged.troubles
    assert trouble.reason == (
        f"The jobs 1, 2 of Slurm have ended, but {request.out} is not made: "
        f"why stands in {tmp_path}/.out.fleet/logs."
    )
    assert merged.jobs == ["3", "4"]
    assert told(merge_fleet(request, state, SLURM)) == (["3", "4"], Advance(3, 8, "episodes"))
    assert queue.jobs[2].batches == len([*queue.jobs[2].share(0, 1)]) == 5
    queue.run(3)
    (request.out / "in the way").mkdir(parents=True)
    with pytest.raises(DatasetError):
        queue.run(4)
    queue.end(4)
    merged = merge_fleet(request, state, SLURM)
    assert "is not made: " in merged.troubles[0].reason
    assert "is not empty" in merged.troubles[0].reason
    assert (merged.jobs, queue.jobs[4].module) == (["5"], "merging")
    (request.out / "in the way").rmdir()
    queue.run(5)
    assert merge_fleet(request, state, SLURM).done


def test_each_side_is_submitted_once_and_nothing_else_into_its_folder(
    stations: Path, tmp_path: Path, state: State, queue: Queue
) -> None:
    request = Request(tmp_path / "out", [stations], Wish(split=Split(0.5)))
    assert merge_fleet(request, state, SLURM).jobs == ["1", "2", "3", "4"]
    queue.run(1)
    queue.run(2)
    merged = merge_fleet(request, state, SLURM)
    assert (merged.jobs, merged.done) == (["3", "4"], False)
    assert [each.done for each in merged.sides.values()] == [True, False]
    other = replace(request.of_side("test"), version="v3.0")
    with pytest.raises(DatasetError, match=r"in another format now; .* `scancel 3 4`"):
        merge_fleet(other, state, SLURM)
    assert len(log(queue.folder)) == 4
