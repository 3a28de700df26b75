"""The frames of a dataset that is exported, an episode at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from lerecord.dataset.format import EpisodeRecord
from lerecord.dataset.read import load_rows, require_known_tasks
from lerecord.dataset.storage import Snapshot

_TOLERANCE_S = 1e-4


class Frames:
    """Reads frames.

    Args:
        snapshot: of the dataset of v2.1.
        records: of all its episodes.
    """

    def __init__(self, snapshot: Snapshot, records: Sequence[EpisodeRecord]) -> None:
        self._snapshot = snapshot
        self._records = records
        self._tasks = snapshot.tasks()

    def of(self, episode: int) -> Mapping[str, NDArray[Any]]:
        """The columns of an episode; raises DatasetError where they disagree with the metadata."""
        records = [self._records[episode]]
        rows = load_rows(self._snapshot.files, self._snapshot.info, records, _TOLERANCE_S)
        require_known_tasks(rows, self._tasks)
        return rows.columns
