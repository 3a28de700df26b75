"""What a form means as a command line, and which sentence stands beside which field."""

import shlex
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.cli.begun_options import arguments_of, checked, lines_of, shown
from lerecord.cli.table import TABLE, Deferred
from lerecord.errors import ConfigError
from lerecord.recording.session import Gate, Order
from lerecord.ui.start import Form, TaskLine
from lerecord.ui.station import StationSettings
from tests.dataset.lists import A, record

FOLDER = Path("datasets")
TASK = TaskLine(task="Grab the box", episodes=2)
PAGE = StationSettings(8741)
FORM = Form(hardware="sim", dataset="box", tasks=(TASK,))
TWO = FORM.model_copy(update={"tasks": (TASK, TaskLine(task="Push it's cup", episodes=3))})


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def faults(form: Form = FORM, **changes: Any) -> dict[str, str]:
    changed = Form.model_validate(form.model_copy(update=changes).model_dump())
    return dict(checked(changed, FOLDER, PAGE).faults)


def test_a_form_is_the_arguments_of_record() -> None:
    form = FORM.model_copy(
        update={"episode_time": 12.5, "reset_time": 0.0, "gate": Gate.AUTO, "labels": True}
    )
    assert arguments_of(form, FOLDER, PAGE, Path("none")) == [
        *("record", "--task", "Grab the box", "--episodes", "2", "--hardware", "sim"),
        *("--dataset", "datasets/box", "--episode-time", "12.5", "--reset-time", "0"),
        *("--gate", "auto", "--labels", "--station", "--port", "8741"),
    ]
    assert faults(form) == {}
    on_the_network = StationSettings(8741, lan=True)
    assert arguments_of(form, FOLDER, on_the_network, Path("none"))[-1] == "--lan"


def test_several_tasks_come_from_a_file_that_the_shown_lines_make() -> None:
    form = TWO.model_copy(update={"order": Order.BALANCED})
    assert lines_of(form) == ["2 Grab the box", "3 Push it's cup"]
    assert arguments_of(form, FOLDER, PAGE, Path("/tmp/t"))[1:5] == [
        *("--tasks", "/tmp/t", "--order", "balanced")
    ]
    made, command = shown(form, FOLDER, PAGE).splitlines()
    assert shlex.split(made) == ["printf", r"%s\n", *lines_of(form), ">", "tasks.txt"]
    assert shlex.split(command)[:4] == ["lerecord", "record", "--tasks", "tasks.txt"]
    assert faults(form) == {}


@pytest.mark.parametrize("task", ["--push", "-x; rm -r ~", "$(reboot) `x` 'y'", "Größer — als"])
def test_a_sentence_is_a_sentence_whatever_it_looks_like(task: str) -> None:
    form = FORM.model_copy(update={"tasks": (TaskLine(task=task),)})
    assert faults(form) == {}
    command = shlex.split(shown(form, FOLDER, PAGE))
    context = Deferred(TABLE)["record"].make_context("record", command[2:])
    assert context.params["task"] == task


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("hardware", {"hardware": "nobody"}, "no hardware config named 'nobody'; known are"),
        ("hardware", {"hardware": "/etc/passwd"}, "no hardware config named '/etc/passwd'"),
        ("hardware", {"hardware": "../sim.toml"}, "no hardware config named"),
        ("hardware", {"hardware": "koch"}, "There is no calibration 'koch_leader'"),
        ("dataset", {"dataset": ""}, "has no name"),
        ("dataset", {"dataset": "a/b"}, "is no name of a folder"),
        ("dataset", {"dataset": ".."}, "is no name of a folder"),
        ("dataset", {"dataset": ".hidden"}, "is no name of a folder"),
        ("dataset", {"dataset": "a\nb"}, "is no name of a folder"),
        ("dataset", {"dataset": " a"}, "is no name of a folder"),
        ("dataset", {"dataset": "ä" * 150}, "is no name of a folder"),
        ("task-0", {"tasks": (TaskLine(task=" "),)}, "The task is empty"),
        ("task-0", {"tasks": (TaskLine(task="x" * 501),)}, "at most 500 characters"),
        ("task-1", {"tasks": (TASK, TASK)}, "is there twice"),
        ("episodes-1", {"tasks": (TASK, TaskLine(task="x"))}, "needs its number"),
        ("episodes-1", {"tasks": (TASK, TaskLine(task="x", episodes=0))}, "1 to 100000"),
        ("episodes-0", {"tasks": (TaskLine(task="x", episodes=0),)}, "'--episodes'"),
        ("episode_time", {"episode_time": -1.0}, "'--episode-time'"),
        ("reset_time", {"reset_time": -1.0}, "'--reset-time'"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(
    field: str, changes: dict[str, Any], sentence: str
) -> None:
    found = faults(**changes)
    assert [*found] == [field]
    assert sentence in found[field]


def test_a_link_and_a_folder_of_something_else_are_refused() -> None:
    FOLDER.mkdir()
    (FOLDER / "away").symlink_to("/tmp")
    (FOLDER / "notes").mkdir()
    (FOLDER / "notes/a.txt").touch()
    assert "is a link" in faults(dataset="away")["dataset"]
    assert "holds something else already" in faults(dataset="notes")["dataset"]


def test_a_dataset_of_another_rig_is_refused_before_anything_is_contacted() -> None:
    record(FOLDER / "box", [A])
    assert "This is not the rig that the dataset was recorded with" in faults()["dataset"]


def test_a_dataset_that_has_every_episode_is_said_beside_its_tasks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise ConfigError("nothing is left")

    monkeypatch.setattr("lerecord.cli.begun_options.counted", refuse)
    assert faults(TWO) == {"task-0": "nothing is left"}


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    assert faults() == {}
    assert [*tmp_path.iterdir()] == []
