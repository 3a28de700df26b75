"""What a form of the page that begins sessions means as a command line, and what does not fit."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lerecord.cli.group import UsageError, sentence_about
from lerecord.cli.record_options import RecordOptions, counted, plan_of
from lerecord.cli.table import TABLE, Deferred
from lerecord.config import known_names
from lerecord.control import Rig, Setup, dataset_spec
from lerecord.dataset.storage import Snapshot, compared_rig, holds_dataset, is_free
from lerecord.errors import ConfigError, DatasetError, LerecordError
from lerecord.recording.recorder import free_bytes, low_disk
from lerecord.recording.session import Gate, TaskQueue, sentence_of
from lerecord.ui.start import Checked, Form, place_of
from lerecord.ui.station import StationSettings

_SHOWN_FILE = Path("tasks.txt")
_FIELDS = {"episodes": "episodes-0", "episode_time": "episode_time", "reset_time": "reset_time"}
"""Parameters of `lerecord record` to the fields that they come from."""


def checked(form: Form, folder: Path, page: StationSettings) -> Checked:
    """What does not fit, said beside its field, and the command line; nothing is contacted.

    Args:
        form: as it came from the page.
        folder: of the datasets.
        page: where it is.
    """
    faults: dict[str, str] = {}
    _check_names(form, folder, faults)
    _check_tasks(form, faults)
    _check_numbers(form, folder, faults)
    if not faults:
        _check_together(form, folder, faults)
    return Checked(faults, shown(form, folder, page))


def arguments_of(form: Form, folder: Path, page: StationSettings, tasks: Path) -> list[str]:
    """The arguments of `lerecord` that begin the session.

    Args:
        form: that has no fault.
        folder: of the datasets.
        page: where it is.
        tasks: the file that holds several tasks.
    """
    given: list[tuple[str, str]] = []
    if len(form.tasks) > 1:
        given += [("--tasks", str(tasks)), ("--order", form.order)]
    else:
        given += [("--task", _sentence(form.tasks[0].task))]
        if form.tasks[0].episodes is not None:
            given += [("--episodes", str(form.tasks[0].episodes))]
    given += [("--hardware", form.hardware), ("--dataset", str(folder / form.dataset))]
    for name, seconds in (
        ("--episode-time", form.episode_time),
        ("--reset-time", form.reset_time),
    ):
        if seconds is not None:
            given += [(name, f"{seconds:.10g}")]
    if form.gate is not Gate.ASK:
        given += [("--gate", form.gate)]
    words = [word for name, value in given for word in _option(name, value)]
    labels = ["--labels"] if form.labels else []
    lan = ["--lan"] if page.lan else []
    return ["record", *words, *labels, "--station", "--port", str(page.port), *lan]


def lines_of(form: Form) -> list[str]:
    """Those of the file of tasks."""
    return [f"{each.episodes or 1} {_sentence(each.task)}" for each in form.tasks]


def shown(form: Form, folder: Path, page: StationSettings) -> str:
    """What begins the same session when it is pasted into a shell."""
    command = shlex.join(["lerecord", *arguments_of(form, folder, page, _SHOWN_FILE)])
    if len(form.tasks) == 1:
        return command
    return f"printf '%s\\n' {shlex.join(lines_of(form))} > {_SHOWN_FILE}\n{command}"


def _option(name: str, value: str) -> list[str]:
    return [f"{name}={value}"] if value.startswith("-") else [name, value]


def _sentence(task: str) -> str:
    return " ".join(task.split())


@contextmanager
def _beside(field: str, faults: dict[str, str]) -> Iterator[None]:
    """What is wrong in the block is said beside that field."""
    try:
        yield
    except LerecordError as error:
        faults.setdefault(field, str(error))


def _check_names(form: Form, folder: Path, faults: dict[str, str]) -> None:
    with _beside("hardware", faults):
        if form.hardware not in known_names():
            raise ConfigError(
                f"There is no hardware config named {form.hardware!r}; known are "
                f"{', '.join(known_names())}."
            )
    with _beside("dataset", faults):
        place_of(form.dataset, folder)


def _check_tasks(form: Form, faults: dict[str, str]) -> None:
    seen: set[str] = set()
    for place, line in enumerate(form.tasks):
        with _beside(f"task-{place}", faults):
            task = sentence_of(line.task)
            if task in seen:
                raise ConfigError(f"{task!r} is there twice; give it one line with the sum.")
            seen.add(task)
        if len(form.tasks) > 1:
            with _beside(f"episodes-{place}", faults):
                if line.episodes is None:
                    raise ConfigError("Of several tasks each needs its number of episodes.")
                TaskQueue({_sentence(line.task): line.episodes})


def _check_numbers(form: Form, folder: Path, faults: dict[str, str]) -> None:
    """As the command line does it; it is read, and nothing is done."""
    arguments = arguments_of(form, folder, StationSettings(1), _SHOWN_FILE)[1:]
    try:
        Deferred(TABLE)["record"].make_context("lerecord record", arguments)
    except UsageError as error:
        parameter = getattr(error, "param", None)
        faults.setdefault(
            _FIELDS.get(getattr(parameter, "name", ""), "form"), sentence_about(error)
        )


def _check_together(form: Form, folder: Path, faults: dict[str, str]) -> None:
    """Whether rig, dataset and tasks fit each other, as far as files tell."""
    root = folder / form.dataset
    with _beside("dataset", faults):
        if not (holds_dataset(root) or is_free(root)):
            raise DatasetError(f"{root} holds something else already; name a new folder.")
    with _beside("hardware", faults):
        setup = Setup.resolve(form.hardware, root)
    if faults:
        return
    with _beside("task-0", faults):
        counted(plan_of(_options_of(form, root), setup, attended=True), root)
    with _beside("dataset", faults):
        low = low_disk(root, free_bytes(root), setup.config.quality.min_free_gb)
        if low is not None:
            raise LerecordError(low)
        if holds_dataset(root):
            _require_same_rig(form, setup)


def _require_same_rig(form: Form, setup: Setup) -> None:
    """Raises DatasetError; who a plug-in's arm is, is only known once it is connected."""
    kept = Snapshot.of(setup.root).spec()
    arms = (arm for pair in setup.config.arms.values() for arm in pair.roles.values())
    if any(arm.python is not None for arm in arms):
        return
    mine = dataset_spec(setup, Rig(setup.config, setup.calibrations))
    compared_rig(replace(mine, labels=form.labels), kept, accept_calibration=False)


def _options_of(form: Form, root: Path) -> RecordOptions:
    options = RecordOptions(
        hardware=form.hardware,
        dataset=root,
        episode_time=form.episode_time,
        reset_time=form.reset_time,
        gate=form.gate,
        labels=form.labels,
        station=True,
    )
    if len(form.tasks) == 1:
        return replace(options, task=form.tasks[0].task, episodes=form.tasks[0].episodes)
    wanted = {_sentence(each.task): each.episodes or 1 for each in form.tasks}
    return replace(options, queue=TaskQueue(wanted, form.order))
