"""What a simulated STS servo protects itself against, and how long that takes."""

from collections.abc import Callable
from dataclasses import dataclass

from lerecord.motors.feetech import StatusBit
from lerecord.simulator.servos import Failure

NOMINAL_DECIVOLTS, NOMINAL_CELSIUS = 74, 32
_TOO_LOW_DECIVOLTS, _TOO_HOT_CELSIUS = 30, 80
_TIME_UNIT_S = 0.01
_LOAD_PER_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What a servo's registers allow: volts, temperature, load (0.1 %) and current (6.5 mA)."""

    lowest_decivolts: int
    highest_decivolts: int
    highest_celsius: int
    load: int
    load_s: float
    current: int
    current_s: float

    @classmethod
    def of(cls, register: Callable[[str], int]) -> "Limits":
        """Those of a servo; `register` gives a register's value."""
        return cls(
            register("Min_Voltage_Limit"),
            register("Max_Voltage_Limit"),
            register("Max_Temperature_Limit"),
            register("Overload_Torque") * _LOAD_PER_PERCENT,
            register("Protection_Time") * _TIME_UNIT_S,
            register("Protection_Current"),
            register("Over_Current_Protection_Time") * _TIME_UNIT_S,
        )


class Protection:
    """Voltage, temperature, current and overload.

    Attributes:
        decivolts: of the supply.
        celsius: of the servo.
        status: what is wrong now.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """As after the power was off and on, with a good supply, and cooled down."""
        self.decivolts, self.celsius = NOMINAL_DECIVOLTS, NOMINAL_CELSIUS
        self.status = StatusBit(0)
        self._overload_since: float | None = None
        self._current_since: float | None = None

    @property
    def is_overloaded(self) -> bool:
        """True while only the protective torque is given."""
        return StatusBit.OVERLOAD in self.status

    def takes_torque(self, unloading_condition: int) -> bool:
        """True for what switches torque off. An overload limits it instead."""
        return bool(self.status & unloading_condition & ~StatusBit.OVERLOAD)

    def new_goal(self) -> None:
        """A goal ends an overload or over-current that has been found; its time begins again."""
        if StatusBit.OVERLOAD in self.status:
            self._overload_since = None
        if StatusBit.CURRENT in self.status:
            self._current_since = None
        self.status &= ~(StatusBit.OVERLOAD | StatusBit.CURRENT)

    def fail(self, failure: Failure) -> None:
        """Let that happen."""
        if failure == "overload":
            self.status |= StatusBit.OVERLOAD
        elif failure == "overheat":
            self.celsius = _TOO_HOT_CELSIUS
            self.status |= StatusBit.TEMPERATURE
        else:
            self.decivolts = _TOO_LOW_DECIVOLTS
            self.status |= StatusBit.VOLTAGE

    def watch(self, now: float, load: int, current: int, limits: Limits) -> None:
        """Look at the servo: its load (0.1 % of its torque) and its current (6.5 mA)."""
        status = self.status & (StatusBit.OVERLOAD | StatusBit.CURRENT)
        if not limits.lowest_decivolts <= self.decivolts <= limits.highest_decivolts:
            status |= StatusBit.VOLTAGE
        if self.celsius > limits.highest_celsius:
            status |= StatusBit.TEMPERATURE
        self._overload_since = _since(self._overload_since, now, load > limits.load)
        if self._overload_since is not None and now - self._overload_since >= limits.load_s:
            status |= StatusBit.OVERLOAD
        self._current_since = _since(self._current_since, now, current > limits.current)
        if self._current_since is not None and now - self._current_since >= limits.current_s:
            status |= StatusBit.CURRENT
        self.status = status


def _since(before: float | None, now: float, is_too_much: bool) -> float | None:
    """Since when it is too much."""
    if not is_too_much:
        return None
    return now if before is None else before
