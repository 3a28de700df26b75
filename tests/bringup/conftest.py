"""Arms of each kind on a lock-step port, fresh from the box, and a hand to move them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from lerecord import drivers
from lerecord.arms import ArmDriver
from lerecord.bringup import ArmToCalibrate
from lerecord.motors.dynamixel import DynamixelBus
from lerecord.motors.feetech import FeetechBus
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import JOINTS, RIGS


@dataclass(frozen=True)
class Bench:
    """An arm whose joints a test moves.

    Attributes:
        kind: name of its driver.
        driver: what drives it.
        arm: as it is brought up.
        bus: under it.
        truth: its calibration, had it been homed in the pose `homed`.
        homed: where each shaft stands then.
        ends: of each shaft; None for a joint that turns freely.
        servos: of the simulated arm.
        wire: that they are on.
    """

    kind: str
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


def _bench(name: str, role: str) -> Bench:
    simulated = getattr(RIGS[name], role)()
    driver = getattr(drivers.load("arms", name), role.capitalize())
    wire = simulated.wire()
    port = LockStepPort(wire)
    bus = BUSES[name](port, driver.motors, now=port.now)
    return Bench(
        name,
        driver,
        ArmToCalibrate(f"main {role}", driver, bus),
        bus,
        simulated.calibration(),
        [mount.shaft(mount.homed) for mount in simulated.mounts],
        [
            None
            if joint in driver.turning_joints
            else (mount.shaft(mount.low), mount.shaft(mount.high))
            for joint, mount in zip(JOINTS, simulated.mounts, strict=True)
        ],
        simulated.servos,
        wire,
    )


BUSES: dict[str, Callable[..., Any]] = {"koch": DynamixelBus, "so101": FeetechBus}
ARMS = [(name, role) for name in BUSES for role in ("leader", "follower")]


@pytest.fixture(params=ARMS, ids=" ".join)
def bench(request: pytest.FixtureRequest) -> Bench:
    """One arm of each kind after the other."""
    return _bench(*request.param)
