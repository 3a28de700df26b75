"""A dataset as the page sees it: the last committed state, read again once it has changed."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lerecord.dataset.format import Annotations, EpisodeRecord, layout, read_annotations
from lerecord.dataset.overview import EpisodeOverview, episodes_of
from lerecord.dataset.storage import Snapshot
from lerecord.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Book:
    """One moment of a dataset.

    Attributes:
        snapshot: where its files are.
        version: another one once anything has changed.
        records: of its episodes, by number.
        overviews: likewise, as `lerecord list` shows them.
        annotations: by number of the episode.
    """

    snapshot: Snapshot
    version: str
    records: tuple[EpisodeRecord, ...]
    overviews: tuple[EpisodeOverview, ...]
    annotations: Mapping[int, Annotations]

    @classmethod
    def of(cls, root: Path) -> "Book":
        """Look at a dataset; raises DatasetError."""
        snapshot = Snapshot.of(root)
        return cls(
            snapshot,
            hashlib.sha256(repr(snapshot.versions).encode()).hexdigest()[:16],
            tuple(snapshot.episodes()),
            tuple(episodes_of(snapshot)),
            read_annotations(snapshot.meta.__getitem__),
        )

    def record(self, episode: int) -> EpisodeRecord:
        """The record of an episode; raises DatasetError when there is none."""
        if not 0 <= episode < len(self.records):
            raise DatasetError(
                f"{self.snapshot.root} has no episode {episode}; it may have been deleted, or "
                f"renumbered, meanwhile."
            )
        return self.records[episode]

    def video(self, episode: int, camera: int) -> Path:
        """The file of a camera's images in an episode.

        Args:
            episode: its number.
            camera: place among the dataset's cameras.

        Raises:
            DatasetError: there is none.
        """
        self.record(episode)
        cameras = self.snapshot.info.videos
        if camera >= len(cameras):
            raise DatasetError(f"{self.snapshot.root} has {len(cameras)} cameras.")
        return self.snapshot.view.path(layout.video_file(episode, cameras[camera].key))

    def health(self, episode: int) -> Mapping[str, Any] | None:
        """Its line of health; None where nothing is kept of it."""
        return self.annotations.get(episode, {}).get("health")


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
            if not self._book.snapshot.is_current():
                self._book = Book.of(self.root)
            return self._book
