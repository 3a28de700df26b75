"""One simulated STS3215: its rules and its motion.

Rules are the maker's memory table 3.7 and what users measured. Time comes in as an argument; there
is no thread and no I/O. The shaft is a float in encoder counts that knows no turns; what the wire
sees is

    Present_Position = shaft - Homing_Offset

within one turn (0 to 4095), or over several where Phase has the bit 0x10. A goal that is written
switches torque on. It acts after a dead time, and the shaft follows it with a lag.

Gains, dead zones, the speed loop, Goal_Time and the direction bits of Phase are kept as registers
only.
"""

import math
from collections import deque

from lerecord.motors import Model
from lerecord.motors.feetech import BAUD_RATES, RETURN_DELAY_UNIT_S
from lerecord.simulator.feetech.memory import Memory
from lerecord.simulator.feetech.protection import Limits, Protection
from lerecord.simulator.servos import Failure, Surroundings, sink, track

DEAD_TIME_S = 0.085
LAG_S = 0.03
FREE_SPEED = 3000.0  # counts a second at 7.4 V
MIDDLE = 2048

_POSITION, _SPEED = 0, 1
_SEVERAL_TURNS, _ZERO_IS_FULL_SPEED = 0x10, 0x08
_MIDDLE_IS_HERE = 128  # of Torque_Enable
_ACCELERATION_UNIT = 100.0  # counts/s2
_LOAD_PER_COUNT, _FULL_LOAD = 10, 1000  # 0.1 % of the torque
_CURRENT_AT_FULL_LOAD = 400  # 6.5 mA
_STILL = 10.0  # counts a second
_MOST = 32767  # what two bytes with a sign bit hold


