"""Takes across processes: frames go to the writer, marks to the cameras, saves happen behind."""

import select
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lerecord.commands import command
from lerecord.config import HardwareConfig
from lerecord.dataset.format import DatasetSpec, layout
from lerecord.dataset.staging import Take
from lerecord.errors import LerecordError
from lerecord.recording.recorder.capacity import cores, shortage
from lerecord.recording.recorder.free_space import FreeSpace
from lerecord.recording.recorder.remote_camera import CameraView, RemoteCamera
from lerecord.recording.recorder.remote_writer import RemoteWriter, Saved
from lerecord.recording.recorder.shared_devices import shared_devices
from lerecord.recording.review import Limits

_CLOSING_POLL_S = 0.05
_VERDICT = "the verdict"
"""What a take waits for beside its cameras; no camera has such a name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What may be asked of a recorder.

    Attributes:
        judged: every take is judged soon after it is saved, and is committed with that.
        reviews: each take is looked at before it is committed.
    """

    judged: bool = False
    reviews: bool = True


@dataclass(slots=True)
class _Open:
    """A take that is not on its way to the writer's commit yet."""

    id: str
    replaces: int | None = None
    saved_at: float = 0.0
    waiting_for: set[str] = field(default_factory=set)  # cameras that still encode


class Recorder:
    """The writer's and the cameras' processes as one recorder.

    Nothing in it waits but the two ends: `wait_until_ready` for the processes to have started, and
    leaving the context for every save to be finished.

    Args:
        root: the dataset.
        spec: of it.
        config: where the cameras are reached, and what a take must not fall short of.
        accept_calibration: go on with a dataset whose arms were calibrated anew.
        asked: what else is asked of the recorder.
        finishing: told while `close` waits: takes to commit and images to encode.
        now: CLOCK_MONOTONIC seconds.
    """

    def __init__(
        self,
        root: Path,
        spec: DatasetSpec,
        config: HardwareConfig,
        accept_calibration: bool = False,
        asked: Asked = Asked(),
        finishing: Callable[[int, int], None] = lambda takes, images: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.root = root
        self._fps = spec.fps
        self._quality = config.quality
        self._finishing = finishing
        self._now = now
        self._space = FreeSpace(root)
        limits = Limits.of(config.quality) if asked.reviews else None
        self._writer = RemoteWriter(root, spec, accept_calibration, limits)
        self._cameras: Mapping[str, RemoteCamera] = {
            camera.name: RemoteCamera(config.cameras[camera.name], camera, spec, now)
            for camera in spec.cameras
        }
        self._devices = {name: camera.device for name, camera in config.cameras.items()}
        self._judged = asked.judged
        self._running: _Open | None = None
        self._saved_last: str | None = None
        self._closing: OrderedDict[str, _Open] = OrderedDict()
        self.saved: list[Saved] = []
        """Every episode committed by this recorder, in order; complete after `close`."""
        self.unsaved: list[str] = []
        """Saved takes that could not be committed and are kept to be salvaged."""
        self.left: list[str] = []
        """Takes that were ended unsaved and are kept to be salvaged."""

    def wait_until_ready(self) -> list[str]:
        """Wait for the dataset to be open and for every camera's first image.

        Returns:
            What the operator should know before the first take, a sentence each.

        Raises:
            LerecordError: the dataset refuses the rig, or a camera does not open.
        """
        notes = []
        if left := self._writer.wait_until_open():
            takes = "1 take was" if len(left) == 1 else f"{len(left)} takes were"
            remedy = f"{command('recover', self.root)} turns them into episodes."
            notes.append(f"{takes} never saved: {remedy}")
        shared = shared_devices(self._devices)
        for camera in self._cameras.values():
            _wait_for(camera, shared)
        notes += shared
        encode_s = {camera.name: camera.encode_s for camera in self._cameras.values()}
        if (short := shortage(encode_s, self._fps, cores())) is not None:
            notes.append(short)
        return notes

    @property
    def next_episode(self) -> int:
        """Index that the running or next take will have."""
        appending = sum(take.replaces is None for take in self._closing.values())
        return self._writer.episodes + self._writer.appending + appending

    @property
    def committed(self) -> int:
        """Episodes that this recorder has committed so far."""
        return len(self._writer.saved)

    @property
    def episodes_saved(self) -> Sequence[Saved]:
        """Those episodes, in the order in which they were committed."""
        return self._writer.saved

    @property
    def saving(self) -> int:
        """Takes that are saved but not yet committed."""
        return self._writer.committing + len(self._closing)

    @property
    def free_bytes(self) -> int:
        """Room on the dataset's disk, a second ago."""
        return self._space.bytes

    @property
    def spooled(self) -> int:
        """Images that had to wait on the disk for their encoder."""
        return sum(camera.spooled for camera in self._cameras.values())

    def views(self) -> tuple[CameraView, ...]:
        """What the screen shows of the cameras."""
        return tuple(camera.view() for camera in self._cameras.values())

    @property
    def mailboxes(self) -> Mapping[str, int]:
        """Camera name to the descriptor of its newest images, for processes that look at them."""
        return {name: camera.mailbox.fileno() for name, camera in self._cameras.items()}

    def obstacle(self) -> str | None:
        """Why no take can begin now; None when one can."""
        return self.trouble() or self._space.obstacle(self._quality.min_free_gb)

    def trouble(self) -> str | None:
        """Why the running take cannot go on; None when it can."""
        self._poll()
        for camera in self._cameras.values():
            if (trouble := camera.trouble(self._quality.max_silence_s)) is not None:
                return trouble
        return None

    def recover(self) -> None:
        """Start the process of a camera again that has died; never waits."""
        for camera in self._cameras.values():
            camera.restart_if_dead()

    def begin(self, task: str, replaces: int | None = None) -> Take:
        """Open a staged take in every process; saved, it replaces that episode or is a new one."""
        take = self._running = _Open(layout.new_take_id())
        take.replaces = replaces
        folder = self.root / layout.TAKES / take.id
        self._writer.begin(take.id, task, replaces)
        for camera in self._cameras.values():
            camera.begin(take.id, folder)
        return Take(self._writer, self._cameras, self._fps)

    def save(self, take: Take) -> int:
        """Commit it as soon as every camera has encoded its images; the next may begin now.

        Returns:
            The index that the episode will have.
        """
        ended = self._end()
        index = self.next_episode if ended.replaces is None else ended.replaces
        ended.waiting_for = {*self._cameras, *((_VERDICT,) if self._judged else ())}
        self._saved_last = ended.id
        ended.saved_at = self._now()
        self._closing[ended.id] = ended
        for camera in self._cameras.values():
            camera.finish(ended.id)
        self._commit_what_is_encoded()
        return index

    def judge(self, success: bool) -> None:
        """Say of the take that was saved last whether it succeeded."""
        assert self._saved_last is not None
        self._writer.judge(self._saved_last, success)
        if self._saved_last in self._closing:
            self._closing[self._saved_last].waiting_for.discard(_VERDICT)

    def discard(self, take: Take) -> None:
        """Forget it, and everything of it on disk."""
        ended = self._end()
        for camera in self._cameras.values():
            camera.discard(ended.id)
        self._writer.discard(ended.id)

    def leave(self, take: Take) -> None:
        """Close it where it is staged, to be salvaged."""
        ended = self._end()
        for camera in self._cameras.values():
            camera.finish(ended.id)
        self._writer.leave(ended.id)
        self.left.append(ended.id)

    def sleep(self, seconds: float) -> None:
        """Let time pass; while saves are under way, passing them on the moment they can be."""
        until = self._now() + seconds
        children: list[RemoteWriter | RemoteCamera] = [self._writer, *self._cameras.values()]
        while self.saving and (left := until - self._now()) > 0:
            speaking, _, _ = select.select(children, [], [], left)
            if speaking:
                self._poll()
        time.sleep(max(0.0, until - self._now()))

    def close(self) -> None:
        """Wait until everything that was saved is committed, then end the processes."""
        try:
            for take in self._closing.values():
                take.waiting_for.discard(_VERDICT)  # nobody is there any more who could judge it
            while self.saving:
                self._poll()
                self._finishing(self.saving, sum(view.behind for view in self.views()))
                self.sleep(_CLOSING_POLL_S)
        finally:
            self._space.close()
            for camera in self._cameras.values():
                camera.end_input()
            self._writer.close()
            for camera in self._cameras.values():
                camera.close()
            self.saved = self._writer.saved

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end(self) -> _Open:
        ended, self._running = self._running, None
        assert ended is not None
        return ended

    def _poll(self) -> None:
        self._writer.poll()
        for camera in self._cameras.values():
            for take in camera.poll():
                if take in self._closing:
                    self._closing[take].waiting_for.discard(camera.name)
            if not camera.running:
                self._leave_what_waits_for(camera)
        self._commit_what_is_encoded()

    def _leave_what_waits_for(self, camera: RemoteCamera) -> None:
        """The images of these takes were lost with the process that was encoding them."""
        for take in [each for each in self._closing.values() if camera.name in each.waiting_for]:
            del self._closing[take.id]
            self._writer.leave(take.id)
            self.unsaved.append(take.id)

    def _commit_what_is_encoded(self) -> None:
        """In the order of the saves: a camera works on one take after the other."""
        while self._closing:
            first = next(iter(self._closing.values()))
            if first.waiting_for:
                return
            self._writer.commit(first.id, first.replaces, first.saved_at)
            del self._closing[first.id]


def _wait_for(camera: RemoteCamera, shared: Sequence[str]) -> None:
    """Most devices open once only, so that two names for one are why the second does not."""
    try:
        camera.wait_until_ready()
    except LerecordError as error:
        raise LerecordError(" ".join((str(error), *shared))) from error
