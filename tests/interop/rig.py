"""The simulated pair as its own process, and the truth about it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lerecord.processes import ChildProcess, Message

CALIBRATIONS = Path(__file__).parents[2] / "hardware_configs" / "calibration"
_START_TIMEOUT_S = 15.0
_ANSWER_TIMEOUT_S = 5.0
_LOOK_AGAIN_S = 0.0005


@dataclass(frozen=True, slots=True)
class Truth:
    """Where the servos really are, by arm and joint, in counts as the wire shows them."""

    positions: Mapping[str, Mapping[str, int]]
    goals: Mapping[str, Mapping[str, int]]
    torque: Mapping[str, Mapping[str, bool]]
    box_on_target: bool


class SimulatedRig:
    """`python -m lerecord _simulator` without cameras; ends with the block.

    Attributes:
        ports: path of the terminal by arm.
    """

    def __init__(self, seed: int = 0, rig: str = "koch") -> None:
        self._child = ChildProcess("simulator")
        self._child.send({"seed": seed, "rig": rig, "cameras": {}})
        self._heard: list[Message] = []
        self.ports: Mapping[str, str] = self._child.wait_for("up", _START_TIMEOUT_S)["ports"]

    def truth(self) -> Truth:
        """How it is now."""
        self._child.send({"query": "truth"})
        said = self._told()

        def each(key: str) -> dict[str, dict[str, Any]]:
            return {
                arm: {joint: state[key] for joint, state in said[arm].items()}
                for arm in ("leader", "follower")
            }

        return Truth(each("position"), each("goal"), each("torque"), said["box_on_target"])

    def begin(self, phase: str) -> None:
        """Let the simulated person do something: reset, record or idle."""
        self._child.send({"phase": phase})

    def events(self) -> list[Message]:
        """What the simulator said since it was last asked."""
        heard, self._heard = [*self._heard, *self._child.poll()], []
        return heard

    def settle(self, seconds: float = 1.0) -> Truth:
        """Wait until nothing moves any more."""
        time.sleep(seconds)
        return self.truth()

    def _told(self) -> Message:
        """The truth that was asked for; other events are kept."""
        deadline = time.monotonic() + _ANSWER_TIMEOUT_S
        while time.monotonic() < deadline:
            said = self._child.poll()
            self._heard += [message for message in said if message["event"] != "truth"]
            for message in said:
                if message["event"] == "truth":
                    return message
            time.sleep(_LOOK_AGAIN_S)
        raise TimeoutError(f"the simulator does not answer: {self._child.complaint()}")

    def __enter__(self) -> "SimulatedRig":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close()
