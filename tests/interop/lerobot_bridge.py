"""LeRobot's own KochLeader and KochFollower drive takes of lerecord, on the simulated rig.

Run it from the checkout, with the interpreter of an environment that `build_lerobot.sh` made:
`python -m tests.interop.lerobot_bridge PLACE/bin/python`. The same takes are recorded with
lerecord's own driver, for their figures; the process of the follower is killed and stopped while
it follows.
"""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from lerecord.arms import Calibration
from lerecord.config import HardwareConfig, load_config
from lerecord.control import Handover, Leader, Rig
from lerecord.dataset.format import CameraSpec, layout, read_sidecar
from lerecord.frame import Frame
from lerecord.pacing import Pacer
from tests.interop.pseudo_terminal import PseudoTerminal
from tests.interop.report import Check, DisagreementError, expect, report
from tests.interop.rig import CALIBRATIONS, SimulatedRig

LERECORD = Path(sysconfig.get_path("scripts")) / "lerecord"
TASK = "Grab the paper box"
NONE = {"main": dict.fromkeys(("leader", "follower"), Calibration({}, ""))}
_FASTEST = 400.0  # units a second, unless a config says otherwise
_INTO_THE_TAKE_S, _FOLLOWED_S, _RECOVERED_S = 3, 6, 60

RIG = """
robot_type = "koch_sim"
fps = 30
[simulator]
arms = "koch"
seed = 1
{arms}
[cameras.front]
device = "sim:front"
width = 640
height = 480
fps = 30
"""
BRIDGED = """
[arms.main.{role}]
driver = "lerobot"
python = "{python}"
[arms.main.{role}.options]
type = "koch_{role}"
port = "sim:{role}"
id = "sim_{role}"
calibration_dir = "{folder}"
"""
NATIVE = """
[arms.main.{role}]
driver = "koch"
port = "sim:{role}"
calibration = "{folder}/sim_{role}.json"
"""


