"""One simulated servo of the Dynamixel X series: its rules and its motion.

Rules and units are the ROBOTIS e-manual's (XL330-M077, XL330-M288, XL430-W250; Protocol 2.0).
Time comes in as an argument; there is no thread and no I/O. The shaft is a float in encoder
counts that knows no turns; what the wire sees is

    Present_Position = direction * shaft + turn + Homing_Offset

where `turn` is a whole number of turns, chosen so that the shaft reads within one turn whenever
the servo starts, changes its Drive_Mode, or is driven in position control (mode 3).

Gains, profile acceleration, time-based profiles, PWM slope, startup configuration and the secondary
ID are kept as registers only; indirect addresses are not there.
"""

import math
import struct

from lerecord.motors import Model
from lerecord.motors.dynamixel import (
    BAUD_RATES,
    COUNTS_PER_TURN,
    EEPROM_END,
    RETURN_DELAY_UNIT_S,
    VELOCITY_UNIT_COUNTS_S,
)
from lerecord.simulator.dynamixel.control_table import ControlTable, ErrorNumber, RefusedError
from lerecord.simulator.dynamixel.modes import (
    CURRENT,
    CURRENT_POSITION,
    EXTENDED_POSITION,
    POSITION,
    PWM,
    VELOCITY,
)
from lerecord.simulator.dynamixel.protection import FAILURES, GOALS, HardwareError, Protection
from lerecord.simulator.servos import Failure, Surroundings, approach, sink, track

_TRACKING = frozenset({POSITION, EXTENDED_POSITION, CURRENT_POSITION})
_YIELDING = frozenset({CURRENT, CURRENT_POSITION})  # a hand can push against these
_RESET_BY_MODE = [
    "Velocity_I_Gain", "Velocity_P_Gain", "Position_D_Gain", "Position_I_Gain", "Position_P_Gain",
    "Feedforward_2nd_Gain", "Feedforward_1st_Gain", "Profile_Acceleration", "Profile_Velocity",
]  # fmt: skip
_PRESENT = struct.Struct("<HBBhhiiiiHB")  # Realtime_Tick (120) to Present_Temperature (146)
_PRESENT_AT = 120
_REVERSE, _TORQUE_ON_BY_GOAL = 0x01, 0x08
_HOMING_IN_POSITION_MODE = 1024  # mode 3 ignores a Homing_Offset beyond
_FULL_EFFORT, _EFFORT_PER_COUNT = 885, 3


