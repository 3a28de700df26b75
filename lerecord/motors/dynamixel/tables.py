"""Control tables of the X series as data, shared by the driver and the simulated servos.

Protocol 2.0: addresses, sizes, defaults and ranges from the ROBOTIS e-manual of XL330-M077,
XL330-M288 and XL430-W250. Register names are the e-manual's, underscored.
"""

from collections.abc import Mapping
from dataclasses import replace

from lerecord.motors.model import Model, Register

EEPROM_END = 64
COUNTS_PER_TURN = 4096
_STALL_CURRENT = 1470  # mA, of an XL330 at 5 V
_FULL_LOAD = 1000  # 0.1 %


def _read_only(address: int, size: int, signed: bool = False, initial: int = 0) -> Register:
    return Register(address, size, signed, writable=False, initial=initial)


def _ranged(address: int, size: int, initial: int, minimum: int, maximum: int) -> Register:
    return Register(address, size, minimum < 0, True, initial, minimum, maximum)


_X_SERIES: dict[str, Register] = {
    "Model_Number": _read_only(0, 2),
    "Model_Information": _read_only(2, 4),
    "Firmware_Version": _read_only(6, 1, initial=52),
    "ID": _ranged(7, 1, 1, 0, 252),
    "Baud_Rate": _ranged(8, 1, 1, 0, 7),
    "Return_Delay_Time": _ranged(9, 1, 250, 0, 254),
    "Drive_Mode": _ranged(10, 1, 0, 0, 13),
    "Operating_Mode": _ranged(11, 1, 3, 0, 16),
    "Secondary_ID": _ranged(12, 1, 255, 0, 255),  # 253 and more: none
    "Protocol_Type": _ranged(13, 1, 2, 1, 22),
    "Homing_Offset": _ranged(20, 4, 0, -1_044_479, 1_044_479),
    "Moving_Threshold": _ranged(24, 4, 10, 0, 1023),
    "Temperature_Limit": _ranged(31, 1, 72, 0, 100),
    "Max_Voltage_Limit": _ranged(32, 2, 140, 60, 140),
    "Min_Voltage_Limit": _ranged(34, 2, 60, 60, 140),
    "PWM_Limit": _ranged(36, 2, 885, 0, 885),
    "Velocity_Limit": _ranged(44, 4, 265, 0, 1023),
    "Max_Position_Limit": _ranged(48, 4, 4095, 0, 4095),
    "Min_Position_Limit": _ranged(52, 4, 0, 0, 4095),
    "Startup_Configuration": _ranged(60, 1, 0, 0, 3),
    "Shutdown": _ranged(63, 1, 52, 0, 63),
    "Torque_Enable": _ranged(64, 1, 0, 0, 1),
    "LED": _ranged(65, 1, 0, 0, 1),
    "Status_Return_Level": _ranged(68, 1, 2, 0, 2),
    "Registered_Instruction": _read_only(69, 1),
    "Hardware_Error_Status": _read_only(70, 1),
    "Velocity_I_Gain": _ranged(76, 2, 1000, 0, 16383),
    "Velocity_P_Gain": _ranged(78, 2, 100, 0, 16383),
    "Position_D_Gain": _ranged(80, 2, 4000, 0, 16383),
    "Position_I_Gain": _ranged(82, 2, 0, 0, 16383),
    "Position_P_Gain": _ranged(84, 2, 640, 0, 16383),
    "Feedforward_2nd_Gain": _ranged(88, 2, 0, 0, 16383),
    "Feedforward_1st_Gain": _ranged(90, 2, 0, 0, 16383),
    "Bus_Watchdog": Register(98, 1, signed=True, minimum=0, maximum=127),  # reads -1 when tripped
    "Goal_PWM": _ranged(100, 2, 885, -885, 885),
    "Goal_Velocity": _ranged(104, 4, 0, -1023, 1023),
    "Profile_Acceleration": _ranged(108, 4, 0, 0, 32767),
    "Profile_Velocity": _ranged(112, 4, 0, 0, 32767),
    "Goal_Position": _ranged(116, 4, 0, -1_048_575, 1_048_575),
    "Realtime_Tick": _read_only(120, 2),
    "Moving": _read_only(122, 1),
    "Moving_Status": _read_only(123, 1),
    "Present_PWM": _read_only(124, 2, signed=True),
    "Present_Load": _read_only(126, 2, signed=True),
    "Present_Velocity": _read_only(128, 4, signed=True),
    "Present_Position": _read_only(132, 4, signed=True),
    "Velocity_Trajectory": _read_only(136, 4, signed=True),
    "Position_Trajectory": _read_only(140, 4, signed=True),
    "Present_Input_Voltage": _read_only(144, 2),
    "Present_Temperature": _read_only(146, 1),
    "Backup_Ready": _read_only(147, 1),
}


