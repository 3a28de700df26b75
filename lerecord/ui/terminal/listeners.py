"""Who tells people how the session goes: a screen in a terminal, plain lines without one."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from lerecord.config import HardwareConfig
from lerecord.control import Driver
from lerecord.counted import counted
from lerecord.errors import LerecordError
from lerecord.frame import Frame
from lerecord.printable import print_line
from lerecord.processes import ChildProcess
from lerecord.recording.recorder import CameraView
from lerecord.recording.session import LoopHealth, Phase, Session
from lerecord.ui.snapshot import MESSAGES, JointView, PreviewedCamera, QueueView, Snapshot
from lerecord.ui.terminal.keys import hints
from lerecord.ui.terminal.notice import Notice

_REFRESH_S = 0.1
_REFRESH_WITH_IMAGES_S = 0.2  # there is more to draw, and to send to a terminal far away
_START_TIMEOUT_S = 10.0
_RESTORE_TERMINAL = "\x1b[?1049l\x1b[?25h"  # leave the alternate screen, show the cursor


@dataclass(frozen=True, slots=True)
class Scene:
    """What does not change during a session; without a root nothing is recorded."""

    root: Path | None
    config: HardwareConfig
    joints: tuple[str, ...]


class Store(Protocol):
    """What is shown of whoever records; None where nothing is recorded."""

    @property
    def next_episode(self) -> int | None:
        """Index that the running or next take will have."""

    @property
    def free_bytes(self) -> int | None:
        """Room on the disk."""

    @property
    def saving(self) -> int:
        """Takes whose commit is still under way."""

    def views(self) -> tuple[CameraView, ...]:
        """How each camera does."""


class ScreenProcess:
    """The process that draws on the terminal; a context manager.

    The terminal may stand still and the process with it: what it is told is only ever the newest,
    and it is not waited for.

    Args:
        preview: the cameras whose images are shown.
        sound: ring the terminal's bell.
    """

    def __init__(self, preview: Sequence[PreviewedCamera] = (), sound: bool = True) -> None:
        self.refresh_s = _REFRESH_WITH_IMAGES_S if preview else _REFRESH_S
        self._shown = False
        terminal = os.dup(sys.stdout.fileno())
        try:
            self._child = ChildProcess(
                "screen",
                str(terminal),
                "sound" if sound else "silent",
                *(camera.to_argument() for camera in preview),
                inherits=(terminal, *(camera.mailbox for camera in preview)),
            )
        finally:
            os.close(terminal)

    def wait_until_up(self) -> None:
        """Wait until it can draw; raises LerecordError when it cannot."""
        self._child.wait_for("up", _START_TIMEOUT_S)

    def show(self, snapshot: Snapshot) -> None:
        """Have it drawn, unless a newer one follows before that is possible.

        Raises:
            LerecordError: the process has died; the terminal is as it was.
        """
        if not self._child.running:
            self._restore()
            raise LerecordError(f"its process has died ({self._child.last_words()}).")
        self._shown = True
        self._child.offer(MESSAGES.write(snapshot))

    def __enter__(self) -> "ScreenProcess":
        return self

    def __exit__(self, *_: object) -> None:
        """End the process and leave the terminal as it was, also when the process had died."""
        self._child.close(timeout_s=1.0)
        self._restore()

    def _restore(self) -> None:
        if self._shown:
            sys.stdout.write(_RESTORE_TERMINAL)
        self._shown = False


class Painter(Protocol):
    """Whatever shows snapshots; it is never waited for.

    Attributes:
        refresh_s: how often it likes a new one.
    """

    refresh_s: float

    def show(self, snapshot: Snapshot) -> None:
        """Have it shown, unless a newer one follows before that is possible."""


class Screen:
    """Takes a snapshot of the session for the process that draws it, as often as that likes."""

    def __init__(
        self,
        scene: Scene,
        recorder: Store,
        process: Painter,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scene = scene
        self._recorder = recorder
        self._process = process
        self._now = now
        self._health = LoopHealth(scene.config.fps)
        self._drawn_at = 0.0
        self._drawn: tuple[Phase, str] | None = None
        self._notice = Notice(now)

    def tell(self, session: Session, frame: Frame) -> None:
        """Count the tick; several times a second, and at each change of phase or task, draw."""
        self._health.add(frame)
        drawn = session.phase, session.wanted.task
        if self._now() - self._drawn_at < self._process.refresh_s and drawn == self._drawn:
            return
        self._drawn_at, self._drawn = self._now(), drawn
        self._process.show(self._snapshot(session, frame))

    def notice(self, sentence: str) -> None:
        """Show the sentence for a few seconds."""
        self._notice.say(sentence)

    def _snapshot(self, session: Session, frame: Frame) -> Snapshot:
        plan, config = session.plan, self._scene.config
        limits = {
            Phase.RECORDING: plan.episode_time_s,
            Phase.RESETTING: plan.reset_time_s,
        }
        return Snapshot(
            phase=session.phase,
            task=session.wanted.task,
            dataset=str(self._scene.root or "nothing is recorded"),
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
            disk_free_bytes=self._recorder.free_bytes,
            saving=self._recorder.saving,
            notice=self._notice.during(session.phase),
            source=_source(frame),
            saves=session.saves,
            trouble=session.trouble or session.drift or "",
            rollout=session.plan.rollout,
            policy=session.policy_health,
            taught=session.plan.taught,
            queue=QueueView.of(session.agenda),
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


_SOURCES = {Driver.NOBODY: "asked", Driver.CORRECTION: "leader"}


def _source(frame: Frame) -> str:
    """Who asks for the poses that are shown."""
    driver = Driver(frame.source)
    return _SOURCES.get(driver, driver.name.lower())


def _episode(session: Session, recorder: Store) -> int | None:
    """Index of the episode that the running or next take will be."""
    replaces = session.wanted.replaces
    return recorder.next_episode if replaces is None else replaces


def _span(joint: str, config: HardwareConfig) -> tuple[float, float]:
    if joint.endswith("gripper.pos"):
        return 0.0, 100.0
    return (-180.0, 180.0) if config.units == "degrees" else (-100.0, 100.0)


class Lines:
    """One line at each change of phase, for a log, a pipe or a terminal without a cursor.

    Args:
        recorder: whose episodes are counted.
        keys: somebody can press them, and is told which.
        out: where they go, without waiting; stdout unless told otherwise.
    """

    def __init__(self, recorder: Store, keys: bool = False, out: IO[str] | None = None) -> None:
        self._recorder = recorder
        self._out = sys.stdout if out is None else out
        self._keys = keys
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
            self._say(f"the take has {counted(self._rows, 'frame')}")
        self._phase = session.phase
        plan, queue = session.plan, QueueView.of(session.agenda)
        if queue is not None and session.phase is Phase.RESETTING:
            self._say(f"next: {session.wanted.task!r}; {queue.done} of {queue.wanted} episodes")
        kind = plan.rollout, plan.taught, queue is not None
        if self._keys and (pressed := hints(session.phase, session.saves > 0, *kind)):
            keys = "; ".join(f"{key}: {meaning}" for key, meaning in pressed)
            self._say(f"{session.phase} [{keys}]")

    def notice(self, sentence: str) -> None:
        """Say it, once however often it comes in a row."""
        if sentence != self._noticed:
            self._say(sentence)
        self._noticed = sentence

    def _say(self, sentence: str) -> None:
        print_line(sentence, self._out)
        self._out.flush()
