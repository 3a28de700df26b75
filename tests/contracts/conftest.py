"""Simulated arms and buses for the contracts; a new driver adds its own here."""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from lerecord import drivers
from lerecord.arms import ArmSettings, calibration
from lerecord.arms.units import Units
from lerecord.motors import WaitingPort
from lerecord.motors.dynamixel import DynamixelBus
from lerecord.motors.feetech import FeetechBus
from lerecord.simulator.ports import Ports
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import RIGS, calibration_json


@dataclass
class SimulatedArm:
    """An arm of some driver, not connected, with what a test may do to the servos under it."""

    arm: Any
    bus: Any
    silence: Callable[[Sequence[int]], None]
    wait: Callable[[float], None]
    torque: Callable[[], list[bool]]
    shafts: Callable[[], list[float]]


@dataclass(frozen=True)
class Link:
    """A port with servos on its other end, its clock, and a way to let time pass."""

    port: Any
    now: Callable[[], float]
    sleep: Callable[[float], None]


def _in_memory(wire: Any, _: ExitStack) -> Link:
    port = LockStepPort(wire)
    return Link(port, port.now, port.sleep)


def _on_a_terminal(wire: Any, stack: ExitStack) -> Link:
    ports = Ports(time.monotonic)
    port = WaitingPort(ports.add_terminal(wire))
    stack.enter_context(ports)
    stack.callback(port.closePort)
    return Link(port, time.monotonic, time.sleep)


LINKS: dict[str, Callable[[Any, ExitStack], Link]] = {
    "memory": _in_memory,
    "terminal": _on_a_terminal,
}


BUSES: dict[str, Any] = {"koch": DynamixelBus, "so101": FeetechBus}


def simulated_arm(
    name: str, kind: str, units: Units, connect: Callable[[Any], Link]
) -> SimulatedArm:
    """The driver of that name on simulated servos."""
    arm = getattr(RIGS[name], kind.lower())()
    wire: Any = arm.wire()
    link = connect(wire)
    driver = getattr(drivers.load("arms", name), kind)
    bus = BUSES[name](link.port, driver.motors, now=link.now)
    data = json.loads(calibration_json(arm))

    def silence(ids: Sequence[int]) -> None:
        wire.servos = tuple(servo for servo in arm.servos if servo.id not in ids)

    def wait(seconds: float) -> None:
        link.sleep(seconds)
        wire.advance(link.now())

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


EVERYWHERE = "LERECORD_TEST_EVERY_LINK" in os.environ
PLACES = [
    (name, link)
    for name in BUSES
    for link in LINKS
    if EVERYWHERE or link == "memory" or name == "koch"  # waiting on a terminal is the same for all
]


@pytest.fixture(params=PLACES, ids="-".join)
def simulate(request: pytest.FixtureRequest) -> Iterator[Callable[[str, Units], SimulatedArm]]:
    """One simulated arm after the other of each driver there is, on each kind of port."""
    name, link = request.param
    with ExitStack() as stack:
        yield lambda kind, units: simulated_arm(
            name, kind, units, lambda wire: LINKS[link](wire, stack)
        )


@pytest.fixture(params=["Leader", "Follower"])
def either(request: pytest.FixtureRequest, simulate: Any) -> SimulatedArm:
    """A leader, then a follower."""
    made: SimulatedArm = simulate(request.param, "normalized")
    return made


@pytest.fixture
def follower(simulate: Any) -> SimulatedArm:
    made: SimulatedArm = simulate("Follower", "normalized")
    return made
