"""Simulated arms and buses for the contracts; a new driver adds its own here."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from lerecord import drivers
from lerecord.arms import calibration
from lerecord.arms.arm import ArmSettings
from lerecord.arms.units import Units
from lerecord.motors.dynamixel import DynamixelBus
from lerecord.simulator import koch as simulated_koch
from lerecord.simulator.dynamixel import Bus
from lerecord.simulator.ports import LockStepPort


@dataclass
class SimulatedArm:
    """An arm of some driver, not connected, with what a test may do to the servos under it."""

    arm: Any
    bus: Any
    silence: Callable[[Sequence[int]], None]
    wait: Callable[[float], None]
    torque: Callable[[], list[bool]]
    shafts: Callable[[], list[float]]


def _koch(kind: str, units: Units) -> SimulatedArm:
    arm = simulated_koch.leader() if kind == "Leader" else simulated_koch.follower()
    wire = Bus(arm.servos)
    port = LockStepPort(wire)
    driver = getattr(drivers.load("arms", "koch"), kind)
    bus = DynamixelBus(port, driver.motors, now=port.now)
    data = json.loads(simulated_koch.calibration_json(arm))

    def silence(ids: Sequence[int]) -> None:
        wire.servos = tuple(servo for servo in arm.servos if servo.id not in ids)

    def wait(seconds: float) -> None:
        port.clock_s += seconds
        wire.advance(port.clock_s)

    return SimulatedArm(
        driver(
            ArmSettings("tested arm", "lockstep"),
            calibration.parse(data, driver.motors, "a.json"),
            units,
            bus,
        ),
        bus,
        silence,
        wait,
        lambda: [servo.torque for servo in arm.servos],
        lambda: [servo.shaft for servo in arm.servos],
    )


SIMULATED: dict[str, Callable[[str, Units], SimulatedArm]] = {"koch": _koch}


@pytest.fixture(params=drivers.names("arms"))
def simulate(request: pytest.FixtureRequest) -> Callable[[str, Units], SimulatedArm]:
    """One simulated arm after the other of each driver there is."""
    assert request.param in SIMULATED, f"the driver {request.param} needs a simulated arm here"
    return SIMULATED[request.param]


@pytest.fixture(params=["Leader", "Follower"])
def either(request: pytest.FixtureRequest, simulate: Any) -> SimulatedArm:
    """A leader, then a follower."""
    made: SimulatedArm = simulate(request.param, "normalized")
    return made


@pytest.fixture
def follower(simulate: Any) -> SimulatedArm:
    made: SimulatedArm = simulate("Follower", "normalized")
    return made
