"""What `lerecord teleop` does."""

import time
from contextlib import ExitStack
from dataclasses import dataclass

from lerecord.cli.driving_session import Drive, Driven, drive
from lerecord.cli.output import Output
from lerecord.cli.session_parts import reached
from lerecord.control import Leader, Rig, Setup
from lerecord.errors import ConfigError
from lerecord.ui.terminal import is_attended, never_stopped_by_it


@dataclass(frozen=True, slots=True)
class TeleopOptions:
    """What the command line was given."""

    hardware: str | None = None
    seconds: float | None = None
    seed: int | None = None
    write_calibration: bool = False
    sound: bool = True
    as_json: bool = False


@never_stopped_by_it()
def teleoperate(options: TeleopOptions) -> int:
    """Let the followers do what the leaders do until somebody ends it; returns the exit status.

    Raises:
        LerecordError: something cannot be used as asked, or an arm failed with nobody at the keys.
    """
    with Output(options.as_json) as output:
        driven = _driven(options)
        ended_by = None if driven.signal is None else driven.signal.name
        output.result(
            {"seconds": driven.seconds, "still_held": driven.still_held, "signal": ended_by},
            [f"Drove for {driven.seconds:.0f} s; nothing was recorded."],
        )
    return driven.status


def _driven(options: TeleopOptions) -> Driven:
    seconds = options.seconds
    if seconds is None and not is_attended():
        raise ConfigError("Without a terminal nobody ends it; give --seconds, or run it in one.")
    setup = Setup.resolve(options.hardware, None)
    with ExitStack() as stack:
        simulated = reached(setup.config, options.seed, stack)
        config = setup.config if simulated is None else simulated.config
        rig = Rig(config, setup.calibrations, write_calibration=options.write_calibration)
        began = time.monotonic()
        job = Drive(
            source=Leader(),
            what="Teleoperation",
            refusal="Teleoperation records nothing; `lerecord record` does.",
            is_over=lambda: seconds is not None and time.monotonic() - began >= seconds,
            sound=options.sound,
        )
        return drive(job, rig, config)
