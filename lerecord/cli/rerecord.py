"""`lerecord rerecord`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.completion import datasets
from lerecord.cli.options import Push, RepoId
from lerecord.cli.session_options import SessionOptions, taking_options
from lerecord.commands import command
from lerecord.printable import print_line

EPILOG = """\b
Examples:
  lerecord rerecord datasets/box 3
  lerecord rerecord datasets/box last --task "Push the cup"

The keys are those of `lerecord record --help`.
"""


@taking_options
def rerecord(
    *,
    episodes: Annotated[
        list[str],
        typer.Argument(
            metavar="[DIR] EPISODE...",
            help="Dataset folder, then episodes: 3 7 12, 3-7 or last.",
            autocompletion=datasets,
        ),
    ],
    task: Annotated[str | None, typer.Option(help="New task [each episode keeps its own].")] = None,
    given: SessionOptions,
    push: Push = False,
    repo_id: RepoId = None,
) -> None:
    """Re-record episodes in place.

    Each new take replaces its episode, whatever its length.
    """
    from lerecord.cli.episodes import indices, is_episode
    from lerecord.cli.record_options import RecordOptions
    from lerecord.cli.recording_session import record as run
    from lerecord.hub import session_push

    if given.dataset is not None:
        hint = command("rerecord", given.dataset, *episodes)
        print_line(f"The dataset comes first now: {hint}.", sys.stderr)
    elif not is_episode(episodes[0]):
        given, episodes = replace(given, dataset=Path(episodes[0])), episodes[1:]
    again = tuple(indices(episodes, given.folder))
    options = RecordOptions.of(given, task=task, rerecord=again)
    raise typer.Exit(run(options, session_push(push, repo_id, None, given.as_json)))
