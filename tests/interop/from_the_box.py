"""From a box of parts to a recording rig, by the commands alone; then LeRobot takes the rig over.

    python -m tests.interop.from_the_box [PLACE/bin/python]

Two arms of each make as they leave their boxes: every servo has the id 1, the speed of its maker,
and no calibration. A person at a terminal plugs servos in, moves arms and presses keys as the
commands ask. Then the same again, each command broken off by Ctrl-C and by a kill before it
is carried through. With the interpreter of an environment that `build_lerobot.sh` made for LeRobot
0.6.1 (with `feetech-servo-sdk`), LeRobot connects to the arms with the calibrations written.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lerecord.motors import Model
from lerecord.simulator.dynamixel import Servo as DynamixelServo
from lerecord.simulator.feetech import Servo as FeetechServo
from lerecord.simulator.ports import Ports
from lerecord.simulator.rigs import JOINTS, Arm, koch, so101
from lerecord.simulator.rigs.arm import REST
from tests.interop.bench import HeldArm
from tests.interop.lerobot_client import LeRobot
from tests.interop.pseudo_terminal import LERECORD, PseudoTerminal
from tests.interop.report import Check, expect, report
from tests.live import Simulator

ROLES = ("leader", "follower")
RIG = "bench"
_57600 = 1
_TAKE_S = 2.0
_CATCH_UP_S = 2.5  # keys that are pressed while the session starts are no presses

Act = Callable[[PseudoTerminal], object]


def _new_dynamixel(model: Model, _: int, shaft: float) -> DynamixelServo:
    return DynamixelServo(model, 1, shaft, baud=_57600)


def _new_feetech(model: Model, _: int, shaft: float) -> FeetechServo:
    return FeetechServo(model, 1, shaft)


MOUNTS = {
    "koch": {"leader": koch.LEADER, "follower": koch.FOLLOWER},
    "so101": {"leader": so101.LEADER, "follower": so101.FOLLOWER},
}
MAKES: dict[str, Any] = {
    "koch": replace(koch.MAKE, servo=_new_dynamixel),
    "so101": replace(so101.MAKE, servo=_new_feetech),
}


class NewArm(HeldArm):
    """An arm whose servos came in a box, and of which a person plugs in some."""

    def __init__(self, make: str, role: str) -> None:
        arm: Arm[Any] = Arm(MOUNTS[make][role], MAKES[make])
        if role == "follower":
            arm.let_sink_to(REST)
        super().__init__(arm)

    def plug(self, *joints: str) -> None:
        """These servos are on the wire, and no others."""
        with self._lock:
            self._bus.servos = tuple(self.arm.servos[JOINTS.index(joint)] for joint in joints)


class Road:
    """Every command from the box to the first take, on the ports of two arms.

    Args:
        make: of the arms.
        folder: empty, that the commands run in.
        broken: each command is broken off before it is carried through.
        camera: address of a camera.
    """

    def __init__(self, make: str, folder: Path, broken: bool, camera: str) -> None:
        self.make, self.folder, self.broken, self.camera = make, folder, broken, camera
        self.arms = {role: NewArm(make, role) for role in ROLES}
        self.calibrations = folder / "calibrations"
        self.environ = {
            "HF_LEROBOT_CALIBRATION": str(self.calibrations),
            "XDG_STATE_HOME": str(folder / "state"),
        }
        self.ports: dict[str, str] = {}
        self.stack = ExitStack()

    def __enter__(self) -> "Road":
        ports = Ports(time.monotonic)
        self.ports = {role: ports.add_terminal(arm) for role, arm in self.arms.items()}
        self.stack.enter_context(ports)
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def checks(self, python: str | None) -> Iterator[Check]:
        yield Check("setup-motors leader", lambda: self.set_up("leader"))
        yield Check("setup-motors follower", lambda: self.set_up("follower"))
        yield Check("find ports", self.find)
        yield Check("hardware new", self.new)
        yield Check("calibrate leader", lambda: self.calibrate("leader"))
        yield Check("calibrate follower", lambda: self.calibrate("follower"))
        yield Check("doctor", self.doctor)
        yield Check("record", self.record)
        yield Check("check", lambda: self._run("check", "box").splitlines()[-1])
        if python is not None:
            yield Check("LeRobot takes over", lambda: self.lerobot(python))

    def set_up(self, role: str) -> str:
        acts: list[Act] = []
        arm = self.arms[role]
        for joint in reversed(JOINTS):

            def plug_in(terminal: PseudoTerminal, joint: str = joint) -> None:
                terminal.wait_for(f"only the {joint} servo")
                arm.plug(joint)
                terminal.enter()

            acts.append(plug_in)
            acts.append(lambda terminal: terminal.wait_for(" id "))
        shown = self._carried_through(
            ("setup-motors", self.make, role, "--port", self.ports[role]), acts
        )
        arm.plug(*JOINTS)
        expect("ids", [servo.id for servo in arm.arm.servos], list(range(1, 7)))
        return shown.splitlines()[-1].strip()

    def find(self) -> str:
        ports = [word for port in self.ports.values() for word in ("--port", port)]
        told = self._carried_through(("find", "ports", *ports, "--json"), [])
        found = json.loads(told[told.index("{") :])["ports"]
        arms = [each["answering"][0]["arms"] for each in found]
        for role, named in zip(ROLES, arms, strict=True):
            expect(f"on the {role}'s port", f"{self.make} {role}" in named, True)
        return " | ".join(" or ".join(named) for named in arms)

    def new(self) -> str:
        camera = ("--camera", f"front={self.camera}")

        def kind(terminal: PseudoTerminal) -> None:
            terminal.wait_for("Which kind")
            terminal.press(f"{self.make}\r")

        acts: list[Act] = [kind]
        for role in ROLES:

            def answer(terminal: PseudoTerminal, role: str = role) -> None:
                terminal.wait_for(f"Which is the {role}'s port?")
                terminal.press(f"{self.ports[role]}\r")

            acts.append(answer)
        shown = self._carried_through(("hardware", "new", RIG, *camera), acts)
        return next(line for line in shown.splitlines() if "is written" in line).split(".toml")[0]

    def calibrate(self, role: str) -> str:
        arm = self.arms[role]

        def begin(terminal: PseudoTerminal) -> None:
            arm.move(arm.middle())
            terminal.wait_for("goes limp now")
            terminal.enter()

        def middle(terminal: PseudoTerminal) -> None:
            terminal.wait_for("middle of its range")
            terminal.enter()
            terminal.wait_for("Move every joint from one end")

        def sweep(terminal: PseudoTerminal) -> None:
            arm.move(*arm.sweep())

        shown = self._carried_through(
            ("calibrate", role, "--hardware", RIG),
            [begin, middle, sweep, lambda terminal: terminal.enter()],
        )
        (file,) = self.calibrations.rglob(f"{RIG}_{role}.json")
        held = [servo.value("Homing_Offset") for servo in arm.arm.servos]
        written = [joint["homing_offset"] for joint in json.loads(file.read_text()).values()]
        expect("what the servos hold", held, written)
        agreed = self._run("calibrate", role, "--hardware", RIG, "--check")
        expect("--check", "agree with" in agreed, True)
        return shown.splitlines()[-1].strip().replace(str(self.folder), "FOLDER")

    def doctor(self) -> str:
        command = ("doctor", "--hardware", RIG, "--json")
        if self.broken:
            self._broken_off(command, [])
        done = subprocess.run(
            [LERECORD, *command],
            cwd=self.folder,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=False,
        )
        told = json.loads(done.stdout)["findings"]
        mine = [each for each in told if each["subject"] != "this computer"]
        expect("faults of the rig", [each for each in mine if each["remedy"] is not None], [])
        return f"{len(mine)} findings about arms and camera, none wrong"

    def record(self) -> str:
        for arm in self.arms.values():
            arm.move(REST)
            arm.let_go()
        leader = self.arms["leader"]

        def start(terminal: PseudoTerminal) -> None:
            while terminal.wait_for("RESET", "(d)iscard?") != "RESET":
                terminal.press("d\r")  # a take that was cut off
            time.sleep(_CATCH_UP_S)
            terminal.enter()
            terminal.wait_for("RECORDING")

        def do(terminal: PseudoTerminal) -> None:
            leader.move(REST, (0.3, *REST[1:]), REST)
            time.sleep(_TAKE_S)

        def save(terminal: PseudoTerminal) -> None:
            terminal.enter()
            terminal.wait_for("The dataset is")

        words = ("record", "--hardware", RIG, "--task", "Grab the box", "--dataset", "box")
        shown = self._carried_through((*words, "--episodes", "1"), [start, do, save])
        expect("torque", {servo.torque for servo in self.arms["follower"].arm.servos}, {False})
        told = json.loads(self._run("info", "box", "--json"))
        expect("the simulated rig", shown.count("SIMULATED"), 0)
        return f"{told['episodes']} episode, {told['frames']} frames"

    def lerobot(self, python: str) -> str:
        path = self.folder / "hardware_configs" / f"{RIG}.toml"
        rig = tomllib.loads(path.read_text(encoding="utf-8"))["arms"]["main"]
        options = {"degrees": False} if self.make == "so101" else {}
        with LeRobot(python, self.environ) as lerobot:
            for role in ROLES:
                lerobot.make(role, rig[role]["port"], rig[role]["calibration"], **options)
                (file,) = self.calibrations.rglob(f"{rig[role]['calibration']}.json")
                held = lerobot.call(role, "calibration")
                expect(f"calibration of the {role}", held, json.loads(file.read_text()))
                lerobot.call(role, "connect")
                expect("is_calibrated", lerobot.call(role, "is_calibrated"), True)
                lerobot.call(role, "bus.disable_torque")
                lerobot.call(role, "disconnect")
        return "both arms connect without a prompt by port and id of the TOML, is_calibrated"

    def _run(self, *arguments: str) -> str:
        with self._terminal(arguments) as terminal:
            status, shown = terminal.end()
        expect(f"exit status ({shown})", status, 0)
        return shown

    def _carried_through(self, arguments: Sequence[str], acts: Sequence[Act]) -> str:
        """Run a command to its end, broken off before where that is the road; what it shows."""
        if self.broken:
            self._broken_off(arguments, acts)
        with self._terminal(arguments) as terminal:
            for act in acts:
                act(terminal)
            status, shown = terminal.end()
        expect(f"exit status ({shown[-500:]!r})", status, 0)
        return shown

    def _broken_off(self, arguments: Sequence[str], acts: Sequence[Act]) -> None:
        """Ctrl-C, then a kill, in the middle."""
        for kill in (False, True):
            with self._terminal(arguments) as terminal:
                for act in acts[: (len(acts) + 1) // 2]:
                    act(terminal)
                time.sleep(0.3)
                if kill:
                    os.kill(terminal.process.pid, signal.SIGKILL)
                else:
                    terminal.press("\x03")
                terminal.end()

    @contextmanager
    def _terminal(self, arguments: Sequence[str]) -> Iterator[PseudoTerminal]:
        with PseudoTerminal(*arguments, environ=self.environ, folder=self.folder) as terminal:
            yield terminal


def main() -> int:
    python = sys.argv[1] if len(sys.argv) > 1 else None
    agreed = []
    cameras = Simulator("front", loop=True)
    try:
        for make in MOUNTS:
            for broken in (False, True):
                how = ", each command broken off twice" if broken else ""
                with (
                    tempfile.TemporaryDirectory() as folder,
                    Road(make, Path(folder), broken, cameras.places["front"]) as road,
                ):
                    agreed.append(
                        report(f"Two {make} arms from the box{how}", list(road.checks(python)))
                    )
    finally:
        cameras.close()
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
