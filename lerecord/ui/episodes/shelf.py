"""A dataset as the page sees it: the last committed state, read again once it has changed."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lerecord.dataset.format import (
    Annotations,
    DatasetVersionError,
    EpisodeRecord,
    read_annotations,
)
from lerecord.dataset.overview import EpisodeOverview, episodes_of
from lerecord.dataset.read import Files, Stored, stored_at
from lerecord.dataset.storage import Segment, Snapshot
from lerecord.errors import DatasetError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Book:
    """One moment of a dataset.

    Attributes:
        stored: its metadata.
        files: of its episodes; several threads get frames through `frames` only.
        version: another one once anything has changed.
        closed: why it cannot be changed, and what makes a copy that can; empty where it can.
        records: of its episodes, by number.
        overviews: likewise, as `lerecord list` shows them.
        annotations: by number of the episode.
    """

    stored: Stored
    files: Files
    version: str
    closed: str
    records: tuple[EpisodeRecord, ...]
    overviews: tuple[EpisodeOverview, ...]
    annotations: Mapping[int, Annotations]
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, root: Path) -> "Book":
        """Look at a dataset; raises DatasetError."""
        stored = stored_at(root)
        return cls(
            stored,
            stored.files,
            stored.moment,
            _closed(stored),
            tuple(stored.episodes()),
            tuple(episodes_of(stored)),
            read_annotations(stored.meta.__getitem__),
        )

    def record(self, episode: int) -> EpisodeRecord:
        """The record of an episode; raises DatasetError when there is none."""
        if not 0 <= episode < len(self.records):
            raise DatasetError(
                f"{self.stored.root} has no episode {episode}; it may have been deleted, or "
                f"renumbered, meanwhile."
            )
        return self.records[episode]

    def frames(self, episode: int, columns: Sequence[str]) -> "pa.Table":
        """These columns of an episode's frames; raises DatasetError."""
        with self._turn:  # the file that episodes of v3.0 share is kept for the next one
            return self.files.frames(episode, columns, self.record(episode).length)

    def video(self, episode: int, camera: int) -> Segment:
        """Where the images of a camera in an episode are.

        Args:
            episode: its number.
            camera: place among the dataset's cameras.

        Raises:
            DatasetError: there is none.
        """
        self.record(episode)
        cameras = self.stored.info.videos
        if camera >= len(cameras):
            raise DatasetError(f"{self.stored.root} has {len(cameras)} cameras.")
        return self.files.video(episode, cameras[camera].key)

    def health(self, episode: int) -> Mapping[str, Any] | None:
        """Its line of health; None where nothing is kept of it."""
        return self.annotations.get(episode, {}).get("health")


def _closed(stored: Stored) -> str:
    if isinstance(stored, Snapshot):
        return ""
    try:
        Snapshot.of(stored.root)
    except DatasetVersionError as error:
        return str(error)
    return ""


class Shelf:
    """The newest book of a dataset; may be asked by several threads.

    Args:
        root: the dataset's folder.

    Raises:
        DatasetError: there is no dataset that can be read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._turn = threading.Lock()
        self._book = Book.of(root)

    def now(self) -> Book:
        """The dataset as it is now; raises DatasetError."""
        with self._turn:
            if not self._book.stored.is_current():
                self._book = Book.of(self.root)
            return self._book