def _xl330(name: str, number: int, own: dict[str, Register]) -> Model:
    """An XL330: current control beside what every X-series servo has, and a 5 V supply."""
    registers = {key: value for key, value in _X_SERIES.items() if key != "Present_Load"} | {
        "Temperature_Limit": _ranged(31, 1, 70, 0, 100),
        "Max_Voltage_Limit": _ranged(32, 2, 70, 31, 70),
        "Min_Voltage_Limit": _ranged(34, 2, 35, 31, 70),
        "Current_Limit": _ranged(38, 2, 1750, 0, 1750),
        "Baud_Rate": _ranged(8, 1, 1, 0, 6),
        "Protocol_Type": _ranged(13, 1, 2, 2, 22),
        "PWM_Slope": _ranged(62, 1, 140, 1, 255),
        "Shutdown": _ranged(63, 1, 53, 0, 63),
        "Goal_Current": _ranged(102, 2, 1750, -1750, 1750),
        "Goal_Velocity": _ranged(104, 4, 0, -2047, 2047),
        "Velocity_I_Gain": _ranged(76, 2, 1600, 0, 16383),
        "Velocity_P_Gain": _ranged(78, 2, 180, 0, 16383),
        "Position_D_Gain": _ranged(80, 2, 0, 0, 16383),
        "Position_P_Gain": _ranged(84, 2, 400, 0, 16383),
        "Present_Current": _read_only(126, 2, signed=True),
    }
    return _model(name, number, registers | own, {0, 1, 3, 4, 5, 16})


def _model(name: str, number: int, registers: dict[str, Register], modes: set[int]) -> Model:
    own = _numbered(registers, number)
    strength = _STALL_CURRENT if "Present_Current" in own else _FULL_LOAD
    return Model(
        name, number, own, frozenset(modes), EEPROM_END, COUNTS_PER_TURN, strength=strength
    )


def _numbered(registers: dict[str, Register], number: int) -> dict[str, Register]:
    return registers | {"Model_Number": replace(registers["Model_Number"], initial=number)}


XL330_M077 = _xl330(
    "xl330-m077",
    1190,
    {
        "Velocity_Limit": _ranged(44, 4, 1620, 0, 2047),
        "Velocity_I_Gain": _ranged(76, 2, 400, 0, 16383),
        "Velocity_P_Gain": _ranged(78, 2, 40, 0, 16383),
        "Position_I_Gain": _ranged(82, 2, 400, 0, 16383),
    },
)
XL330_M288 = _xl330("xl330-m288", 1200, {"Velocity_Limit": _ranged(44, 4, 445, 0, 2047)})
XL430_W250 = _model("xl430-w250", 1060, _X_SERIES, {1, 3, 4, 16})

MODELS: Mapping[str, Model] = {model.name: model for model in (XL330_M077, XL330_M288, XL430_W250)}

BAUD_RATES: Mapping[int, int] = {
    0: 9600, 1: 57600, 2: 115200, 3: 1_000_000, 4: 2_000_000, 5: 3_000_000, 6: 4_000_000,
    7: 4_500_000,
}  # fmt: skip
"""Bits a second by the value of Baud_Rate; an XL330 has no 7."""
VELOCITY_UNIT_COUNTS_S = 0.229 * COUNTS_PER_TURN / 60.0
"""Of Present_Velocity and its like, which count in 0.229 turns a minute."""
RETURN_DELAY_UNIT_S = 2e-6
"""Of Return_Delay_Time: how long a servo waits before it answers."""
