"""Other programs on the simulated STS3215 servos: the maker's two SDKs, and feetech-cli.

    python -m tests.interop.sts PLACE

PLACE has an environment for each, since both SDKs own the same module name: they are built there
unless they are. Nothing of lerecord's own bus is used; the truth is the simulator's.
"""

import json
import re
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.interop.report import Check, expect, report
from tests.interop.rig import SimulatedRig

SDKS = {"feetech-servo-sdk": "1.0.0", "ftservo-python-sdk": "2.0.1"}
CLI, CLI_VERSION = "feetech-cli", "0.1.8"
PEER = Path(__file__).with_name("sts_peer.py")
MODEL = 777
DONE = [0, 0]  # COMM_SUCCESS, and no error


def environment(place: Path, package: str, version: str) -> Path:
    """The folder with the programs of a package's own environment."""
    folder = place / package
    if not (folder / "bin" / "pip").exists():
        venv.create(folder, with_pip=True)
        pip = folder / "bin" / "pip"
        subprocess.run([pip, "-q", "install", f"{package}=={version}"], check=True)
    return folder / "bin"


class Sdk:
    """What an SDK has done and said, held against the truth."""

    def __init__(self, python: Path) -> None:
        self.rig = SimulatedRig(rig="so101")
        self.python = python
        self.told: dict[str, Any] = {}

    def all(self) -> list[Check]:
        names: dict[str, Callable[[], str]] = {
            "every call at once": self.run,
            "ping": self.ping,
            "read, sync read": self.read,
            "EEPROM behind its lock": self.eeprom,
            "sync write of goals": self.goals,
            "reg write, action": self.action,
            "torque off": self.torque_off,
        }
        return [Check(name, run) for name, run in names.items()]

    def run(self) -> str:
        before = list(self.rig.settle().positions["follower"].values())
        port = self.rig.ports["follower"]
        done = subprocess.run(
            [self.python, PEER, port], capture_output=True, text=True, check=False, timeout=60
        )
        expect(f"exit status ({done.stderr[-300:]})", done.returncode, 0)
        self.told = json.loads(done.stdout.splitlines()[-1])
        expect("its first positions", self.told["together"], before)
        return f"{self.told['module']}, exit status 0"

    def ping(self) -> str:
        expect("six answers", self.told["pings"], [[MODEL, *DONE]] * 6)
        expect("a servo that is not there is a time-out", self.told["absent"], True)
        return f"six of model {MODEL}; no answer from another id"

    def read(self) -> str:
        expect("one by one", self.told["one by one"], self.told["together"])
        expect("status of a read", self.told["voltage"][1:], DONE)
        return f"positions as in truth; {self.told['voltage'][0] / 10:.1f} V"

    def eeprom(self) -> str:
        expect("Lock at first", self.told["locked"], 1)
        for address in (55, 7):
            expect(f"write of {address}", self.told[f"write of {address}"], DONE)
        expect("what was written", self.told["EEPROM"], 7)
        return "unlocked, written, locked, read back"

    def goals(self) -> str:
        expect("where they are", self.told["reached"], self.told["goals"])
        expect("torque", self.told["torque after a goal"], [1] * 6)
        return "six goals reached; a goal has switched torque on"

    def action(self) -> str:
        expect("before it", self.told["before the action"], self.told["goals"][0])
        expect("after it", self.told["after the action"], self.told["goals"][0] - 20)
        return "the servo waits for the action"

    def torque_off(self) -> str:
        expect("as the servos say", self.told["torque at the end"], [0] * 6)
        truth = set(self.rig.truth().torque["follower"].values())
        expect("in truth", truth, {False})
        return "six servos limp"


class Cli:
    """feetech-cli, command by command."""

    def __init__(self, program: Path) -> None:
        self.rig = SimulatedRig(rig="so101")
        self.program = program

    def all(self) -> list[Check]:
        names: dict[str, Callable[[], str]] = {
            "scan": self.scan,
            "info": self.info,
            "read": self.read,
            "write": self.write,
            "torque": self.torque,
            "move": self.move,
        }
        return [Check(name, run) for name, run in names.items()]

    def _said(self, *arguments: str) -> str:
        port = self.rig.ports["follower"]
        done = subprocess.run(
            [self.program, "-p", port, "-b", "1000000", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        said = done.stdout + done.stderr
        expect(f"exit status ({said[-300:]})", done.returncode, 0)
        return re.sub(r"\x1b\[[\d;]*m", "", said)

    def scan(self) -> str:
        said = self._said("--max-id", "10", "scan")
        found = [int(each) for each in re.findall(rf"id +(\d+)  model +{MODEL} ", said)]
        expect(f"ids ({said})", found, [1, 2, 3, 4, 5, 6])
        return f"ids 1 to 6, model {MODEL}"

    def info(self) -> str:
        said = self._said("info", "3", "--all")
        expect("it knows the model", "777" in said or "STS3215" in said, True)
        return f"{len(said.splitlines())} lines"

    def read(self) -> str:
        true = list(self.rig.settle().positions["follower"].values())[3]
        said = self._said("read", "4", "present_position")
        expect(f"position ({said})", str(true) in said, True)
        return f"wrist_flex at {true}, as in truth"

    def write(self) -> str:
        self._said("write", "4", "p_coefficient", "20")
        said = self._said("read", "4", "p_coefficient")
        expect(f"p_coefficient ({said})", "20" in said, True)
        return "P coefficient 20, read back"

    def torque(self) -> str:
        self._said("torque", "4", "on")
        held = self.rig.truth().torque["follower"]["wrist_flex"]
        expect("torque in truth", held, True)
        return "on"

    def move(self) -> str:
        before = self.rig.truth().positions["follower"]["wrist_flex"]
        self._said("move", "4", "--position", str(before + 60))
        after = self.rig.settle().positions["follower"]["wrist_flex"]
        expect("where it is", after, before + 60)
        self._said("torque", "4", "off")
        return f"{before} to {after}"


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m tests.interop.sts PLACE", file=sys.stderr)
        return 2
    place = Path(sys.argv[1]).absolute()
    agreed = []
    for package, version in SDKS.items():
        sdk = Sdk(environment(place, package, version) / "python")
        with sdk.rig:
            agreed.append(report(f"{package} {version}: the simulated SO-101 follower", sdk.all()))
    cli = Cli(environment(place, CLI, CLI_VERSION) / "feetech")
    with cli.rig:
        agreed.append(report(f"{CLI} {CLI_VERSION}: the simulated SO-101 follower", cli.all()))
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
