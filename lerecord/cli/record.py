"""`lerecord record`."""

from typing import Annotated

import typer

from lerecord.cli.options import Push, PushEvery, RepoId
from lerecord.cli.session_options import SessionOptions, taking_options

EPILOG = """\b
Keys:
  Enter, Space   start a take, then save it
  Right, n       save the take
  s, f           save it as a success, or as a failure; between takes: label
                 the last one
  Left, r        redo: discard the take; between takes: replace the last one
  p              pause
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
"""


@taking_options
def record(
    *,
    task: Annotated[str, typer.Option(help='What is done, in one sentence: "Grab the paper box".')],
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
    from lerecord.cli.who_drives import LEADERS
    from lerecord.hub import session_push

    options = RecordOptions.of(given, task=task, episodes=episodes)
    who = LEADERS
    if by_hand:
        from lerecord.cli.by_hand_session import by_hand as taught

        who = taught(options)
    raise typer.Exit(run(options, session_push(push, repo_id, push_every, given.as_json), who))