class Servo:
    """One servo.

    Args:
        model: control table.
        model: control table.
        servo_id: its ID on the bus.
        shaft: counts of the shaft at power-up.
        baud: value of its Baud_Rate register; 0 is 1 Mbaud.
    """

    def __init__(
        self, model: Model, servo_id: int, shaft: float = float(MIDDLE), baud: int = 0
    ) -> None:
        self.shaft = shaft
        self.velocity = 0.0  # counts a second
        self.world = Surroundings()
        self.protection = Protection()
        self.pending: tuple[int, bytes] | None = None  # of a Reg Write
        self._memory = Memory(model)
        self._now: float | None = None
        self._torque = False
        self._memory.keep("ID", servo_id)
        self._memory.keep("Baud_Rate", baud)
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
    def answers_everything(self) -> bool:
        """False when only ping and reads are answered."""
        return self._memory.load("Response_Status_Level") != 0

    @property
    def model(self) -> Model:
        """Its model."""
        return self._memory.model

    @property
    def torque(self) -> bool:
        """True while the motor drives the shaft."""
        return self._torque

    @property
    def status(self) -> int:
        """The error byte of what it answers."""
        return int(self.protection.status)

    @property
    def position(self) -> int:
        """Present_Position."""
        return math.floor(self.shaft + 0.5) - self._offset - self._base()

    def value(self, name: str) -> int:
        """Value of a register by name; raises KeyError when the model has none of that name."""
        self._publish()
        return self._memory.load(name)

    def shaft_at(self, position: float) -> float:
        """Shaft counts at which Present_Position would read that position."""
        return position + self._offset + self._base()

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the control table; what nothing is kept at reads as 0."""
        self._publish()
        return bytes(self._memory.data[address : address + size]).ljust(size, b"\0")

    def write(self, address: int, data: bytes) -> None:
        """Write bytes from address on; what is read-only stays as it is."""
        touched = self._memory.write(address, data, self._now or 0.0)
        if "Torque_Enable" in touched:
            self._switch(self._memory.load("Torque_Enable"))
        self._refresh()
        if "Goal_Position" in touched:
            self._take_goal()

    def advance(self, now: float) -> None:
        """Let time pass until `now` (seconds on any monotonic clock; the first call sets it)."""
        before = self._now
        self._now = now
        if before is None or now <= before:
            return
        self._memory.settle(now)
        while self._goals and self._goals[0][0] <= now:
            due, goal = self._goals.popleft()
            self._move(due - before)
            self._goal, before = goal, max(due, before)
        self._move(now - before)
        self._protect(now)

    def fail(self, failure: Failure) -> None:
        """Let that happen: overload lasts until the next goal, the others until a restart."""
        self.protection.fail(failure)
        if self.protection.takes_torque(self._unloading):
            self._switch(0)

    def reboot(self) -> None:
        """Restart, as when its power was off and on."""
        self._memory.lose_power()
        self._power_up()

    def factory_reset(self) -> None:
        """Every register but ID to its initial value."""
        self._memory.reset()
        self._power_up()

    def clear_turns(self) -> None:
        """Count positions from this turn on."""
        self._turn = math.floor((self.shaft + 0.5) / self.model.counts_per_turn)

    def _power_up(self) -> None:
        self.pending = None
        self.protection.restart()
        self._goals: deque[tuple[float, int]] = deque()
        self._goal = 0
        self._refresh()
        self.clear_turns()
        self._switch(0)
        self._goal = self.position

    def _refresh(self) -> None:
        """Keep what every step needs as plain numbers; called after every change of a register."""
        load = self._memory.load
        self._id = load("ID")
        self._baud = BAUD_RATES.get(load("Baud_Rate"), 0)
        self._return_delay_s = load("Return_Delay_Time") * RETURN_DELAY_UNIT_S
        self._mode = load("Operating_Mode")
        self._offset = load("Homing_Offset")
        phase = load("Phase")
        self._is_single = not phase & _SEVERAL_TURNS
        asked = abs(load("Goal_Velocity"))
        is_full = asked == 0 and phase & _ZERO_IS_FULL_SPEED and self._mode == _POSITION
        self._speed = FREE_SPEED if is_full else min(float(asked), FREE_SPEED)
        acceleration = load("Acceleration") * _ACCELERATION_UNIT
        self._acceleration = acceleration if acceleration else math.inf
        self._unloading = load("Unloading_Condition")
        self._limits = Limits.of(load)
        self._most_load = min(load("Torque_Limit"), _FULL_LOAD)

    def _base(self) -> int:
        """Counts of the turns that Present_Position does not show."""
        turn = self.model.counts_per_turn
        if self._is_single:
            return (math.floor(self.shaft + 0.5) - self._offset) // turn * turn
        return self._turn * turn

    def _switch(self, torque: int) -> None:
        """Torque on or off; or let this place be the middle."""
        if torque == _MIDDLE_IS_HERE:
            here = (math.floor(self.shaft + 0.5) - MIDDLE) % self.model.counts_per_turn
            offset = here if here < MIDDLE else here - self.model.counts_per_turn
            offset = max(offset, 1 - MIDDLE)
            register = self.model.registers["Homing_Offset"]
            self._memory.write(register.address, register.encode(offset), self._now or 0.0)
            torque = int(self._torque)
        is_on = bool(torque) and not self.protection.takes_torque(self._unloading)
        if is_on and not self._torque:
            self._goals.clear()
            self._goal = self.position
        self._torque = is_on
        self._memory.store("Torque_Enable", int(is_on))

    def _take_goal(self) -> None:
        """Every goal is a motion command, and ends an overload."""
        self.protection.new_goal()
        if not self._torque:
            self._switch(1)
        low, high = (self._memory.load(f"{end}_Position_Limit") for end in ("Min", "Max"))
        goal = self._memory.load("Goal_Position")
        if self._torque:
            goal = min(max(goal, low), high) if (low, high) != (0, 0) else goal
            self._goals.append(((self._now or 0.0) + DEAD_TIME_S, goal))

    def _move(self, elapsed: float) -> None:
        if elapsed <= 0.0:
            return
        before, world = self.shaft, self.world
        if not self._torque and world.hand is not None:
            self.shaft = world.hand
        elif not self._torque:
            if world.slump is not None:
                self.shaft = sink(self.shaft, world.slump, elapsed)
        elif self._mode == _SPEED:
            self.shaft += math.copysign(self._speed, self._memory.load("Goal_Velocity")) * elapsed
        elif self._mode == _POSITION and not self.protection.is_overloaded:
            speed = min(self._speed, abs(self.velocity) + self._acceleration * elapsed)
            goal = self.shaft_at(self._goal)
            self.shaft = track(self.shaft, goal, speed, elapsed, LAG_S)
        self.shaft = min(max(self.shaft, world.low), world.high)
        self.velocity = (self.shaft - before) / elapsed

    def _load(self) -> int:
        """Present_Load: what the error of the position asks for."""
        if not self._torque or self._mode != _POSITION:
            return 0
        most = self._most_load
        if self.protection.is_overloaded:
            most = min(most, self._memory.load("Protective_Torque") * 10)
        error = (self._goal - self.position) * _LOAD_PER_COUNT
        return min(max(error, -most), most)

    def _protect(self, now: float) -> None:
        load = abs(self._load())
        current = load * _CURRENT_AT_FULL_LOAD // _FULL_LOAD
        self.protection.watch(now, load, current, self._limits)
        if self._torque and self.protection.takes_torque(self._unloading):
            self._switch(0)

    def _publish(self) -> None:
        """Bring the registers that report the present up to date."""
        load = self._load()
        for name, value in (
            ("Present_Position", self.position),
            ("Present_Velocity", round(min(max(self.velocity, -_MOST), _MOST))),
            ("Present_Load", load),
            ("Present_Voltage", self.protection.decivolts),
            ("Present_Temperature", self.protection.celsius),
            ("Async_Write_Flag", int(self.pending is not None)),
            ("Status", self.status),
            ("Moving", int(abs(self.velocity) > _STILL)),
            ("Present_Current", abs(load) * _CURRENT_AT_FULL_LOAD // _FULL_LOAD),
            ("Goal_Position_2", self._goal),
        ):
            self._memory.store(name, value)
