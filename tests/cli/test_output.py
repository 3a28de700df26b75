import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lerecord.cli.output import Output


@dataclass(frozen=True)
class Result:
    dataset: Path
    seconds: float


def test_people_get_lines_on_stdout_and_notes_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Output() as output:
        output.note("by the way")
        output.line("first")
        output.result({"a": 1}, ["second", "third"])
    assert capsys.readouterr() == ("first\nsecond\nthird\n", "by the way\n")


def test_programs_get_one_document_and_all_else_goes_to_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Output(as_json=True) as output:
        print("from anywhere")
        output.line("first")
        output.note("by the way")
        output.result({"a": [Result(Path("box"), math.nan)]}, ["never"])
    said = capsys.readouterr()
    assert json.loads(said.out) == {"a": [{"dataset": "box", "seconds": None}]}
    assert said.out.count("\n") == 1
    assert said.err == "from anywhere\nfirst\nby the way\n"
    print("afterwards")
    assert capsys.readouterr().out == "afterwards\n"


def test_a_failure_leaves_stdout_empty_and_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    with pytest.raises(ValueError, match="no"), Output(as_json=True):
        raise ValueError("no")
    assert sys.stdout is before
    assert capsys.readouterr().out == ""
