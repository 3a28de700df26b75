"""`--json`: one document on stdout and nothing else, of every command, as the docs describe it."""

import json
import re
import shutil
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from lerecord.bench import Result
from lerecord.cli import app, main
from lerecord.cli.driving_session import Driven
from lerecord.cli.outcome import Outcome
from lerecord.cli.replay_session import Replayed
from lerecord.dataset.edit import operations
from lerecord.dataset.v30 import export_v30
from lerecord.recording.recorder import Saved
from tests.dataset.lists import A, B, C, record, small_lab, stage

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "json.md"
COMMANDS = {
    "info set": 0,
    "list set": 0,
    "show set 1": 0,
    "check set": 0,
    "check --quick damaged": 1,
    "compat set other": 0,
    "compat set damaged": 0,
    "recover set": 0,
    "recover left": 0,
    "recover --discard left": 0,
    "edit delete set 0": 0,
    "edit trim set 1 --end 0.1": 0,
    "edit relabel set 0 --task z": 0,
    "edit rename-task set a z": 0,
    "label set 0 --success --note x": 0,
    "edit undo edited": 0,
    "edit redo undone": 0,
    "edit empty-trash edited": 0,
    "merge set other out": 0,
    "split set out1 out2 --episodes 0": 0,
    "transcode set --profile default": 0,
    "export set out": 0,
    "import exported out": 0,
    "fleet check set other --quick --workers 1 --state kept": 0,
    "fleet merge out set --workers 1 --state kept": 0,
    "fleet merge out set other --split test=0.5 --workers 1 --state kept": 0,
    "fleet stats set other --workers 1 --state kept": 0,
    "fleet transcode set --profile default --workers 1 --state kept": 0,
    "fleet status set other --state kept": 0,
    "teleop": 0,
    "find ports --port nowhere": 0,
    "hardware show sim": 0,
    "hardware check sim": 0,
}
"""Command lines on the datasets of `sets`, and their exit status."""
DOCUMENTS = {
    "bench": {field.name for field in fields(Result)},
    "record": {*Outcome("box", (), (), 0, ()).to_data()},
    "replay": {field.name for field in fields(Replayed)},
    "rollout": {*Outcome("box", (), (), 0, ()).to_data()},
}
"""Of what takes too long here, the keys; their own tests run them."""
ELSEWHERE = {
    *("rerecord", "push", "pull"),
    *(
        "find cameras",
        "hardware new",
        "torque off",
        "setup-motors",
        "calibrate",
        "doctor",
        "fleet push",
        "evaluate",
    ),
}
"""What other tests run."""
NO_RESULT = {"sim", "serve", "station", "view"}


def run(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["lerecord", *line.split()])
        with pytest.raises(SystemExit) as ended:
            main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    root = record(folder / "set", [A, B, C])
    for name in ("other", "damaged", "edited", "undone", "left"):
        shutil.copytree(root, folder / name)
    lab = small_lab(folder / "left")
    with lab.open() as writer:
        stage(lab, writer, C).close()
    (folder / "damaged/meta/stats.json").unlink()
    for name in ("edited", "undone"):
        operations.delete(folder / name, [0])
    operations.undo(folder / "undone")
    export_v30(root, folder / "exported")
    return folder


@pytest.fixture
def sets(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(prepared, tmp_path / "sets")
    monkeypatch.chdir(tmp_path / "sets")
    driven = Driven(1.5, ("main follower",), None)
    monkeypatch.setattr("lerecord.cli.teleop_session._driven", lambda *_: driven)


def command_of(line: str) -> str:
    words = line.split()
    return " ".join(words[: 2 if words[0] in ("edit", "find", "fleet", "hardware") else 1])


def documented(command: str) -> set[str]:
    """The keys that the docs name for a command."""
    text = DOCS.read_text(encoding="utf-8")
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        if command in re.findall(r"`([a-z -]+)`", title):
            return {
                key
                for cell in re.findall(r"^\| (`.*?) \|", body, flags=re.MULTILINE)
                for key in re.findall(r"`(\w+)`", cell)
            }
    raise AssertionError(f"{command} is not in {DOCS.name}")


def not_json(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


@pytest.mark.parametrize("line", COMMANDS)
def test_a_result_is_one_document_and_nothing_else(
    sets: None, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(f"{line} --json", capsys)
    assert status == COMMANDS[line]
    assert out.endswith("}\n")
    assert out.count("\n") == 1
    data = json.loads(out, parse_constant=not_json)
    assert {*data} == documented(command_of(line))


@pytest.mark.parametrize("command", DOCUMENTS)
def test_the_documents_of_sessions_are_described(command: str) -> None:
    assert DOCUMENTS[command] == documented(command)


def test_episodes_of_a_session_have_frames() -> None:
    saved = Saved(0, False, "a", 5, 0.2, 0, 0, (), 1.0)
    (episode,) = Outcome("box", (saved,), (), 0, ()).to_data()["saved"]
    assert (episode["frames"], "rows" in episode) == (5, False)


@pytest.mark.parametrize(
    "line", ["info nothing", "edit delete set 7", "merge set other set", "check set --json extra"]
)
def test_a_failure_leaves_stdout_empty_and_is_one_sentence_on_stderr(
    sets: None, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(f"{line} --json", capsys)
    assert (status, out) == (2, "")
    assert err.startswith("lerecord: ")
    assert err.count("\n") == 1


def commands() -> dict[str, Any]:
    """Every command by its name; those of a group with the group's."""
    found: dict[str, Any] = {}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        parts = getattr(command, "commands", None)
        found |= {f"{name} {each}": part for each, part in parts.items()} if parts else {}
        found |= {} if parts else {name: command}
    return found


def test_every_command_with_a_result_has_a_document() -> None:
    tested = {*DOCUMENTS, *ELSEWHERE, *map(command_of, COMMANDS)}
    assert {*commands()} - NO_RESULT == tested
    for name, command in commands().items():
        options = [option for parameter in command.params for option in parameter.opts]
        assert ("--json" in options) is (name not in NO_RESULT), name
        assert name in NO_RESULT or documented(name), name
