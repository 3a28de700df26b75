"""A camera process, seen from the control loop: an image track that never waits."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lerecord.cameras import CameraSettings
from lerecord.config import CameraConfig
from lerecord.dataset.format import CameraSpec, DatasetSpec
from lerecord.processes import ChildProcess, ImageMailbox
from lerecord.recording.recorder.camera_messages import (
    COMMANDS,
    EVENTS,
    Assignment,
    Begin,
    Captured,
    Closed,
    Discard,
    Failed,
    Finish,
    Lost,
    Mark,
    Ready,
)
from lerecord.secrets import without_secrets


@dataclass(frozen=True, slots=True)
class CameraView:
    """One camera: images a second (None until known), age of the newest, images to encode."""

    name: str
    fps: float | None
    age_s: float
    behind: int


_BYTES_A_PIXEL = 3  # as many as in the raw picture; a usual JPEG has a tenth of that
_READY_TIMEOUT_S = 15.0
_RESTART_EVERY_S = 1.0


class RemoteCamera:
    """Starts the process of one camera, and another one when it dies."""

    def __init__(
        self,
        config: CameraConfig,
        spec: CameraSpec,
        dataset: DatasetSpec,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = spec.name
        self.spooled = 0
        """Images that had to wait on the disk for their encoder."""
        self.encode_s = 0.0
        """Processor seconds that an image takes; measured before `ready`."""
        self.mailbox = ImageMailbox(config.width * config.height * _BYTES_A_PIXEL)
        """Its newest images, in the size and the orientation of the camera."""
        self._now = now
        self._assignment = Assignment(
            driver=config.driver,
            settings=CameraSettings(
                name=spec.name,
                device=config.device,
                width=config.width,
                height=config.height,
                fps=config.fps,
                fourcc=config.fourcc,
            ),
            spec=spec,
            video=dataset.video,
            fps=dataset.fps,
            rotation=config.rotation,
            turn=dataset.cameras.index(spec) / len(dataset.cameras),
        )
        self._lost: str | None = None
        self._restarted_at = -math.inf
        self._start()

    def _start(self) -> None:
        self._ready = False
        mailbox = self.mailbox.fileno()
        self._child = ChildProcess("camera", str(mailbox), inherits=(mailbox,))
        self._child.send(COMMANDS.write(self._assignment))
        self._captured_at = self._now()
        self._fps: float | None = None
        self._behind = 0

    def wait_until_ready(self) -> None:
        """Wait for the first image; only before the loop runs.

        Raises:
            LerecordError: the camera does not open, or not as the config says.
        """
        ready: Ready = EVENTS.read(self._child.wait_for("ready", _READY_TIMEOUT_S))
        self._captured_at, self.encode_s = ready.captured_at, ready.encode_s
        self._ready = True

    def begin(self, take: str, folder: Path) -> None:
        """Encode the marked images below folder from now on."""
        self._child.send(COMMANDS.write(Begin(take, folder)))

    def mark(self, row: int, due: float, row_time: float) -> None:
        """The image of this frame is the newest that the camera had at row_time."""
        self._child.send(COMMANDS.write(Mark(row, due, row_time)))

    def finish(self, take: str) -> None:
        """Encode what is still to be encoded and close the file; `poll` tells when."""
        self._child.send(COMMANDS.write(Finish(take)))

    def discard(self, take: str) -> None:
        """Forget the images of the running take; `poll` tells when."""
        self._child.send(COMMANDS.write(Discard(take)))

    def fileno(self) -> int:
        """The descriptor on which its messages arrive, for select."""
        return self._child.fileno()

    def poll(self) -> list[str]:
        """Takes whose images are now closed, or gone, on disk."""
        over = []
        for message in self._child.poll():
            match EVENTS.read(message):
                case Captured(captured_at, fps, behind):
                    self._captured_at, self._fps, self._behind = captured_at, fps, behind
                    self._lost = None
                case Ready(captured_at):
                    self._captured_at = captured_at
                    self._ready, self._lost = True, None
                case Closed(take, spooled):
                    over.append(take)
                    self.spooled = spooled
                case Lost(reason) | Failed(reason):
                    self._lost = without_secrets(reason)
        return over

    def trouble(self, max_silence_s: float) -> str | None:
        """Why nothing comes from this camera, in a sentence; None while images come."""
        if not self._child.running:
            return (
                self._lost or f"The process of camera {self.name} died: {self._child.last_words()}."
            )
        reason = "" if self._lost is None else f" {self._lost}"
        if not self._ready:
            return f"Camera {self.name} is being opened again.{reason}"
        silent_s = self._now() - self._captured_at
        if silent_s > max_silence_s:
            return f"Camera {self.name} has not delivered an image for {silent_s:.1f} s.{reason}"
        return None

    @property
    def pid(self) -> int:
        """Id of its process."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """False once its process has ended."""
        return self._child.running

    def restart_if_dead(self) -> None:
        """A process that died gets a successor; `trouble` ends with that one's first image."""
        if not self._child.running and self._now() - self._restarted_at > _RESTART_EVERY_S:
            self._restarted_at = self._now()
            self._child.close()
            self._start()

    def view(self) -> CameraView:
        """What the screen shows of it."""
        return CameraView(self.name, self._fps, self._now() - self._captured_at, self._behind)

    def end_input(self) -> None:
        """Nothing more will be asked of it."""
        self._child.end_input()

    def close(self) -> None:
        """End the process; who reads its images keeps the last of them."""
        self._child.close(timeout_s=2.0)
        self.mailbox.close()
