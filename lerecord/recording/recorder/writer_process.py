"""The one process that writes: it holds the dataset's lock, keeps the frame journal, and commits.

Commits happen in the order in which they are asked for, while frames of the next take wait in the
pipe; a commit takes milliseconds.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy.ma  # noqa: F401 - numpy.percentile fetches it otherwise, in the first commit: 28 ms

from lerecord.dataset.format import DatasetSpec
from lerecord.dataset.staging import TakeFrame
from lerecord.dataset.write import DatasetWriter, StagedTake
from lerecord.errors import LerecordError
from lerecord.processes import Message, messages, say


class Writing:
    """Obeys the parent's messages, one after the other."""

    def __init__(self, writer: DatasetWriter) -> None:
        self._writer = writer
        self._staged: dict[str, StagedTake] = {}
        self._running: StagedTake | None = None

    def obey(self, message: Message) -> None:
        """Do what one message asks; takes are named by their id."""
        match message["do"]:
            case "begin":
                self._running = self._writer.begin_take(
                    message["task"], message["take"], replaces=message["replaces"]
                )
                self._staged[message["take"]] = self._running
            case "frame":
                assert self._running is not None
                self._running.add(TakeFrame.from_json(message["frame"]))
            case "commit":
                staged, replaces = self._staged.pop(message["take"]), message["replaces"]
                if replaces is None:
                    episode = self._writer.commit(staged)
                else:
                    episode = self._writer.replace(replaces, staged)
                say(
                    "saved",
                    take=message["take"],
                    committed_at=time.monotonic(),
                    episode={
                        "episode": episode.index,
                        "replaced": replaces is not None,
                        "task": episode.task,
                        "rows": episode.length,
                        "seconds": episode.seconds,
                        "remarks": episode.remarks,
                    },
                )
            case "discard":
                self._writer.discard(self._staged.pop(message["take"]))
            case "leave":
                self._staged.pop(message["take"]).close()


def main(_: Sequence[str]) -> None:
    """Open the dataset, say what is in it, and serve until stdin ends."""
    parent = messages()
    asked = next(parent)
    try:
        spec = DatasetSpec.from_json(asked["spec"])
        with DatasetWriter.open_or_create(
            Path(asked["root"]), spec, accept_calibration=asked["accept_calibration"]
        ) as writer:
            say("open", episodes=writer.episodes, left_takes=writer.left_takes)
            writing = Writing(writer)
            for message in parent:
                writing.obey(message)
    except LerecordError as error:
        say("error", message=str(error))
