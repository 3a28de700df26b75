"""Servos that are about to protect themselves, which takes torque away: told before they do."""

from collections.abc import Sequence

import numpy as np

from lerecord.motors.bus import MotorBus, Present
from lerecord.motors.errors import BusError
from lerecord.motors.retry import ONCE

_FIRST_READS, _EVERY_READS = 20, 150  # of a temperature, which changes in minutes
_HOT, _COOL = 5, 8  # degrees below the limit
_BLOCKED_READS = 15  # half a second; a servo gives up after one or two
_HARD = 0.8  # of its strength
_STILL = 100.0  # counts a second, of about 3000
_HOTTEST = ("Temperature_Limit", "Max_Temperature_Limit")


class StrainWatch:
    """Finds servos that get too hot, and joints that push hard against what blocks them.

    Temperatures are asked for now and then, in a request of their own; the rest comes with the
    positions.

    Args:
        arm: its name in messages.
        bus: of the arm.
        yields: joints that are there to push against things.
    """

    def __init__(self, arm: str, bus: MotorBus, yields: Sequence[str] = ()) -> None:
        self._arm = arm
        self._bus = bus
        motors = bus.motors
        self._names = [motor.name for motor in motors]
        self._strength = np.array([motor.model.strength for motor in motors])
        self._pushes = np.array([name not in yields for name in self._names])
        self.begin(())

    def begin(self, held: Sequence[str]) -> None:
        """Torque is on at these joints, and these alone are watched."""
        self._held = tuple(held)
        watched = self._pushes & np.array([name in held for name in self._names])
        self._hard = np.where(watched, _HARD * self._strength, np.inf)
        self._reads_left = _FIRST_READS
        self._blocked = np.zeros(len(self._names), np.int64)
        self._is_blocked = False
        self._limits: dict[str, int] = {}
        self._hot: dict[str, str] = {}
        self._push: str | None = None

    @property
    def caution(self) -> str | None:
        """Which servo is near to switching itself off, in words; None when none is.

        The same words for as long as it lasts.
        """
        return next(iter(self._hot.values()), self._push)

    def after_read(self, present: Present) -> None:
        """All of the bus's motors were read; raises nothing."""
        if not self._held:
            return
        self._look_for_a_push(present)
        self._reads_left -= 1
        if self._reads_left < 0:
            self._reads_left = _EVERY_READS
            self._look_at_temperatures()

    def _look_for_a_push(self, present: Present) -> None:
        hard = np.abs(present.effort) >= self._hard
        if not hard.any():  # nearly always, and every tick pays for it
            if self._is_blocked:
                self._is_blocked, self._push = False, None
                self._blocked[:] = 0
            return
        self._is_blocked = True
        self._blocked = np.where(hard & (np.abs(present.velocity) < _STILL), self._blocked + 1, 0)
        longest = int(self._blocked.argmax())
        if self._blocked[longest] < _BLOCKED_READS:
            self._push = None
        elif self._push is None:
            share = abs(present.effort[longest]) / self._strength[longest]
            self._push = (
                f"{self._names[longest]} of the {self._arm} pushes with {share:.0%} of its "
                f"strength and does not move: free it from what blocks it, or its servo will "
                f"switch off."
            )

    def _look_at_temperatures(self) -> None:
        try:
            limits = self._limits or self._read(self._register_of_limits())
            degrees = self._read("Present_Temperature")
        except BusError:
            return  # the positions came all the same; it is asked again later
        self._limits = limits
        for joint, now in degrees.items():
            limit = limits[joint]
            if now < limit - _COOL:
                self._hot.pop(joint, None)
            elif now >= limit - _HOT and joint not in self._hot:
                self._hot[joint] = (
                    f"{joint} of the {self._arm} is at {now} degrees, and its servo switches off "
                    f"at {limit}: let the arm rest until it has cooled down."
                )

    def _read(self, register: str) -> dict[str, int]:
        values = self._bus.sync_read(register, self._held, ONCE)
        return dict(zip(self._held, values.tolist(), strict=True))

    def _register_of_limits(self) -> str:
        """Each make has a name of its own for it."""
        registers = self._bus.motors[0].model.registers
        return next(name for name in _HOTTEST if name in registers)
