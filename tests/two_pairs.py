"""Two pairs of arms of a make on lock-step ports: each arm is another one, plugs can be swapped."""

import json
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
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import RIGS
from lerecord.simulator.rigs.arm import Arm
from tests.transports import BUSES

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
