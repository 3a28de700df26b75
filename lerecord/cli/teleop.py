"""`lerecord teleop`."""

from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Hardware, Seed, Sound, WriteCalibration

EPILOG = """\b
Keys:
  Space, p   hold, then go on
  q, Esc     stop: park and let go
"""


def teleop(
    hardware: Hardware = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, metavar="S", help="Stop after S seconds.")
    ] = None,
    seed: Seed = None,
    write_calibration: WriteCalibration = False,
    sound: Sound = True,
    as_json: AsJson = False,
) -> None:
    """Drive the followers with their leaders; nothing is recorded."""
    from lerecord.cli.teleop_session import TeleopOptions, teleoperate

    options = TeleopOptions(hardware, seconds, seed, write_calibration, sound, as_json)
    raise typer.Exit(teleoperate(options))
