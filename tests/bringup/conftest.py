"""Arms of each kind on a lock-step port, fresh from the box, and a hand to move them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from lerecord import drivers
from lerecord.arms import ArmDriver
from lerecord.bringup import ArmToCalibrate
from lerecord.motors.dynamixel import DynamixelBus
from lerecord.simulator.dynamixel import Bus
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import koch as simulated_koch


@dataclass(frozen=True)
class Bench:
    """An arm whose joints a test moves.

    Attributes:
        driver: what drives it.
        arm: as it is brought up.
        bus: under it.
        truth: its calibration, had it been homed in the pose `homed`.
        homed: where each shaft stands then.
        ends: of each shaft; None for a joint that turns freely.
        servos: of the simulated arm.
        wire: that they are on.
    """

    driver: ArmDriver
    arm: ArmToCalibrate
    bus: Any
    truth: dict[str, Any]
    homed: list[float]
    ends: list[tuple[float, float] | None]
    servos: Sequence[Any]
    wire: Any

    def move(self, shafts: Sequence[float]) -> None:
        """Put the joints there, by hand."""
        for servo, shaft in zip(self.servos, shafts, strict=True):
            servo.world.hand = servo.shaft = shaft


def _koch(role: str) -> Bench:
    simulated = simulated_koch.leader() if role == "Leader" else simulated_koch.follower()
    driver = getattr(drivers.load("arms", "koch"), role)
    wire = Bus(simulated.servos)
    port = LockStepPort(wire)
    bus = DynamixelBus(port, driver.motors, now=port.now)
    mounts = simulated.mounts
    return Bench(
        driver,
        ArmToCalibrate(f"main {role.lower()}", driver, bus),
        bus,
        simulated.calibration(),
        [mount.shaft(mount.homed) for mount in mounts],
        [
            None
            if mount.low is None or mount.high is None
            else (mount.shaft(mount.low), mount.shaft(mount.high))
            for mount in mounts
        ],
        simulated.servos,
        wire,
    )


ARMS: dict[str, Callable[[], Bench]] = {
    "koch leader": lambda: _koch("Leader"),
    "koch follower": lambda: _koch("Follower"),
}


@pytest.fixture(params=ARMS)
def bench(request: pytest.FixtureRequest) -> Bench:
    """One arm of each kind after the other."""
    return ARMS[request.param]()
