"""A servo that restarts goes limp, forgets its turns, and answers on as if all were well."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lerecord.motors.bus import MotorBus
from lerecord.motors.errors import CorruptReplyError, NoReplyError, ServoError
from lerecord.motors.retry import Retry
from lerecord.motors.tables import COUNTS_PER_TURN

_EVERY_READS = 15
_FARTHEST_COUNTS = COUNTS_PER_TURN // 2  # from one read to the next; no hand turns a joint so fast


class RestartWatch:
    """Finds servos that have restarted since the arm was set up.

    Positions that jump show it; where torque was put on, Torque_Enable is asked for every fifteenth
    read and after each read that failed.

    Args:
        arm: its name in messages.
        bus: of the arm.
        retry: patience while recording.
    """

    def __init__(self, arm: str, bus: MotorBus, retry: Retry) -> None:
        self._arm = arm
        self._bus = bus
        self._retry = retry
        self.begin(())

    def begin(self, held: Sequence[str]) -> None:
        """The arm is set up, with torque on at these joints."""
        self._held = tuple(held)
        self._reads_left = _EVERY_READS
        self._last: NDArray[np.int64] | None = None

    def after_failure(self) -> None:
        """A read failed: the servo may have been restarting meanwhile."""
        self._reads_left = 0

    def after_read(self, positions: NDArray[np.int64]) -> None:
        """Positions (D,) of all the bus's motors were read.

        Raises:
            ServoError: a servo has restarted; the arm must be set up again.
        """
        if self._last is not None:
            self._check_turns(np.abs(positions - self._last) > _FARTHEST_COUNTS)
        self._last = positions
        self._reads_left -= 1
        if self._held and self._reads_left < 0:
            self._check_torque()

    def _check_turns(self, jumped: NDArray[np.bool_]) -> None:
        if jumped.any():
            joint = self._bus.motors[int(jumped.argmax())].name
            raise self._restarted(joint, "reads a turn away from where it was")

    def _check_torque(self) -> None:
        try:
            torque = self._bus.sync_read("Torque_Enable", self._held, self._retry)
        except (NoReplyError, CorruptReplyError):
            return  # the positions came all the same; the next read asks again
        for joint, on in zip(self._held, torque, strict=True):
            if not on:
                raise self._restarted(joint, "has no torque any more")
        self._reads_left = _EVERY_READS

    def _restarted(self, joint: str, fact: str) -> ServoError:
        return ServoError(
            f"{joint} of the {self._arm} {fact}, as after a restart: hold the arm, and check the "
            f"servo's cable and the power supply.",
            joint,
        )
