"""Options that several commands of `lerecord fleet` take."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lerecord.cli.options import AllowHardware, AsJson
from lerecord.printable import print_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from lerecord.fleet import Engine, HowToWork, Wish

StateFolder = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", help="Keeps what was found [~/.local/state/lerecord/fleet]."
    ),
]
_Executor = Annotated[
    str, typer.Option(metavar="NAME", help="What does the work: local, slurm or ray.")
]
_Workers = Annotated[
    int, typer.Option(min=0, metavar="N", help="Workers at the same time; 0 for one a core.")
]
_Tasks = Annotated[
    int, typer.Option(min=0, metavar="N", help="Tasks into which the work is divided [by workers].")
]
_Partition = Annotated[str, typer.Option(metavar="NAME", help="Partition of Slurm.")]
_TimeLimit = Annotated[str, typer.Option(metavar="HH:MM:SS", help="Time a task may take on Slurm.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
_Where = Annotated[
    str, typer.Option(metavar="CONDITION", help="Which episodes, such as: label = success.")
]
_TaskBalance = Annotated[
    int, typer.Option(min=0, metavar="N", help="At most N episodes of each task; 0 for all.")
]
_MaxHours = Annotated[
    float, typer.Option(min=0.0, metavar="H", help="At most H hours altogether; 0 for all.")
]
_Seed = Annotated[int, typer.Option(help="Other episodes, where not all are taken.")]
_Split = Annotated[
    str,
    typer.Option(
        metavar="test=SHARE", help="Make two datasets, OUT/train and OUT/test, as in test=0.1."
    ),
]
_SplitBy = Annotated[
    str,
    typer.Option(metavar="WHAT", help="What stays on one side: dataset, station or task."),
]
Version = Annotated[
    str, typer.Option("--format", metavar="VERSION", help="LeRobot format: v2.1 or v3.0.")
]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the command line says of how work is done."""

    executor: _Executor = "local"
    workers: _Workers = 0
    tasks: _Tasks = 0
    partition: _Partition = ""
    time_limit: _TimeLimit = "12:00:00"
    dry_run: _DryRun = False
    state: StateFolder = None
    as_json: AsJson = False

    @property
    def engine(self) -> "Engine":
        """What does the work; raises ConfigError where there is none of that name."""
        from lerecord.fleet import Engine

        limits = (self.workers, self.tasks, self.partition, self.time_limit)
        return Engine(self.executor, *limits, say=_once())

    @property
    def how(self) -> "HowToWork":
        """How work is done; raises as `engine`."""
        from lerecord.fleet import HowToWork

        return HowToWork(self.engine, self.dry_run)


def _once() -> "Callable[[str], None]":
    """Says each sentence once on stderr: some work runs its engine several times."""
    said: set[str] = set()

    def say(sentence: str) -> None:
        if sentence not in said:
            said.add(sentence)
            print_line(sentence, sys.stderr)

    return say


@dataclass(frozen=True, slots=True)
class WishOptions:
    """What the command line says of the dataset that is made."""

    where: _Where = ""
    task_balance: _TaskBalance = 0
    max_hours: _MaxHours = 0.0
    seed: _Seed = 0
    split: _Split = ""
    split_by: _SplitBy = "dataset"
    version: Version = "v2.1"
    allow_hardware: AllowHardware = False

    @property
    def wish(self) -> "Wish":
        """Which episodes; raises ConfigError where an option means nothing."""
        from lerecord.fleet import Split, Wish

        split = Split.parsed(self.split, self.split_by)
        return Wish(self.where, self.task_balance, self.max_hours, self.seed, split)
