"""Arms on each other's ports are named before torque goes on, with what to write instead."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lerecord import drivers
from lerecord.arms import Calibration, calibration
from lerecord.config import HardwareConfig, parse_config
from lerecord.control import Rig
from lerecord.errors import LerecordError
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import RIGS
from lerecord.simulator.rigs.arm import Arm
from tests.transports import BUSES, Time

PAIRS = ("left", "right")
ROLES = ("leader", "follower")


class Table:
    """Two pairs of arms of a make, each arm homed in a pose of its own, and ports that they are on.

    Args:
        make: of the arms.
        first: of the numbers that tell the arms apart.
    """

    def __init__(self, make: str, first: int) -> None:
        self.make = make
        numbers = count(first)
        self.arms: dict[tuple[str, str], Any] = {}
        for pair in PAIRS:
            for role in ROLES:
                made = getattr(RIGS[make], role)()
                shift = 7 * next(numbers)
                self.arms[pair, role] = Arm(
                    [replace(mount, zero=mount.zero + shift) for mount in made.mounts], made._make
                )
        for arm in self.arms.values():
            arm.calibrate()
        self.on = {f"/dev/{first}-{'-'.join(place)}": arm for place, arm in self.arms.items()}

    def port(self, place: tuple[str, str]) -> str:
        return next(port for port, arm in self.on.items() if arm is self.arms[place])

    @property
    def config(self) -> HardwareConfig:
        return parse_config(self.data(), "rig")

    def data(self) -> dict[str, Any]:
        arms: dict[str, dict[str, Any]] = {pair: {} for pair in PAIRS}
        for pair, role in self.arms:
            arms[pair][role] = {
                "driver": self.make,
                "port": self.port((pair, role)),
                "calibration": f"{pair}_{role}.json",
            }
        return {"robot_type": "r", "fps": 30, "arms": arms}

    def calibrations(self) -> dict[str, dict[str, Calibration]]:
        module = drivers.load("arms", self.make)
        return {
            pair: {
                role: calibration.parse(
                    self.file((pair, role)),
                    getattr(module, role.capitalize()).motors,
                    f"{pair}_{role}.json",
                )
                for role in ROLES
            }
            for pair in PAIRS
        }

    def file(self, place: tuple[str, str]) -> dict[str, Any]:
        return {joint: asdict(each) for joint, each in self.arms[place].calibration().items()}

    def write(self, folder: Path, name: str) -> None:
        """As a rig of this computer."""
        folder.mkdir()
        for place in self.arms:
            (folder / f"{'_'.join(place)}.json").write_text(json.dumps(self.file(place)))
        lines = ['robot_type = "r"', "fps = 30"]
        for pair, roles in self.data()["arms"].items():
            for role, entries in roles.items():
                lines += [f"[arms.{pair}.{role}]", *(f'{k} = "{v}"' for k, v in entries.items())]
        (folder / f"{name}.toml").write_text("\n".join(lines))


@pytest.fixture(params=["koch", "so101"])
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Table:
    monkeypatch.chdir(tmp_path)
    made = Table(request.param, 1)
    plug(made.make, made.on, monkeypatch)
    return made


def plug(make: str, on: Mapping[str, Any], patch: pytest.MonkeyPatch) -> None:
    """Let the drivers of a make reach the arms on these ports; another port is silent."""
    module = drivers.load("arms", make)

    def reaching(driver: Any) -> Any:
        class Reaching(driver):  # type: ignore[misc]
            def __init__(self, settings: Any, calibration: Any, units: Any) -> None:
                port = LockStepPort(on[settings.port].wire())
                bus = BUSES[make](port, driver.motors, now=port.now)
                super().__init__(settings, calibration, units, bus)

        return Reaching

    made = SimpleNamespace(Leader=reaching(module.Leader), Follower=reaching(module.Follower))
    patch.setattr(drivers, "load", lambda kind, name: made)


def refusal(config: HardwareConfig, table: Table, write_calibration: bool = False) -> str:
    """What is said of a rig; no servo has torque or another calibration since."""
    before = [servo.value("Homing_Offset") for arm in table.on.values() for servo in arm.servos]
    with pytest.raises(LerecordError) as refused:
        Rig(
            config, table.calibrations(), Time().clocks, write_calibration=write_calibration
        ).__enter__()
    servos = [servo for arm in table.on.values() for servo in arm.servos]
    assert not any(servo.torque for servo in servos)
    assert [servo.value("Homing_Offset") for servo in servos] == before
    return str(refused.value)


def swapped(config: HardwareConfig, one: tuple[str, str], other: tuple[str, str]) -> Any:
    data = config.model_dump()
    tables = [data["arms"][pair][role] for pair, role in (one, other)]
    tables[0]["port"], tables[1]["port"] = tables[1]["port"], tables[0]["port"]
    return data


SWAPS = [
    (("left", "leader"), ("left", "follower")),
    (("left", "leader"), ("right", "leader")),
    (("left", "follower"), ("right", "follower")),
    (("left", "leader"), ("right", "follower")),
]


@pytest.mark.parametrize("write_calibration", [False, True])
@pytest.mark.parametrize(("one", "other"), SWAPS)
def test_two_arms_that_are_swapped_are_named_and_the_remedy_works(
    table: Table, one: tuple[str, str], other: tuple[str, str], write_calibration: bool
) -> None:
    data = swapped(table.config, one, other)
    told = refusal(parse_config(data, "rig"), table, write_calibration)
    for place, carried in ((one, other), (other, one)):
        wrong = data["arms"][place[0]][place[1]]["port"]
        table_name, name = f"[arms.{'.'.join(place)}]", " ".join(carried)
        assert f"{wrong}, the port of {table_name}, carries the {name}" in told
    for port, pair, role in re.findall(r'port = "([^"]+)" in \[arms\.(\w+)\.(\w+)\]', told):
        data["arms"][pair][role]["port"] = port
    with Rig(parse_config(data, "rig"), table.calibrations(), Time().clocks):
        pass


@pytest.mark.parametrize("write_calibration", [False, True])
def test_the_arms_of_another_bench_are_named(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_calibration: bool
) -> None:
    other = Table(table.make, 101)
    other.write(tmp_path / "hardware_configs", "bench2")
    config = table.config
    table.on.update(zip(table.on, other.on.values(), strict=True))  # the plugs of both benches
    told = refusal(config, table, write_calibration)
    assert told.startswith(
        "/dev/1-left-leader, the port of [arms.left.leader], carries the left leader of bench2"
    )
    assert told.count("of bench2") == 4
    assert told.endswith("plug this rig's own arms in, or use that one with --hardware bench2.")


def test_an_arm_that_nobody_knows_keeps_its_own_sentence(table: Table) -> None:
    config, stranger = table.config, Table(table.make, 201)
    table.on["/dev/1-left-follower"] = stranger.arms["left", "follower"]
    told = refusal(config, table)
    assert "The servos of the left follower on " in told
    assert "hold a different calibration" in told


def test_an_arm_without_power_keeps_its_own_sentence(table: Table) -> None:
    config, gone = table.config, table.on["/dev/1-right-leader"]
    wire = gone.wire
    gone.wire = lambda: wire(lambda *_: False)
    assert refusal(config, table).startswith("No servo of the right leader answers on ")


def test_new_servos_are_told_by_their_models_alone(table: Table) -> None:
    config = table.config
    fresh = {role: getattr(RIGS[table.make], role)() for role in ROLES}
    for role in ROLES:
        table.on[f"/dev/1-left-{role}"] = fresh[role]
    with Rig(config, table.calibrations(), Time().clocks):
        pass
