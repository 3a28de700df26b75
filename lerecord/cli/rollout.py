"""`lerecord rollout`."""

from dataclasses import dataclass, replace
from typing import Annotated

import typer

from lerecord.cli.session_options import SessionOptions, taking_options

EPILOG = """\b
Keys, beside those of `lerecord record`:
  t   take over: bring the leader to the follower, then drive
  g   give back to the policy
  h   hold; g goes on

\b
Examples:
  lerecord rollout --policy nearest:datasets/sim --task "Grab the paper box"
  lerecord rollout --policy ws://gpu:8000 --task "Push the cup" --episodes 20
"""
_EPISODE_TIME_S = 30.0


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """What the command line says of the policy, and of the person who corrects it."""

    policy: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="The policy: nearest:DATASET, lerobot:CHECKPOINT, ws://HOST:PORT or "
            "lerobot://HOST:PORT.",
        ),
    ]
    synchronous: Annotated[
        bool, typer.Option("--synchronous", help="Stop and go: hold while the policy thinks.")
    ] = False
    rename: Annotated[
        list[str] | None,
        typer.Option(metavar="CAMERA=NAME", help="The policy's name of a camera; repeatable."),
    ] = None
    token: Annotated[
        str | None,
        typer.Option(envvar="LERECORD_POLICY_TOKEN", help="Token that the server asks for."),
    ] = None
    record: Annotated[
        bool,
        typer.Option(
            "--record/--no-record",
            help="Make an episode of each rollout, or only drive [record].",
            show_default=False,
        ),
    ] = True
    corrections: Annotated[
        bool,
        typer.Option(
            "--corrections/--no-corrections",
            help="Connect the leaders, so that you can take over [yes].",
            show_default=False,
        ),
    ] = True
    correct_after: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="S",
            help="Let the simulated person take over after S seconds (simulated rig only).",
        ),
    ] = None
    correct_for: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="S", help="With --correct-after: give back after S seconds."),
    ] = None


@taking_options
def rollout(
    *,
    task: Annotated[str, typer.Option(help="What the policy is to do, in one sentence.")],
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Number of rollouts (1 when not run in a terminal).")
    ] = None,
    how: PolicyOptions,
    given: SessionOptions,
) -> None:
    """Let a policy drive, record it, and take over whenever it goes wrong.

    Each rollout is an episode, corrections included. It ends when you save it, when the policy or
    the simulator says that the task is done, or after --episode-time (30 s).
    """
    from lerecord.cli.record_options import RecordOptions
    from lerecord.cli.rollout_session import RolloutOptions, connected_policy, renamed, roll_out

    given = replace(
        given,
        dataset=given.dataset or given.folder.with_name(f"{given.folder.name}_rollouts"),
        episode_time=given.episode_time or _EPISODE_TIME_S,
    )
    options = RolloutOptions(
        policy=how.policy,
        recording=RecordOptions.of(given, task=task, episodes=episodes),
        stop_and_go=how.synchronous,
        renamed=renamed(how.rename or []),
        token=how.token,
        records=how.record,
        corrects=how.corrections,
        correct_after_s=how.correct_after,
        correct_for_s=how.correct_for,
    )
    raise typer.Exit(roll_out(options, connected_policy))
