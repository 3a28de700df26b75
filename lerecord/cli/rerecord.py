"""`lerecord rerecord`."""

from pathlib import Path
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
    RepoId,
    ResetTime,
    Seed,
    Sound,
    TrustRig,
    WriteCalibration,
)


def rerecord(
    episodes: Annotated[
        list[str],
        typer.Argument(
            metavar="[DIR] EPISODE...", help="Dataset folder, then episodes: 3 7 12, 3-7 or last."
        ),
    ],
    task: Annotated[str | None, typer.Option(help="New task [each episode keeps its own].")] = None,
    hardware: Hardware = None,
    dataset: DatasetOption = None,
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
    as_json: AsJson = False,
) -> None:
    """Re-record episodes in place.

    Each new take replaces its episode, whatever its length.
    """
    from lerecord.cli.episodes import indices
    from lerecord.cli.record_options import RecordOptions
    from lerecord.cli.recording_session import record as run
    from lerecord.hub import session_push

    if dataset is None and not episodes[0][:1].isdigit() and episodes[0] != "last":
        dataset, episodes = Path(episodes[0]), episodes[1:]
    options = RecordOptions(
        task=task,
        hardware=hardware,
        dataset=dataset,
        episode_time_s=episode_time,
        reset_time_s=reset_time,
        seed=seed,
        accept_calibration=accept_calibration,
        write_calibration=write_calibration,
        trust_rig=trust_rig,
        preview=preview,
        sound=sound,
        as_json=as_json,
        rerecord=tuple(
            indices(episodes, dataset or Path("datasets", Path(hardware or "sim").stem))
        ),
    )
    raise typer.Exit(run(options, session_push(push, repo_id, every=None, as_json=as_json)))
