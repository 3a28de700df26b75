"""The real simulator process, for tests that compare with its truth."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from lerecord.config import ConfigFile, HardwareConfig
from lerecord.control import Rig, Setup
from lerecord.simulation_client import fill_in_places

CONFIGS = Path(__file__).parents[1] / "hardware_configs"
SIM = CONFIGS / "sim.toml"
SETUP = Setup.resolve(str(SIM), None)
SO101 = Setup.resolve(str(CONFIGS / "sim_so101.toml"), None)


class Simulator:
    """A simulator of its own, in the phase that the test asks for; with `loop` in every phase.

    Its arms are those of the setup.
    """

    def __init__(
        self, *cameras: str, loop: bool = False, log: Path | None = None, setup: Setup = SETUP
    ) -> None:
        self._rig = setup.config.arms["main"].roles["leader"].driver
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lerecord", "_simulator", *(["--loop"] if loop else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        first = {"seed": 1, "rig": self._rig, "cameras": dict.fromkeys(cameras, _CAMERA)}
        up = self.ask(first if log is None else {**first, "log": str(log)}, "up")
        self.places: dict[str, str] = {**up["ports"], **up["cameras"]}
        devices = dict.fromkeys(setup.config.cameras, "not watched") | up["cameras"]
        self.config: HardwareConfig = setup.config.reached_at(up["ports"], devices)

    def say(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, message: dict[str, Any], event: str) -> dict[str, Any]:
        self.say(message)
        assert self.process.stdout is not None
        while True:
            answer: dict[str, Any] = json.loads(self.process.stdout.readline())
            if answer["event"] == event:
                return answer

    def follower(self, what: str) -> np.ndarray:
        truth = self.ask({"query": "truth"}, "truth")
        return np.array([joint[what] for joint in truth["follower"].values()])

    def follower_found(self) -> np.ndarray:
        """Positions of the resting follower, once a first connect has set its homing offsets."""
        with Rig(self.config, SETUP.calibrations):
            pass
        return self.follower("position")

    def inject(self, **rules: list[dict[str, Any]]) -> None:
        """Faults, as the tables of a file of them; their times count from now."""
        self.say({"faults": rules})

    def end_faults(self) -> None:
        self.say({"faults": None})

    def injected(self) -> dict[str, Any]:
        return self.ask({"query": "faults"}, "faults")

    def hardware(self, folder: Path, cameras: bool = True) -> Path:
        """A hardware config that reaches it."""
        file = ConfigFile(SIM if self._rig == "koch" else CONFIGS / f"sim_{self._rig}.toml")
        if not cameras:
            file.drop(("cameras",))
        fill_in_places(file, self.places)
        path = folder / "rig.toml"
        file.write(path)
        return path

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


_CAMERA = {"width": 640, "height": 480, "fps": 30}
