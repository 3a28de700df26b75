"""`lerecord evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.options import AsJson, EpisodeTime, Hardware

EPILOG = """\b
Examples:
  lerecord evaluate --policy nearest:datasets/sim --task "Grab the paper box"
  lerecord evaluate --policy ws://a:8000 --policy ws://b:8000 --task "Push it"
"""


def evaluate(
    policy: Annotated[
        list[str],
        typer.Option("--policy", metavar="ADDRESS", help="As for `rollout`; may be repeated."),
    ],
    task: Annotated[str, typer.Option(help="What the policies are to do, in one sentence.")],
    rollouts: Annotated[int, typer.Option(min=1, metavar="N", help="Rollouts per policy.")] = 10,
    hardware: Hardware = None,
    folder: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder for the rollouts, a dataset per policy; must not exist."
        ),
    ] = Path("datasets/evaluation"),
    episode_time: EpisodeTime = 30.0,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the order, and of where the simulated box lies.")
    ] = 0,
    blind: Annotated[
        bool, typer.Option("--blind", help="Do not show which policy drives, until the end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare policies by rollouts in random order, and keep the rollouts.

    On the simulated rig the box decides whether one succeeded; elsewhere you are asked.
    """
    from lerecord.cli.evaluation import Evaluation, run
    from lerecord.cli.output import Output

    asked = Evaluation(tuple(policy), task, rollouts, folder, episode_time, seed, hardware, blind)
    with Output(as_json) as output:
        run(asked, output)
