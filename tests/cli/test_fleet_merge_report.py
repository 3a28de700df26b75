"""A merge that Slurm has, as it is told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lerecord.cli.fleet_merge_report import merge
from lerecord.cli.output import Output
from lerecord.fleet import HowToMerge, Merged, Request
from lerecord.progress import Advance

HALF = Merged(Path("out"), "v2.1", 8, 41, ["a", "b"], 3, jobs=["1", "2"], done=False)


@pytest.mark.parametrize(
    ("progress", "end"), [(Advance(4, 8, "episodes"), "; 4 of 8 episodes are done."), (None, ".")]
)
def test_work_that_slurm_has_is_told_with_its_progress_and_exits_with_1(
    progress: Advance | None,
    end: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    merged = replace(HALF, progress=progress)
    monkeypatch.setattr("lerecord.cli.fleet_merge_report.merge_fleet", lambda *given: merged)
    request = Request(Path("out"), [])
    with Output(False) as output:
        assert merge(request, HowToMerge(), tmp_path, output) == 1
    said = "Slurm has the work as 1, 2: 8 episodes, 41 frames and 2 tasks of 3 datasets go into out"
    assert capsys.readouterr().out == f"{said}{end}\n"
    with Output(True) as output:
        merge(request, HowToMerge(), tmp_path, output)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["jobs"], told["done"]) == (["1", "2"], False)
    due = None if progress is None else {"done": 4, "total": 8, "unit": "episodes"}
    assert told["progress"] == due
