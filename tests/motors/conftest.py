from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest

from lerecord.motors import Motor
from lerecord.motors.dynamixel import XL330_M288, XL430_W250, DynamixelBus
from lerecord.simulator.dynamixel import Bus, Servo
from lerecord.simulator.ports.ports import LockStepPort

MOTORS = (
    Motor("lift", 2, XL430_W250),
    Motor("elbow", 3, XL330_M288),
    Motor("wrist", 4, XL330_M288),
)


class SlowPort(LockStepPort):
    """Replies take the next of the delays (seconds) longer; the wire keeps their order."""

    def __init__(self, wire: Any) -> None:
        super().__init__(wire)
        self.delays: deque[float] = deque()
        self.under_way: deque[tuple[float, bytes]] = deque()
        self.writes = 0

    def writePort(self, packet: bytes | list[int]) -> int:  # noqa: N802
        self._deliver()
        self.writes += 1
        self.tampering.appendleft(self._delay)
        count = super().writePort(packet)
        if self.tampering and self.tampering[0] == self._delay:
            self.tampering.popleft()  # there was no reply
        return count

    def getBytesAvailable(self) -> int:  # noqa: N802
        self._deliver()
        return super().getBytesAvailable()

    def readPort(self, length: int) -> bytes:  # noqa: N802
        self._deliver()
        return super().readPort(length)

    def isPacketTimeout(self) -> bool:  # noqa: N802
        if self.under_way and self.under_way[0][0] <= self._deadline_s:
            self.clock_s = max(self.clock_s, self.under_way[0][0])
            self._deliver()
        return super().isPacketTimeout()

    def _delay(self, reply: bytes) -> bytes:
        if self.tampering:
            reply = self.tampering.popleft()(reply)
        due_s = self.clock_s + (self.delays.popleft() if self.delays else 0.0)
        if self.under_way:
            due_s = max(due_s, self.under_way[-1][0])
        self.under_way.append((due_s, reply))
        return b""

    def _deliver(self) -> None:
        while self.under_way and self.under_way[0][0] <= self.clock_s:
            self.arrive(self.under_way.popleft()[1])


@dataclass
class Bench:
    """Three simulated servos on a lock-step port, and the bus under test."""

    servos: dict[str, Servo] = field(
        default_factory=lambda: {m.name: Servo(m.model, m.id) for m in MOTORS}
    )

    def __post_init__(self) -> None:
        self.wire = Bus(list(self.servos.values()))
        self.attach(SlowPort(self.wire))

    def attach(self, port: SlowPort) -> None:
        self.port = port
        self.bus = DynamixelBus(port, MOTORS, now=port.now)
        self.bus.open()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="session")
def make_bench() -> type[Bench]:
    """For property tests, which need a fresh bench for each example."""
    return Bench
