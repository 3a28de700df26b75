"""A servo that restarts goes limp, forgets its turns, and answers on as if all were well."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lerecord.motors.bus import MotorBus
from lerecord.motors.errors import CorruptReplyError, NoReplyError, ServoError
from lerecord.motors.retry import Retry

_EVERY_READS = 15
_FACTS = {"Torque_Enable": "has no torque any more"}
_FARTHEST_TURNS = 0.5  # from one read to the next; no hand turns a joint so fast


class RestartWatch:
    """Finds servos that have restarted since the arm was set up.

    Positions that jump show it, where turns are counted, and a register that has forgotten its
    value: it is asked for every fifteenth read and after each read that failed.

    Args:
        arm: its name in messages.
        bus: of the arm.
        retry: patience while recording.
        forgets: register of the joints under torque that is not zero until a restart.
    """

    def __init__(
        self, arm: str, bus: MotorBus, retry: Retry, forgets: str = "Torque_Enable"
    ) -> None:
        self._arm = arm
        self._bus = bus
        self._retry = retry
        self._forgets = forgets
        models = [motor.model for motor in bus.motors]
        self._farthest = np.array(
            [_FARTHEST_TURNS * m.counts_per_turn if m.counts_turns else np.inf for m in models]
        )
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
            self._check_turns(np.abs(positions - self._last) > self._farthest)
        self._last = positions
        self._reads_left -= 1
        if self._held and self._reads_left < 0:
            self._check_memory()

    def _check_turns(self, jumped: NDArray[np.bool_]) -> None:
        if jumped.any():
            joint = self._bus.motors[int(jumped.argmax())].name
            raise self._restarted(joint, "reads a turn away from where it was")

    def _check_memory(self) -> None:
        try:
            kept = self._bus.sync_read(self._forgets, self._held, self._retry)
        except (NoReplyError, CorruptReplyError):
            return  # the positions came all the same; the next read asks again
        for joint, is_kept in zip(self._held, kept, strict=True):
            if not is_kept:
                raise self._restarted(joint, _FACTS.get(self._forgets, "has lost its settings"))
        self._reads_left = _EVERY_READS

    def _restarted(self, joint: str, fact: str) -> ServoError:
        return ServoError(
            f"{joint} of the {self._arm} {fact}, as after a restart: hold the arm, and check the "
            f"servo's cable and the power supply.",
            joint,
        )
