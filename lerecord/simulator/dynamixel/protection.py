"""What a simulated servo refuses, and what stops it: limits, hardware errors and the bus watchdog.

Rules are the ROBOTIS e-manual's (Shutdown, Hardware_Error_Status, Bus_Watchdog).
"""

import enum
from collections.abc import Mapping

from lerecord.motors.dynamixel import EEPROM_END
from lerecord.simulator.dynamixel.control_table import ControlTable, ErrorNumber, RefusedError
from lerecord.simulator.dynamixel.modes import POSITION
from lerecord.simulator.servos import Failure

_LIMITED_BY = {
    "Goal_PWM": "PWM_Limit",
    "Goal_Current": "Current_Limit",
    "Goal_Velocity": "Velocity_Limit",
}
GOALS = frozenset({*_LIMITED_BY, "Goal_Position"})
_WATCHDOG_UNIT_S = 0.02
_TRIPPED = -1


class HardwareError(enum.IntFlag):
    """Bits of Hardware_Error_Status and of Shutdown."""

    INPUT_VOLTAGE = 0x01
    OVERHEATING = 0x04
    ENCODER = 0x08
    ELECTRICAL_SHOCK = 0x10
    OVERLOAD = 0x20


FAILURES: Mapping[Failure, HardwareError] = {
    "overload": HardwareError.OVERLOAD,
    "overheat": HardwareError.OVERHEATING,
    "voltage": HardwareError.INPUT_VOLTAGE,
}


class Protection:
    """The protection of the servo that has this control table."""

    def __init__(self, table: ControlTable) -> None:
        self._table = table
        self._heard = 0.0
        self.refresh()

    def refresh(self) -> None:
        """Take note of the watchdog's register; called after every change of a register."""
        self._watchdog = self._table.load("Bus_Watchdog")

    @property
    def alert(self) -> bool:
        """True while there is a hardware error."""
        return self._table.load("Hardware_Error_Status") != 0

    @property
    def shut_down(self) -> bool:
        """True while there is an error for which Shutdown keeps the torque off."""
        return self._table.load("Hardware_Error_Status") & self._table.load("Shutdown") != 0

    @property
    def tripped(self) -> bool:
        """True from the moment when the watchdog has tripped until it is cleared."""
        return self._watchdog == _TRIPPED

    def fail(self, error: HardwareError) -> None:
        """Let a hardware error happen; torque goes off where Shutdown says so."""
        status = self._table.load("Hardware_Error_Status")
        self._table.store("Hardware_Error_Status", status | error)
        if self.shut_down:
            self._table.store("Torque_Enable", 0)

    def hear(self, now: float) -> None:
        """An instruction packet went by: the watchdog starts again."""
        self._heard = now

    def trips(self, now: float) -> bool:
        """True when the watchdog trips now; for a servo whose torque is on."""
        if self._watchdog <= 0 or now - self._heard <= self._watchdog * _WATCHDOG_UNIT_S:
            return False
        self._table.store("Bus_Watchdog", _TRIPPED)
        self._table.store("Goal_Velocity", 0)
        return True

    def check(self, name: str, value: int) -> None:
        """Raise RefusedError when a register may not have that value now."""
        torque = self._table.load("Torque_Enable") == 1
        if torque and self._table.model.registers[name].address < EEPROM_END:
            raise RefusedError(ErrorNumber.ACCESS)
        if name in GOALS:
            self._check_goal(name, value)
        if name == "Torque_Enable" and value == 1 and self.shut_down:
            raise RefusedError(ErrorNumber.RESULT_FAIL)

    def _check_goal(self, name: str, value: int) -> None:
        if self.tripped:
            raise RefusedError(ErrorNumber.DATA_RANGE)
        limited_by = _LIMITED_BY.get(name)
        if limited_by is not None:
            high = self._table.load(limited_by)
            low = -high
        elif self._table.load("Operating_Mode") == POSITION:
            low = self._table.load("Min_Position_Limit")
            high = self._table.load("Max_Position_Limit")
        else:
            return
        if not low <= value <= high:
            raise RefusedError(ErrorNumber.DATA_LIMIT)
