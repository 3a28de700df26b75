"""The writer process, seen from the control loop: a sink of frames that never waits."""

from dataclasses import dataclass, replace
from pathlib import Path

from lerecord.dataset.format import DatasetSpec, Reason
from lerecord.dataset.staging import TakeFrame
from lerecord.errors import LerecordError
from lerecord.processes import ChildProcess
from lerecord.recording.recorder.writer_messages import (
    COMMANDS,
    EVENTS,
    Add,
    Begin,
    Command,
    Commit,
    Committed,
    Discard,
    Failed,
    Judge,
    Leave,
    Open,
    Opened,
)
from lerecord.recording.review import Limits

_OPEN_TIMEOUT_S = 30.0
_LAST_COMMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Saved:
    """An episode that is committed; replaced when it took the place of an older one.

    Attributes:
        missed: slots that the loop missed, each a repeated frame.
        repeated: images of all cameras that are the one before once more.
        remarks: what the operator should know of its cameras and its slots, a sentence each.
    """

    episode: int
    replaced: bool
    task: str
    rows: int
    seconds: float
    missed: int
    repeated: int
    remarks: tuple[str, ...]
    committed_after_s: float
    """From SAVE until the episode was complete and synced on the disk."""
    success: bool | None = None
    """What was said of it; None where nobody has said anything."""
    review: tuple[Reason, ...] | None = None
    """What speaks against it; None where nobody looked."""


class RemoteWriter:
    """Starts the process that owns the dataset's lock, journal and metadata."""

    def __init__(
        self,
        root: Path,
        spec: DatasetSpec,
        accept_calibration: bool,
        limits: Limits | None = None,
    ) -> None:
        self.episodes = 0
        """Episodes that are committed."""
        self.committing = 0
        """Takes whose commit is under way."""
        self.appending = 0
        """Those of them that become new episodes."""
        self.saved: list[Saved] = []
        self._saved_at: dict[str, float] = {}
        self._judged: dict[str, bool] = {}
        self._places: dict[str, int] = {}  # take to its place in `saved`
        self._child = ChildProcess("writer")
        self._send(Open(root, spec, accept_calibration, limits))

    def wait_until_open(self) -> list[str]:
        """Wait until the dataset is locked and its rig compared; returns what salvage waits for.

        Raises:
            LerecordError: another recorder has it, it is of another rig, or it is no dataset.
        """
        opened: Opened = EVENTS.read(self._child.wait_for("open", _OPEN_TIMEOUT_S))
        self.episodes = opened.episodes
        return list(opened.left_takes)

    def begin(self, take: str, task: str, replaces: int | None = None) -> None:
        """Stage a take, of a new episode or of one that is done again; its frames follow."""
        self._send(Begin(take, task, replaces))

    def add(self, frame: TakeFrame) -> None:
        """One frame of the running take."""
        self._send(Add(frame))

    def commit(self, take: str, replaces: int | None, saved_at: float) -> None:
        """Make the staged take a new episode, or put it in the place of one.

        `saved` grows when that is done.
        """
        self.committing += 1
        self.appending += replaces is None
        self._saved_at[take] = saved_at
        self._send(Commit(take, replaces))

    def judge(self, take: str, success: bool) -> None:
        """Say of a take, or of the episode that it has become, whether it succeeded."""
        self._judged[take] = success
        if (place := self._places.get(take)) is not None:
            self.saved[place] = replace(self.saved[place], success=success)
        self._send(Judge(take, success))

    def discard(self, take: str) -> None:
        """Remove the staged take."""
        self._send(Discard(take))

    def leave(self, take: str) -> None:
        """Close the staged take where it is."""
        self._send(Leave(take))

    def fileno(self) -> int:
        """The descriptor on which its messages arrive, for select."""
        return self._child.fileno()

    def poll(self) -> None:
        """Take in what the process has said.

        Raises:
            LerecordError: it could not write; the cause is in the sentence.
        """
        running = self._child.running
        for message in self._child.poll():
            self._on_message(EVENTS.read(message))
        if not running:
            raise LerecordError(
                f"The process that writes the dataset died: {self._child.complaint()[-500:]} "
                f"The running take is kept for `lerecord recover`."
            )

    def close(self) -> None:
        """End the process; it finishes what it has been told first."""
        self._child.close(timeout_s=_LAST_COMMIT_S)

    def _send(self, command: Open | Command) -> None:
        self._child.send(COMMANDS.write(command))

    def _on_message(self, event: Committed | Failed) -> None:
        if isinstance(event, Failed):
            raise LerecordError(event.message)
        saved = Saved(
            episode=event.episode,
            replaced=event.replaced,
            task=event.task,
            rows=event.rows,
            seconds=event.seconds,
            missed=event.missed,
            repeated=event.repeated,
            remarks=event.remarks,
            review=event.review,
            committed_after_s=event.committed_at - self._saved_at.pop(event.take),
            success=self._judged.get(event.take),
        )
        self._places[event.take] = len(self.saved)
        self.committing -= 1
        self.appending -= not saved.replaced
        self.episodes += not saved.replaced
        self.saved.append(saved)
