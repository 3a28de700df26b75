"""`lerecord replay`."""

from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Dataset, Hardware, Seed, Sound, TrustRig, WriteCalibration
from lerecord.cli.teleop import EPILOG as EPILOG


def replay(
    dataset: Dataset,
    episode: Annotated[str, typer.Argument(metavar="EPISODE", help="Its number, or last.")],
    speed: Annotated[
        float, typer.Option(min=0.05, max=1.0, metavar="X", help="1 is as fast as recorded.")
    ] = 1.0,
    hardware: Hardware = None,
    seed: Seed = None,
    write_calibration: WriteCalibration = False,
    trust_rig: TrustRig = False,
    sound: Sound = True,
    as_json: AsJson = False,
) -> None:
    """Replay an episode on the followers.

    Eases in from wherever they are, parks at the end, and prints how far they were from where the
    episode brought them. A simulated rig puts the box where the session with this --seed had it.
    """
    from lerecord.cli.episodes import indices
    from lerecord.cli.group import refuse
    from lerecord.cli.replay_session import ReplayOptions
    from lerecord.cli.replay_session import replay as run

    named = indices([episode], dataset)
    if len(named) != 1:
        refuse("One episode is replayed at a time; name one.")
    options = ReplayOptions(
        dataset, named[0], speed, hardware, seed, write_calibration, trust_rig, as_json, sound
    )
    raise typer.Exit(run(options))