class Bridge:
    """What is asked of it."""

    def __init__(self, python: str, folder: Path) -> None:
        self.python, self.folder = python, folder

    def all(self) -> list[Check]:
        return [
            Check("a take by LeRobot's arms", lambda: self.take("lerobot", BRIDGED)),
            Check("a take by lerecord's driver", lambda: self.take("koch", NATIVE)),
            Check("a second take on the same rig", lambda: self.take("lerobot", BRIDGED)),
            Check("reading and sending", self.figures),
            Check("killed in mid-take", lambda: self.in_mid_take(signal.SIGKILL)),
            Check("stopped in mid-take", lambda: self.in_mid_take(signal.SIGSTOP)),
            Check("killed, the session goes on", lambda: self.goes_on(signal.SIGKILL)),
            Check("stopped, the session goes on", lambda: self.goes_on(signal.SIGSTOP)),
            Check("the follower is killed", lambda: self.lost(signal.SIGKILL)),
            Check("the follower is stopped", lambda: self.lost(signal.SIGSTOP)),
        ]

    def config(self, name: str, template: str) -> Path:
        arms = "".join(
            template.format(role=role, python=self.python, folder=CALIBRATIONS)
            for role in ("leader", "follower")
        )
        path = self.folder / f"{name}.toml"
        path.write_text(RIG.format(arms=arms), encoding="utf-8")
        return path

    def take(self, name: str, template: str) -> str:
        root = self.folder / name
        arguments: list[str | Path] = [
            "--task",
            TASK,
            "--hardware",
            self.config(name, template),
            "--dataset",
            root,
        ]
        done = self._lerecord("record", *arguments, "--json")
        (saved,), (stood,) = done["saved"], done["box_on_target"]
        expect("box on target", stood, True)
        self._lerecord("check", root, "--json")
        return f"episode {saved['episode']}: {saved['frames']} frames, box on target, check clean"

    def _lerecord(self, *arguments: str | Path) -> Any:
        done = subprocess.run(
            [LERECORD, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DisagreementError(done.stderr[-500:])
        return json.loads(done.stdout)

    def figures(self) -> str:
        told = []
        for name in ("lerobot", "koch"):
            path = self.folder / name / layout.capture_file(0)
            frames = read_sidecar(path, (CameraSpec("front", 640, 480),)).frames
            p50, p99 = np.percentile(frames.bus_s * 1000, [50, 99])
            told.append(f"{name} p50 {p50:.2f} p99 {p99:.2f} ms a tick")
        return ", ".join(told)

    def in_mid_take(self, sent: signal.Signals) -> str:
        """Unattended that ends the session; what was recorded is recovered."""
        root = self.folder / f"ended by {sent.name}"
        hardware = self.config("lerobot", BRIDGED)
        with subprocess.Popen(
            [LERECORD, "record", "--task", TASK, "--hardware", hardware, "--dataset", root],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as recorder:
            assert recorder.stdout is not None
            before = []
            for line in recorder.stdout:
                before.append(line)
                if "recording" in line:
                    break
            else:
                raise DisagreementError("".join(before))
            time.sleep(_INTO_THE_TAKE_S)
            os.kill(_child("follower", recorder.pid), sent)
            told = recorder.stdout.read()
        expect("exit status", recorder.returncode, 2)
        expect(f"the arm is named in {told[-300:]!r}", "main follower" in told, True)
        recovered = self._lerecord("recover", root, "--json")
        self._lerecord("check", root, "--json")
        return f"exit status 2, the arm is named; recovered: {json.dumps(recovered)[:70]}..."

    def goes_on(self, sent: signal.Signals) -> str:
        """With somebody at the keys the take is kept, and the next one is recorded."""
        root = self.folder / f"goes on after {sent.name}"
        hardware = str(self.config("lerobot", BRIDGED))
        words = ("record", "--task", TASK, "--hardware", hardware, "--dataset", str(root))
        with PseudoTerminal(*words, "--episodes", "1", environ={}, folder=self.folder) as terminal:
            terminal.wait_for("RESET")
            time.sleep(_INTO_THE_TAKE_S)  # keys that are pressed while it starts are no presses
            terminal.enter()
            terminal.wait_for("RECORDING")
            time.sleep(_INTO_THE_TAKE_S)
            os.kill(_child("follower", terminal.process.pid), sent)
            terminal.wait_for("silent for")
            terminal.wait_for("trouble is over")
            terminal.enter()
            terminal.wait_for("RECORDING")
            time.sleep(_INTO_THE_TAKE_S)
            terminal.enter()
            status, shown = terminal.end()
        expect(f"exit status ({shown[-500:]!r})", status, 0)
        expect("episodes", self._lerecord("info", root, "--json")["episodes"], 1)
        table = pq.read_table(root / layout.data_file(0), columns=["action"])
        actions = np.array(table["action"].to_pylist())
        step = float(np.abs(np.diff(actions, axis=0)).max())
        expect(f"largest step {step:.2f}", step <= _FASTEST / 30 + 1e-3, True)
        expect("recovered", self._lerecord("recover", root, "--json")["episodes"], 2)
        self._lerecord("check", root, "--json")
        return f"{len(actions)} frames in the next take, largest step {step:.1f}; the other is kept"

    def lost(self, sent: signal.Signals) -> str:
        config = load_config(self.config("lerobot", BRIDGED))
        with SimulatedRig() as simulated:
            simulated.begin("record")
            reached = config.reached_at(simulated.ports, {"front": "not watched"})
            return Lost(reached).run(sent)


class Lost:
    """A rig whose follower's process is lost while it follows."""

    def __init__(self, config: HardwareConfig) -> None:
        self.rig = Rig(config, NONE)
        self.handover = Handover(Leader(), self.rig.bounds, self.rig.reachable)
        self.ticks = iter(Pacer(config.fps))
        self.fps = config.fps

    def drive(self, seconds: float) -> Iterator[Frame]:
        for tick in islice(self.ticks, round(seconds * self.fps)):
            yield self.rig.command(self.handover.next(self.rig.observe(tick)))

    def run(self, sent: signal.Signals) -> str:
        with self.rig:
            *_, _ = self.drive(_FOLLOWED_S)
            os.kill(_child("follower", os.getpid()), sent)
            *_, _ = self.drive(2)
            trouble = self.rig.trouble() or "none"
            expect("the arm is named", "main follower" in trouble, True)
            for _ in range(_RECOVERED_S):
                self.rig.recover()
                *_, _ = self.drive(1)
                if self.rig.trouble() is None:
                    break
            after = list(self.drive(_FOLLOWED_S))
            expect("trouble afterwards", self.rig.trouble(), None)
            expect("it follows again", self.handover.arrived, True)
        actions = np.array([frame.action for frame in after])
        step = float(np.abs(np.diff(actions, axis=0)).max())
        expect(f"largest step {step:.2f}", step <= self.rig.bounds.max_step + 1e-3, True)
        expect("still held", self.rig.still_held, [])
        return f"said {trouble[:60]!r}...; follows again, largest step {step:.1f} units"


def _child(role: str, of: int) -> int:
    """The process in which LeRobot drives an arm of a process."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
        if parent == of and f"main {role}".encode() in words:
            return int(place.name)
    raise DisagreementError(f"no process drives the {role}")


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m tests.interop.lerobot_bridge PLACE/bin/python", file=sys.stderr)
        return 2
    python = str(Path(sys.argv[1]).absolute())
    script = "from importlib.metadata import version; print(version('lerobot'))"
    said = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        title = f"LeRobot {said.stdout.strip()} drives the simulated Koch arms for lerecord"
        return 0 if report(title, Bridge(python, Path(folder)).all()) else 1


if __name__ == "__main__":
    sys.exit(main())
