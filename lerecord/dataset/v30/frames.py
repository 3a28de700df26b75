"""The frames of a dataset that is exported: all of them at once, or those of some episodes."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from lerecord.dataset.format import EpisodeRecord
from lerecord.dataset.read import Rows, load_rows, require_known_tasks
from lerecord.dataset.storage import Snapshot

_TOLERANCE_S = 1e-4


class Frames:
    """Reads frames, and all of them once at most.

    Args:
        snapshot: of the dataset of v2.1.
        records: of all its episodes.
    """

    def __init__(self, snapshot: Snapshot, records: Sequence[EpisodeRecord]) -> None:
        self._snapshot = snapshot
        self._records = records
        self._all: Rows | None = None

    def everything(self) -> Rows:
        """All frames; raises DatasetError where they disagree with the metadata."""
        if self._all is None:
            self._all = self._read(self._records)
        return self._all

    def of(self, episode: int) -> Mapping[str, NDArray[Any]]:
        """The columns of an episode; raises DatasetError likewise."""
        if self._all is None:
            return self._read([self._records[episode]]).columns
        rows = slice(int(self._all.first[episode]), int(self._all.end[episode]))
        return {key: column[rows] for key, column in self._all.columns.items()}

    def _read(self, records: Sequence[EpisodeRecord]) -> Rows:
        rows = load_rows(self._snapshot.files, self._snapshot.info, records, _TOLERANCE_S)
        require_known_tasks(rows, self._snapshot.tasks())
        return rows
