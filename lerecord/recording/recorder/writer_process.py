"""The one process that writes: it holds the dataset's lock, keeps the frame journal, and commits.

Commits happen in the order in which they are asked for, while frames of the next take wait in the
pipe; a commit takes milliseconds.
"""

import time
from collections.abc import Sequence

import numpy.ma  # noqa: F401 - numpy.percentile fetches it otherwise, in the first commit: 28 ms

from lerecord.dataset.format import Label
from lerecord.dataset.write import DatasetWriter, StagedTake
from lerecord.errors import LerecordError
from lerecord.processes import messages, tell
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
from lerecord.recording.review import Reviewer


class Writing:
    """Does what the parent asks, one command after the other."""

    def __init__(self, writer: DatasetWriter) -> None:
        self._writer = writer
        self._staged: dict[str, StagedTake] = {}
        self._running: StagedTake | None = None
        self._episodes: dict[str, int] = {}

    def handle(self, command: Command) -> None:
        """Do what one command asks; takes are named by their id."""
        match command:
            case Begin(take, task, replaces):
                self._running = self._writer.begin_take(task, take, replaces=replaces)
                self._staged[take] = self._running
            case Add(frame):
                assert self._running is not None
                self._running.add(frame)
            case Commit(take, replaces):
                tell(EVENTS.write(self._committed(take, replaces)))
            case Discard(take):
                self._writer.discard(self._staged.pop(take))
            case Leave(take):
                self._staged.pop(take).close()
            case Judge(take, success):
                self._judge(take, success)

    def _judge(self, take: str, success: bool) -> None:
        if take in self._staged:
            self._staged[take].label(Label(success))
        elif take in self._episodes:
            self._writer.label(self._episodes[take], success)

    def _committed(self, take: str, replaces: int | None) -> Committed:
        staged = self._staged.pop(take)
        if replaces is None:
            episode = self._writer.commit(staged)
        else:
            episode = self._writer.replace(replaces, staged)
        self._episodes[take] = episode.index
        return Committed(
            take=take,
            committed_at=time.monotonic(),
            episode=episode.index,
            replaced=replaces is not None,
            task=episode.task,
            rows=episode.length,
            seconds=episode.seconds,
            missed=episode.missed,
            repeated=sum(episode.repeated.values()),
            remarks=tuple(episode.remarks),
            review=episode.review,
        )


def main(_: Sequence[str]) -> None:
    """Open the dataset, say what is in it, and serve until stdin ends."""
    parent = messages()
    try:
        asked: Open = COMMANDS.read(next(parent))
        with DatasetWriter.open_or_create(
            asked.root, asked.spec, accept_calibration=asked.accept_calibration
        ) as writer:
            tell(EVENTS.write(Opened(writer.episodes, tuple(writer.left_takes))))
            if asked.limits is not None:
                writer.review = Reviewer(asked.root, asked.limits)
            writing = Writing(writer)
            for command in map(COMMANDS.read, parent):
                writing.handle(command)
    except LerecordError as error:
        tell(EVENTS.write(Failed(str(error))))
