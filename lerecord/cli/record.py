"""`lerecord record`."""

from typing import Annotated

import typer

from lerecord.cli.options import (
    AcceptCalibration,
    AsJson,
    DatasetOption,
    EpisodeTime,
    Hardware,
    Preview,
    Push,
    PushEvery,
    RepoId,
    ResetTime,
    Seed,
    Sound,
    TrustRig,
    WriteCalibration,
)

KEYS = """\b
Keys:
  Enter, Space   start a take, then save it
  Right, n       save the take
  Left, r        redo: discard the take; between takes: replace the last one
  p              pause
  q, Esc         quit; in a take it asks: s saves it, d discards it, l leaves it for recover;
                 Enter saves it and r discards it, and the session goes on

\b
Examples:
  lerecord --task "Grab the paper box"
  lerecord --task "Push the cup" --episodes 20 --episode-time 15 --reset-time 5
"""


def record(
    task: Annotated[str, typer.Option(help='What is done, in one sentence: "Grab the paper box".')],
    hardware: Hardware = None,
    dataset: DatasetOption = None,
    episodes: Annotated[
        int | None,
        typer.Option(min=1, help="Number of episodes to record (1 when not run in a terminal)."),
    ] = None,
    episode_time: EpisodeTime = None,
    reset_time: ResetTime = None,
    seed: Seed = None,
    accept_calibration: AcceptCalibration = False,
    write_calibration: WriteCalibration = False,
    trust_rig: TrustRig = False,
    preview: Preview = False,
    sound: Sound = True,
    push: Push = False,
    repo_id: RepoId = None,
    push_every: PushEvery = None,
    as_json: AsJson = False,
) -> None:
    """Record episodes; an existing dataset is appended to.

    `lerecord --task ...` means `lerecord record --task ...`.
    """
    from lerecord.cli.record_options import RecordOptions
    from lerecord.cli.recording_session import record as run
    from lerecord.hub import session_push

    options = RecordOptions(
        task=task,
        hardware=hardware,
        dataset=dataset,
        episodes=episodes,
        episode_time_s=episode_time,
        reset_time_s=reset_time,
        seed=seed,
        accept_calibration=accept_calibration,
        write_calibration=write_calibration,
        trust_rig=trust_rig,
        preview=preview,
        sound=sound,
        as_json=as_json,
    )
    raise typer.Exit(run(options, session_push(push, repo_id, push_every, as_json)))
