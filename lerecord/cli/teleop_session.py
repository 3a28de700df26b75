"""What `lerecord teleop` does."""

import time
from contextlib import ExitStack

from lerecord.cli.driving_session import Drive, drive
from lerecord.cli.session_parts import reached
from lerecord.control import Leader, Rig, Setup
from lerecord.errors import ConfigError
from lerecord.ui.terminal import is_attended, never_stopped_by_it


@never_stopped_by_it()
def teleoperate(
    hardware: str | None,
    seconds: float | None,
    seed: int | None,
    write_calibration: bool,
    sound: bool,
) -> int:
    """Let the followers do what the leaders do until somebody ends it; returns the exit status.

    Raises:
        LerecordError: something cannot be used as asked, or an arm failed with nobody at the keys.
    """
    if seconds is None and not is_attended():
        raise ConfigError("Without a terminal nobody ends it; give --seconds, or run it in one.")
    setup = Setup.resolve(hardware, None)
    with ExitStack() as stack:
        simulated = reached(setup.config, seed, stack)
        config = setup.config if simulated is None else simulated.config
        rig = Rig(config, setup.calibrations, write_calibration=write_calibration)
        began = time.monotonic()
        job = Drive(
            source=Leader(),
            what="Teleoperation",
            refusal="Teleoperation records nothing; `lerecord record` does.",
            is_over=lambda: seconds is not None and time.monotonic() - began >= seconds,
            sound=sound,
        )
        received = drive(job, rig, config)
    return 0 if received is None else 128 + received
