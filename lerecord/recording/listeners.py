"""Who tells people how the session goes: a screen in a terminal, plain lines without one."""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lerecord.config import HardwareConfig
from lerecord.frame import Frame
from lerecord.printable import print_line
from lerecord.recording.child import ChildProcess
from lerecord.recording.health import LoopHealth
from lerecord.recording.operator import Phase
from lerecord.recording.recorder import Recorder
from lerecord.recording.session import Session
from lerecord.recording.snapshot import JointView, Snapshot

_REFRESH_S = 0.1
_NOTICE_S = 6.0
_RESTORE_TERMINAL = "\x1b[?1049l\x1b[?25h"  # leave the alternate screen, show the cursor


@dataclass(frozen=True, slots=True)
class Scene:
    """What does not change during a session."""

    root: Path
    config: HardwareConfig
    joints: tuple[str, ...]


class Screen:
    """Sends snapshots to the process that draws them; its death goes unnoticed by the loop."""

    def __init__(
        self, scene: Scene, recorder: Recorder, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._scene = scene
        self._recorder = recorder
        self._now = now
        self._health = LoopHealth(scene.config.fps)
        self._drawn_at = 0.0
        self._drawn_phase: Phase | None = None
        self._notice = ""
        self._noticed_at = 0.0
        self._child = ChildProcess("lerecord.recording.screen", stdout=sys.stdout.buffer)

    def tell(self, session: Session, frame: Frame) -> None:
        """Count the tick; ten times a second, and at each change of phase, draw."""
        self._health.add(frame)
        if self._now() - self._drawn_at < _REFRESH_S and session.phase is self._drawn_phase:
            return
        self._drawn_at, self._drawn_phase = self._now(), session.phase
        if self._child.running:
            self._child.send(self._snapshot(session, frame).to_json())

    def notice(self, sentence: str) -> None:
        """Show the sentence for a few seconds."""
        self._notice, self._noticed_at = sentence, self._now()

    def close(self) -> None:
        """End the process and leave the terminal as it was, also when the process had died."""
        self._child.close(timeout_s=2.0)
        sys.stdout.write(_RESTORE_TERMINAL)
        sys.stdout.flush()

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _snapshot(self, session: Session, frame: Frame) -> Snapshot:
        plan, config = session.plan, self._scene.config
        limits = {
            Phase.RECORDING: plan.episode_time_s,
            Phase.RESETTING: plan.reset_time_s,
        }
        return Snapshot(
            phase=session.phase,
            task=session.wanted.task,
            dataset=str(self._scene.root),
            robot=config.robot_type,
            simulated=config.simulator is not None,
            episode=_episode(session, self._recorder),
            replaces=session.wanted.replaces is not None,
            saved=session.saved,
            episodes=plan.episodes,
            elapsed_s=session.elapsed_s,
            limit_s=limits.get(session.phase),
            rows=0 if session.take is None else session.take.length,
            rate_hz=self._health.rate_hz,
            fps=config.fps,
            lateness_p99_s=self._health.lateness_p99_s,
            missed=session.missed,
            cameras=self._recorder.views(),
            joints=self._joints(frame),
            disk_free_bytes=shutil.disk_usage(self._scene.root).free,
            saving=self._recorder.saving,
            notice=self._notice if self._now() - self._noticed_at < _NOTICE_S else "",
        )

    def _joints(self, frame: Frame) -> tuple[JointView, ...]:
        poses = zip(self._scene.joints, frame.requested, frame.state, strict=True)
        return tuple(
            JointView(
                name.removesuffix(".pos"),
                float(leader),
                float(follower),
                *_span(name, self._scene.config),
            )
            for name, leader, follower in poses
        )


def _episode(session: Session, recorder: Recorder) -> int:
    """Index of the episode that the running or next take will be."""
    replaces = session.wanted.replaces
    return recorder.next_episode if replaces is None else replaces


def _span(joint: str, config: HardwareConfig) -> tuple[float, float]:
    if joint.endswith("gripper.pos"):
        return 0.0, 100.0
    return (-180.0, 180.0) if config.units == "degrees" else (-100.0, 100.0)


class Lines:
    """One line at each change of phase, for a log or a pipe."""

    def __init__(self, recorder: Recorder, out: IO[str] | None = None) -> None:
        self._recorder = recorder
        self._out = sys.stdout if out is None else out
        self._phase: Phase | None = None
        self._rows = 0
        self._noticed = ""

    def tell(self, session: Session, frame: Frame) -> None:
        """Say what has begun and what has ended."""
        if session.take is not None:
            self._rows = session.take.length
        if session.phase is self._phase:
            return
        if session.phase is Phase.RECORDING:
            episode, wanted = _episode(session, self._recorder), session.wanted
            again = "" if wanted.replaces is None else " again"
            self._say(f"episode {episode}: recording {wanted.task!r}{again}")
        elif self._phase is Phase.RECORDING:
            self._say(f"the take has {self._rows} rows")
        self._phase = session.phase

    def notice(self, sentence: str) -> None:
        """Say it, once however often it comes in a row."""
        if sentence != self._noticed:
            self._say(sentence)
        self._noticed = sentence

    def _say(self, sentence: str) -> None:
        print_line(sentence, self._out)
        self._out.flush()
