"""Every command in one table, so that one is only imported when it is asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.main import get_command

from lerecord.cli.help import Command

RECORD, LOOK, CHANGE, SHARE, RIG = "Record", "Look", "Change", "Share", "Rig"


class Entry(NamedTuple):
    """A command of `lerecord`.

    Attributes:
        group: the heading of the help that it stands below.
        summary: the first sentence of its own help.
        module: in `lerecord.cli`; empty for its own name. It has a function of that name, or
            `app` for a group of commands, and may have an `EPILOG` that its help ends with.
    """

    group: str
    summary: str
    module: str = ""


TABLE = {
    "record": Entry(RECORD, "Record episodes; an existing dataset is appended to."),
    "station": Entry(RECORD, "Begin sessions from a page in a browser: rig, dataset and tasks."),
    "rerecord": Entry(RECORD, "Re-record episodes in place."),
    "recover": Entry(RECORD, "Recover takes interrupted by a crash or power loss."),
    "rollout": Entry(
        RECORD, "Let a policy drive, record it, and take over whenever it goes wrong."
    ),
    "evaluate": Entry(
        RECORD, "Compare policies by rollouts in random order, and keep the rollouts."
    ),
    "info": Entry(LOOK, "Show a summary of a dataset."),
    "list": Entry(LOOK, "List the episodes of a dataset: number, seconds, health, task.", "list_"),
    "show": Entry(LOOK, "Show an episode in the terminal: health, label, image ages, curves."),
    "view": Entry(LOOK, "Look at a dataset in a browser: every episode, frame by frame."),
    "check": Entry(LOOK, "Verify a dataset, image by image."),
    "compat": Entry(LOOK, "Report whether datasets can be merged, and how they differ."),
    "edit": Entry(CHANGE, "Delete, trim and relabel episodes, with undo."),
    "label": Entry(CHANGE, "Mark episodes as a success or a failure, or add a note."),
    "merge": Entry(CHANGE, "Merge datasets into a new one; the originals are not changed."),
    "split": Entry(CHANGE, "Split a dataset into new ones; the original is not changed."),
    "transcode": Entry(CHANGE, "Re-encode the videos of a dataset, usually to save disk space."),
    "export": Entry(CHANGE, "Convert a dataset to LeRobot v3.0, without re-encoding."),
    "import": Entry(
        CHANGE, "Convert a LeRobot v3.0 dataset to v2.1, without re-encoding.", "import_"
    ),
    "fleet": Entry(SHARE, "Look at, check, merge and push the datasets of many stations."),
    "push": Entry(SHARE, "Upload a dataset to the Hugging Face Hub."),
    "pull": Entry(SHARE, "Download a dataset from the Hugging Face Hub."),
    "teleop": Entry(RIG, "Drive the followers with their leaders; nothing is recorded."),
    "replay": Entry(RIG, "Replay an episode on the followers."),
    "hardware": Entry(RIG, "Write, show and check hardware configs."),
    "find": Entry(RIG, "Find what is plugged in."),
    "setup-motors": Entry(RIG, "Give new servos their ids, one at a time.", "setup_motors"),
    "calibrate": Entry(RIG, "Calibrate an arm by hand: how far each joint goes."),
    "doctor": Entry(RIG, "Examine a rig and this computer: each fault with its remedy."),
    "torque": Entry(RIG, "Release arms that were left under torque."),
    "serve": Entry(RIG, "Serve a policy to `lerecord rollout` and to openpi clients."),
    "sim": Entry(RIG, "Run the simulated rig alone, for any program to connect to."),
    "bench": Entry(RIG, "Measure what recording costs on this machine, without hardware."),
}
"""Name to entry, in the order of the help."""


class Deferred(Mapping[str, Any]):
    """The commands of a table by name, each made when it is looked up."""

    def __init__(self, table: Mapping[str, Entry]) -> None:
        self._table = table
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _made(name, self._table[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def _made(name: str, entry: Entry) -> Any:
    module_name = entry.module or name
    module = import_module(f"lerecord.cli.{module_name}")
    app: typer.Typer | None = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        epilog = getattr(module, "EPILOG", None)
        app.command(name, cls=Command, epilog=epilog)(getattr(module, module_name))
    command = get_command(app)
    command.name = name
    return command
