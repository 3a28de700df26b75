"""Whether the servos that hold an arm still do: one that restarts goes limp and answers on."""

from collections.abc import Sequence

from lerecord.motors.bus import (
    BusError,
    CorruptReplyError,
    MotorBus,
    NoReplyError,
    Retry,
    ServoError,
)

_EVERY_READS = 15


class TorqueWatch:
    """Asks for Torque_Enable every fifteenth read, and after each read that failed.

    Args:
        arm: its name in messages.
        bus: of the arm.
        retry: patience while recording.
    """

    def __init__(self, arm: str, bus: MotorBus, retry: Retry) -> None:
        self._arm = arm
        self._bus = bus
        self._retry = retry
        self._held: tuple[str, ...] = ()
        self._reads_left = 0

    def begin(self, joints: Sequence[str]) -> None:
        """Torque has been put on at these joints; none is watched when there are none."""
        self._held = tuple(joints)
        self._reads_left = _EVERY_READS

    def after_read(self, failure: BusError | None) -> None:
        """Positions were read, or not; raises ServoError when a joint has lost its torque."""
        self._reads_left = 0 if failure is not None else self._reads_left - 1
        if failure is None and self._held and self._reads_left < 0:
            self._check()

    def _check(self) -> None:
        try:
            torque = self._bus.sync_read("Torque_Enable", self._held, self._retry)
        except (NoReplyError, CorruptReplyError):
            return  # the positions came all the same; the next read asks again
        loose = [joint for joint, on in zip(self._held, torque, strict=True) if not on]
        if loose:
            raise ServoError(
                f"{loose[0]} of the {self._arm} has no torque any more, as after a restart: hold "
                f"the arm, and check the servo's cable and the power supply.",
                loose[0],
            )
        self._reads_left = _EVERY_READS
