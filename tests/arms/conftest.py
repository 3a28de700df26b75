import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lerecord.arms import ArmSettings, Calibration, calibration, koch
from lerecord.arms.six_joints import JOINTS
from lerecord.arms.units import Units
from lerecord.motors.dynamixel import DynamixelBus
from lerecord.simulator.dynamixel import SYNC_WRITE, WRITE, Bus
from lerecord.simulator.dynamixel.packets import Packet, Parser
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import calibration_json
from lerecord.simulator.rigs import koch as simulated


@dataclass(frozen=True)
class Write:
    """One register of one servo, as it was written on the wire; `group` when not acknowledged."""

    register: str
    id: int
    value: int
    group: bool


class Tap:
    """Passes bytes on to the simulated servos and keeps what was written."""

    def __init__(self, servos: Bus) -> None:
        self.servos = servos
        self.writes: list[Write] = []
        self._models = {servo.id: servo.model for servo in servos.servos}
        self._parser = Parser()

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        for packet in self._parser.feed(data):
            self.writes.extend(self._written(packet))
        return self.servos.feed(data, now, baud)

    def to(self, register: str) -> list[Write]:
        return [write for write in self.writes if write.register == register]

    def _written(self, packet: Packet) -> Iterator[Write]:
        address, data = int.from_bytes(packet.parameters[:2], "little"), packet.parameters[2:]
        if packet.instruction == WRITE:
            yield self._write(packet.id, address, data, group=False)
        elif packet.instruction == SYNC_WRITE:
            size = int.from_bytes(data[:2], "little")
            entries = deque(data[2:])
            while entries:
                servo_id = entries.popleft()
                value = bytes(entries.popleft() for _ in range(size))
                yield self._write(servo_id, address, value, group=True)

    def _write(self, servo_id: int, address: int, data: bytes, group: bool) -> Write:
        registers = self._models[servo_id].registers
        (name,) = (name for name, register in registers.items() if register.address == address)
        signed = registers[name].signed
        return Write(name, servo_id, int.from_bytes(data, "little", signed=signed), group)


class Bench:
    """A simulated Koch arm on a lock-step port, and the driver under test on top of it."""

    def __init__(self, kind: str, units: Units = "normalized", **limits: list[float]) -> None:
        self.simulated = simulated.leader() if kind == "Leader" else simulated.follower()
        driver = self._driver = getattr(koch, kind)
        self.calibration = calibration.parse(
            json.loads(calibration_json(self.simulated)), driver.motors, "bench.json"
        )
        self.tap = Tap(Bus(self.simulated.servos))
        self.port = LockStepPort(self.tap)
        self.bus = DynamixelBus(self.port, driver.motors, now=self.port.now)
        self._settings = ArmSettings(f"main {kind.lower()}", "lockstep", limits=limits)
        self.arm = driver(self._settings, self.calibration, units, self.bus)

    def another(self, calibration: Calibration, **settings: Any) -> Any:
        """A driver for the same servos that goes by another calibration."""
        return self._driver(
            replace(self._settings, **settings), calibration, "normalized", self.bus
        )

    def servo(self, joint: str) -> Any:
        return self.simulated.servos[JOINTS.index(joint)]

    def values(self, register: str) -> list[int]:
        return [servo.value(register) for servo in self.simulated.servos]

    def wait(self, seconds: float) -> None:
        """Let the servos move for so long."""
        until = self.port.clock_s + seconds
        while self.port.clock_s < until:
            self.port.clock_s += 0.01
            self.tap.servos.advance(self.port.clock_s)


@pytest.fixture(scope="session")
def make_bench() -> type[Bench]:
    return Bench


@pytest.fixture
def leader() -> Bench:
    return Bench("Leader")


@pytest.fixture
def follower() -> Bench:
    return Bench("Follower")
