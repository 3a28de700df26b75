"""Simulated arms and buses for the contracts; a new driver adds its own here."""

import json
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
from lerecord.simulator.dynamixel import Bus
from lerecord.simulator.ports import Ports
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import calibration_json
from lerecord.simulator.rigs import koch as simulated_koch


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


def _in_memory(wire: Bus, _: ExitStack) -> Link:
    port = LockStepPort(wire)
    return Link(port, port.now, port.sleep)


def _on_a_terminal(wire: Bus, stack: ExitStack) -> Link:
    ports = Ports(time.monotonic)
    port = WaitingPort(ports.add_terminal(wire))
    stack.enter_context(ports)
    stack.callback(port.closePort)
    return Link(port, time.monotonic, time.sleep)


LINKS: dict[str, Callable[[Bus, ExitStack], Link]] = {
    "memory": _in_memory,
    "terminal": _on_a_terminal,
}


def _koch(kind: str, units: Units, connect: Callable[[Bus], Link]) -> SimulatedArm:
    arm = simulated_koch.leader() if kind == "Leader" else simulated_koch.follower()
    wire = Bus(arm.servos)
    link = connect(wire)
    driver = getattr(drivers.load("arms", "koch"), kind)
    bus = DynamixelBus(link.port, driver.motors, now=link.now)
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


SIMULATED: dict[str, Callable[[str, Units, Callable[[Bus], Link]], SimulatedArm]] = {"koch": _koch}


@pytest.fixture(params=LINKS)
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[[Bus], Link]]:
    """Servos on each kind of port."""
    with ExitStack() as stack:
        yield lambda wire: LINKS[request.param](wire, stack)


@pytest.fixture(params=drivers.names("arms"))
def simulate(
    request: pytest.FixtureRequest, connect: Callable[[Bus], Link]
) -> Callable[[str, Units], SimulatedArm]:
    """One simulated arm after the other of each driver there is."""
    assert request.param in SIMULATED, f"the driver {request.param} needs a simulated arm here"
    return lambda kind, units: SIMULATED[request.param](kind, units, connect)


@pytest.fixture(params=["Leader", "Follower"])
def either(request: pytest.FixtureRequest, simulate: Any) -> SimulatedArm:
    """A leader, then a follower."""
    made: SimulatedArm = simulate(request.param, "normalized")
    return made


@pytest.fixture
def follower(simulate: Any) -> SimulatedArm:
    made: SimulatedArm = simulate("Follower", "normalized")
    return made
