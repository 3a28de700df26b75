"""Control table of the STS3215 as data, shared by the driver and the simulated servos.

Addresses, sizes, defaults and ranges from the maker's memory table 3.7; register names are
LeRobot's. Values of two bytes are little endian, negative ones sign and magnitude.
"""

import enum
from collections.abc import Mapping

from lerecord.motors.model import Model, Register

EEPROM_END = 40
COUNTS_PER_TURN = 4096
_STALL_CURRENT = 400  # in units of Present_Current: 2.6 A, of the 7.4 V part


class StatusBit(enum.IntFlag):
    """Bits of Status, which are also the error byte of every reply."""

    VOLTAGE = 0x01
    ENCODER = 0x02
    TEMPERATURE = 0x04
    CURRENT = 0x08
    ANGLE = 0x10
    OVERLOAD = 0x20


def _read_only(
    address: int, size: int = 1, initial: int = 0, sign_bit: int | None = None
) -> Register:
    return Register(address, size, writable=False, initial=initial, sign_bit=sign_bit)


def _ranged(address: int, size: int, initial: int, minimum: int, maximum: int) -> Register:
    return Register(address, size, False, True, initial, minimum, maximum)


def _signed(address: int, most: int, sign_bit: int) -> Register:
    return Register(address, 2, False, True, 0, -most, most, sign_bit)


_STS3215: dict[str, Register] = {
    "Firmware_Major_Version": _read_only(0, initial=3),
    "Firmware_Minor_Version": _read_only(1, initial=10),
    "Byte_Order": _read_only(2),
    "Model_Number": _read_only(3, 2, initial=777),
    "ID": _ranged(5, 1, 1, 0, 253),
    "Baud_Rate": _ranged(6, 1, 0, 0, 7),
    "Return_Delay_Time": _ranged(7, 1, 250, 0, 254),
    "Response_Status_Level": _ranged(8, 1, 1, 0, 1),
    "Min_Position_Limit": _ranged(9, 2, 0, 0, 4095),
    "Max_Position_Limit": _ranged(11, 2, 4095, 0, 4095),
    "Max_Temperature_Limit": _ranged(13, 1, 70, 0, 100),
    "Max_Voltage_Limit": _ranged(14, 1, 80, 0, 254),
    "Min_Voltage_Limit": _ranged(15, 1, 40, 0, 254),
    "Max_Torque_Limit": _ranged(16, 2, 1000, 0, 1000),
    "Phase": _ranged(18, 1, 12, 0, 254),
    "Unloading_Condition": _ranged(19, 1, 44, 0, 254),
    "LED_Alarm_Condition": _ranged(20, 1, 47, 0, 254),
    "P_Coefficient": _ranged(21, 1, 32, 0, 254),
    "D_Coefficient": _ranged(22, 1, 32, 0, 254),
    "I_Coefficient": _ranged(23, 1, 0, 0, 254),
    "Minimum_Startup_Force": _ranged(24, 2, 16, 0, 1000),
    "CW_Dead_Zone": _ranged(26, 1, 1, 0, 32),
    "CCW_Dead_Zone": _ranged(27, 1, 1, 0, 32),
    "Protection_Current": _ranged(28, 2, 500, 0, 511),
    "Angular_Resolution": _ranged(30, 1, 1, 1, 3),
    "Homing_Offset": _signed(31, 2047, 11),
    "Operating_Mode": _ranged(33, 1, 0, 0, 3),
    "Protective_Torque": _ranged(34, 1, 20, 0, 100),
    "Protection_Time": _ranged(35, 1, 200, 0, 254),
    "Overload_Torque": _ranged(36, 1, 80, 0, 100),
    "Velocity_P_Coefficient": _ranged(37, 1, 10, 0, 100),
    "Over_Current_Protection_Time": _ranged(38, 1, 200, 0, 254),
    "Velocity_I_Coefficient": _ranged(39, 1, 10, 0, 254),
    "Torque_Enable": _ranged(40, 1, 0, 0, 128),
    "Acceleration": _ranged(41, 1, 0, 0, 254),
    "Goal_Position": _signed(42, 32767, 15),
    "Goal_Time": _signed(44, 1000, 10),
    "Goal_Velocity": _signed(46, 32767, 15),
    "Torque_Limit": _ranged(48, 2, 1000, 0, 1000),
    "Lock": _ranged(55, 1, 1, 0, 1),
    "Present_Position": _read_only(56, 2, sign_bit=15),
    "Present_Velocity": _read_only(58, 2, sign_bit=15),
    "Present_Load": _read_only(60, 2, sign_bit=10),
    "Present_Voltage": _read_only(62),
    "Present_Temperature": _read_only(63),
    "Async_Write_Flag": _read_only(64),
    "Status": _read_only(65),
    "Moving": _read_only(66),
    "Present_Current": _read_only(69, 2, sign_bit=15),
    "Goal_Position_2": _read_only(71, 2, sign_bit=15),
    "Moving_Velocity_Threshold": _ranged(80, 1, 50, 0, 254),
    "Maximum_Velocity_Limit": _ranged(84, 1, 0, 0, 254),
    "Maximum_Acceleration": _ranged(85, 1, 0, 0, 254),
}

STS3215 = Model(
    "sts3215",
    777,
    _STS3215,
    frozenset({0, 1, 2, 3}),
    EEPROM_END,
    COUNTS_PER_TURN,
    lock="Lock",
    counts_turns=False,
    strength=_STALL_CURRENT,
)

MODELS: Mapping[str, Model] = {STS3215.name: STS3215}

BAUD_RATES: Mapping[int, int] = {
    0: 1_000_000, 1: 500_000, 2: 250_000, 3: 128_000, 4: 115_200, 5: 76_800, 6: 57_600, 7: 38_400,
}  # fmt: skip
"""Bits a second by the value of Baud_Rate."""
RETURN_DELAY_UNIT_S = 2e-6
"""Of Return_Delay_Time: how long a servo waits before it answers."""
