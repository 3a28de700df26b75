"""`lerecord record`."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.group import refuse
from lerecord.cli.options import Push, PushEvery, RepoId
from lerecord.cli.session_options import SessionOptions, taking_options
from lerecord.recording.session import Order

EPILOG = """\b
Keys:
  Enter, Space   start a take, then save it
  Right, n       save the take
  s, f           save it as a success, or as a failure; between takes: label
                 the last one
  Left, r        redo: discard the take; between takes: replace the last one
  p              pause
  j, k           with --tasks: the next task, the one before (arrow keys, too)
  a              record all the same, though arms are not where they should be
  q, Esc         quit; in a take it asks: s saves it, d discards it, l leaves
                 it for recover; Enter saves it and r discards it, and the
                 session goes on

\b
Examples:
  lerecord --task "Grab the paper box"
  lerecord --task "Push the cup" --episodes 20 --reset-time 5
  lerecord --task "Push the cup" --hardware koch --dataset datasets/cup
  lerecord --task "Push the cup" --hardware koch --by-hand
  lerecord --tasks tasks.txt --order balanced

A file of tasks has a line for each: `20 Grab the paper box`.
"""


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """What the command line says of what is done."""

    task: Annotated[
        str | None, typer.Option(help='What is done, in one sentence: "Grab the paper box".')
    ] = None
    tasks: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Several tasks, a line each: the number of episodes, the sentence."
        ),
    ] = None
    order: Annotated[
        Order | None,
        typer.Option(
            help="With --tasks: one task after the other [in-order], or all in step (balanced)."
        ),
    ] = None

    def check(self) -> None:
        """End the command where that makes no sense."""
        if self.task is None and self.tasks is None:
            refuse("Missing option '--task', or '--tasks' with a file of several.")
        if self.task is not None and self.tasks is not None:
            refuse("Give --task or --tasks, not both: add a line to the file.")
        if self.order is not None and self.tasks is None:
            refuse("--order is for the tasks of a file; give --tasks, too.")


@taking_options
def record(
    *,
    what: TaskOptions,
    episodes: Annotated[
        int | None,
        typer.Option(min=1, help="Number of episodes to record (1 when not run in a terminal)."),
    ] = None,
    by_hand: Annotated[
        bool,
        typer.Option(
            "--by-hand", help="Teach with your hand on the limp follower, without a leader."
        ),
    ] = False,
    given: SessionOptions,
    push: Push = False,
    repo_id: RepoId = None,
    push_every: PushEvery = None,
) -> None:
    """Record episodes; an existing dataset is appended to.

    `lerecord --task ...` means `lerecord record --task ...`.
    """
    from lerecord.cli.record_options import RecordOptions
    from lerecord.cli.recording_session import record as run
    from lerecord.cli.task_file import queue_of
    from lerecord.cli.who_drives import LEADERS
    from lerecord.hub import session_push

    what.check()
    options = RecordOptions.of(given, what.task, episodes)
    if what.tasks is not None:
        options = replace(options, queue=queue_of(what.tasks, what.order or Order.IN_ORDER))
    who = LEADERS
    if by_hand:
        from lerecord.cli.by_hand_session import by_hand as taught

        who = taught(options)
    raise typer.Exit(run(options, session_push(push, repo_id, push_every, given.as_json), who))