class Servo:
    """One servo.

    Args:
        model: control table.
        servo_id: its ID on the bus.
        shaft: counts of the shaft at power-up.
        baud: value of its Baud_Rate register; 3 is 1 Mbaud.
    """

    def __init__(self, model: Model, servo_id: int, shaft: float = 2048.0, baud: int = 3) -> None:
        self.shaft = shaft
        self.velocity = 0.0  # counts of the shaft a second
        self.world = Surroundings()
        self.celsius = 30 + servo_id
        self.pending: tuple[int, bytes] | None = None  # of a Reg Write
        self._table = ControlTable(model)
        self._protection = Protection(self._table)
        self._has_current = "Goal_Current" in model.registers
        self._volts = model.registers["Max_Voltage_Limit"].initial * 5 // 6  # 11.6 V or 5.8 V
        self._now: float | None = None
        self._table.store("ID", servo_id)
        self._table.store("Baud_Rate", baud)
        self._power_up()

    @property
    def id(self) -> int:
        """Its ID on the bus."""
        return self._id

    @property
    def baud(self) -> int:
        """Bits a second at which it listens and answers."""
        return self._baud

    @property
    def return_delay_s(self) -> float:
        """How long it waits before it answers."""
        return self._return_delay_s

    @property
    def model(self) -> Model:
        """Its model."""
        return self._table.model

    @property
    def alert(self) -> bool:
        """True while Hardware_Error_Status is not zero."""
        return self._protection.alert

    @property
    def torque(self) -> bool:
        """True while the motor drives the shaft."""
        return self._torque

    @property
    def position(self) -> int:
        """Present_Position."""
        return self._direction * math.floor(self.shaft + 0.5) + self._turn + self._offset

    def value(self, name: str) -> int:
        """Value of a register by name; raises KeyError when the model has none of that name."""
        self._publish()
        return self._table.load(name)

    def shaft_at(self, position: float) -> float:
        """Shaft counts at which Present_Position would read that position."""
        return self._direction * (position - self._turn - self._offset)

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the control table; raises RefusedError (access) outside of it."""
        if not self._published:
            self._publish()
        return self._table.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Write whole registers from address on; raises RefusedError and then changes nothing."""
        for name, value in self.check(address, data).items():
            self._apply(name, value)

    def check(self, address: int, data: bytes) -> dict[str, int]:
        """Values by register that such a write would set; raises RefusedError as it would."""
        values = self._table.decode(address, data)
        for name, value in values.items():
            self._protection.check(name, value)
        return values

    def advance(self, now: float) -> None:
        """Let time pass until `now` (seconds on any monotonic clock; the first call sets it)."""
        elapsed = 0.0 if self._now is None else now - self._now
        self._now = now
        if elapsed <= 0.0:
            return
        self._published = False
        if self._torque and self._protection.trips(now):
            self._goal_is_here()
            self._refresh()
        before = self.shaft
        self._move(elapsed)
        self.shaft = min(max(self.shaft, self.world.low), self.world.high)
        self.velocity = (self.shaft - before) / elapsed

    def hear(self, now: float) -> None:
        """An instruction packet went by: the bus watchdog starts again."""
        self._protection.hear(now)

    def fail(self, failure: HardwareError | Failure) -> None:
        """Let a hardware error happen: the alert bit is set, and Shutdown decides about torque."""
        error = failure if isinstance(failure, HardwareError) else FAILURES[failure]
        self._protection.fail(error)
        self._refresh()

    def reboot(self) -> None:
        """Restart: RAM registers to their initial values, EEPROM kept, torque off."""
        registers = self.model.registers
        self._table.reset([n for n, r in registers.items() if r.address >= EEPROM_END])
        self._power_up()

    def factory_reset(self, keep_id: bool, keep_baud: bool) -> None:
        """Every register to its initial value, but for ID and Baud_Rate when they are kept."""
        kept = {"ID": keep_id, "Baud_Rate": keep_baud}
        self._table.reset([name for name in self.model.registers if not kept.get(name, False)])
        self._power_up()

    def clear_turns(self) -> None:
        """Forget whole turns; raises RefusedError (result fail) while the shaft moves."""
        if self._moving():
            raise RefusedError(ErrorNumber.RESULT_FAIL)
        self._within_one_turn()
        self._goal_is_here()

    def _power_up(self) -> None:
        self.pending = None
        self._goals_to_limits()
        self._refresh()
        self._within_one_turn()
        self._goal_is_here()

    def _apply(self, name: str, value: int) -> None:
        was_on = self._torque
        self._table.store(name, value)
        if name in GOALS and self._wakes_by_goal():
            self._table.store("Torque_Enable", 1)
        if name == "Operating_Mode":
            self._table.reset(_RESET_BY_MODE)
            self._goals_to_limits()
        self._refresh()
        if name == "Drive_Mode" or (name == "Operating_Mode" and value == POSITION):
            self._within_one_turn()
        if name == "Torque_Enable" and value == 1 and not was_on:
            if self._mode == POSITION:
                self._within_one_turn()
            self._goal_is_here()

    def _wakes_by_goal(self) -> bool:
        wakes = self._table.load("Drive_Mode") & _TORQUE_ON_BY_GOAL
        return wakes != 0 and not self._protection.shut_down

    def _goals_to_limits(self) -> None:
        self._table.store("Goal_PWM", self._table.load("PWM_Limit"))
        if self._has_current:
            self._table.store("Goal_Current", self._table.load("Current_Limit"))

    def _refresh(self) -> None:
        """Keep what every step needs as plain numbers; called after every change of a register."""
        load = self._table.load
        self._published = False
        self._id = load("ID")
        self._baud = BAUD_RATES[load("Baud_Rate")]
        self._return_delay_s = load("Return_Delay_Time") * RETURN_DELAY_UNIT_S
        self._mode = load("Operating_Mode")
        self._torque = load("Torque_Enable") == 1
        self._goal = load("Goal_Position")
        self._protection.refresh()
        self._most_load = abs(load("Goal_Current")) if self._has_current else _FULL_EFFORT
        self._still = load("Moving_Threshold") * VELOCITY_UNIT_COUNTS_S
        self._direction = -1 if load("Drive_Mode") & _REVERSE else 1
        offset = load("Homing_Offset")
        ignored = self._mode == POSITION and abs(offset) > _HOMING_IN_POSITION_MODE
        self._offset = 0 if ignored else offset
        limit, profile = load("Velocity_Limit"), load("Profile_Velocity")
        self._speed = VELOCITY_UNIT_COUNTS_S * (min(limit, profile) if profile else limit)

    def _within_one_turn(self) -> None:
        raw = self._direction * math.floor(self.shaft + 0.5)
        self._turn = raw % COUNTS_PER_TURN - raw

    def _goal_is_here(self) -> None:
        self._goal = self.position
        self._table.store("Goal_Position", self._goal)
        self._published = False

    def _moving(self) -> bool:
        return abs(self.velocity) > self._still

    def _move(self, elapsed: float) -> None:
        world = self.world
        if world.hand is not None and (not self._torque or self._mode in _YIELDING):
            self.shaft = world.hand
        elif not self._torque:
            if world.slump is not None:
                self.shaft = sink(self.shaft, world.slump, elapsed)
        elif self._protection.tripped:
            pass  # it holds still
        elif self._mode in _TRACKING:
            self.shaft = track(self.shaft, self.shaft_at(self._goal), self._speed, elapsed)
        else:
            self._spin(elapsed)

    def _spin(self, elapsed: float) -> None:
        """Velocity, current and PWM control: the speed comes near what is asked."""
        if self._mode == VELOCITY:
            goal = self._table.load("Goal_Velocity") * VELOCITY_UNIT_COUNTS_S
        else:
            asked, limit = (
                ("Goal_PWM", "PWM_Limit")
                if self._mode == PWM
                else ("Goal_Current", "Current_Limit")
            )
            goal = self._speed * self._table.load(asked) / max(self._table.load(limit), 1)
        speed = approach(self.velocity * self._direction, goal, elapsed)
        self.shaft += self._direction * speed * elapsed

    def _publish(self) -> None:
        """Bring the registers that report the present up to date."""
        position, moving = self.position, self._moving()
        error = self._goal - position if self._torque and self._mode in _TRACKING else 0
        effort = min(max(error * _EFFORT_PER_COUNT, -_FULL_EFFORT), _FULL_EFFORT)
        load = min(max(effort, -self._most_load), self._most_load)
        if not self._has_current:
            load = load * 1000 // _FULL_EFFORT  # Present_Load, in 0.1 %
        velocity = round(self._direction * self.velocity / VELOCITY_UNIT_COUNTS_S)
        _PRESENT.pack_into(
            self._table.memory, _PRESENT_AT, int((self._now or 0.0) * 1000) % 32768, moving,
            not moving, effort, load, velocity, position, velocity, self._goal, self._volts,
            self.celsius,
        )  # fmt: skip
        self._table.store("Registered_Instruction", int(self.pending is not None))
        self._published = True
