"""Several datasets of one rig, read as one."""

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import (
    NUMBERS,
    EpisodeRecord,
    Part,
    Stats,
    has_rollouts,
    joined,
    stats,
)
from lerecord.dataset.join.compatibility import require_compatible
from lerecord.dataset.read import (
    TOLERANCE_S,
    Batch,
    Dataset,
    DeltaTimestamps,
    ImageForm,
    Samples,
    stored_at,
)
from lerecord.dataset.verify import require_sound
from lerecord.errors import DatasetError


class MultiDataset(Samples):
    """Datasets one behind the other, read as `lerecord merge` would join them.

    Metadata is the first one's; episodes, frames and tasks are numbered anew; statistics are
    aggregated. Each sample also has `dataset_index`.

    Args:
        roots: the datasets' folders.
        delta_timestamps: as of Dataset.
        tolerance_s: as of Dataset.
        images: as of Dataset.
        allow_hardware: join rigs whose servo ids or camera rotation differ.

    Raises:
        DatasetError: they cannot be joined, or one is not sound or cannot be read.
    """

    def __init__(
        self,
        roots: Sequence[str | PathLike[str]],
        delta_timestamps: DeltaTimestamps | None = None,
        tolerance_s: float = TOLERANCE_S,
        images: ImageForm = "uint8",
        allow_hardware: bool = False,
    ) -> None:
        datasets = [stored_at(Path(root)) for root in roots]
        require_compatible(datasets, allow_hardware)
        if len({has_rollouts(each.info.features) for each in datasets}) > 1:
            raise DatasetError(
                "Some of the datasets have the columns of rollouts, and some do not; merge them, "
                "which gives the columns to all: `lerecord merge DIR... OUT`."
            )
        require_sound(Path(root) for root in roots)
        self.datasets = tuple(
            Dataset(root, None, delta_timestamps, tolerance_s, images) for root in roots
        )
        self.tasks, self._shifts = joined(
            [Part(each.numbered_tasks, each.episodes) for each in self.datasets]
        )
        self.stats = stats.fold(self._episode_stats()) or {}
        self._end = np.cumsum([len(each) for each in self.datasets], dtype=np.int64)

    @property
    def fps(self) -> int:
        """Frames a second."""
        return self.datasets[0].fps

    @property
    def robot_type(self) -> str | None:
        """Of the rig; None when nobody said it."""
        return self.datasets[0].robot_type

    @property
    def features(self) -> dict[str, object]:
        """The first one's, as in meta/info.json."""
        return dict(self.datasets[0].features)

    @property
    def camera_keys(self) -> list[str]:
        """The features that are videos."""
        return self.datasets[0].camera_keys

    @property
    def episodes(self) -> tuple[EpisodeRecord, ...]:
        """All episodes, with their new numbers."""
        records = [record for each in self.datasets for record in each.episodes]
        return tuple(
            EpisodeRecord(index, record.tasks, record.length)
            for index, record in enumerate(records)
        )

    @property
    def episode_data_index(self) -> dict[str, NDArray[np.int64]]:
        """`from` and `to`, (E,) each: the first frame of each episode, and one past its last."""
        lengths = np.array([each.length for each in self.episodes], dtype=np.int64)
        end = np.cumsum(lengths, dtype=np.int64)
        return {"from": end - lengths, "to": end}

    def __len__(self) -> int:
        return int(self._end[-1])

    def __repr__(self) -> str:
        return f"MultiDataset({len(self.datasets)} datasets, {len(self)} frames)"

    def gather(self, rows: NDArray[np.int64]) -> Batch:
        """Samples by number, stacked; raises DatasetError when an image cannot be read."""
        owner = np.searchsorted(self._end, rows, side="right").astype(np.int64)
        parts = [int(each) for each in np.unique(owner)]
        if len(parts) <= 1:
            batch = self._gathered(parts[0] if parts else 0, rows)
        else:
            batch = {}
            for part in parts:
                places = np.flatnonzero(owner == part)
                _scatter(self._gathered(part, rows[places]), places, batch, len(rows))
        return batch | {"dataset_index": owner}

    def _gathered(self, part: int, rows: NDArray[np.int64]) -> Batch:
        """Of frames that are one part's, with their new numbers."""
        data = self.datasets[part]
        batch = data.gather(rows - (self._end[part] - len(data)))
        return batch | self._shifts[part].renumbered({key: batch[key] for key in NUMBERS})

    def _episode_stats(self) -> Iterator[Stats]:
        for data, shift in zip(self.datasets, self._shifts, strict=True):
            for place, values in enumerate(data.episode_stats):
                rows = slice(data.rows.first[place], data.rows.end[place])
                columns = {key: data.rows.columns[key][rows] for key in NUMBERS}
                yield shift.renumbered_stats(values, columns)


def _scatter(some: Batch, places: NDArray[np.intp], batch: Batch, count: int) -> None:
    """Put samples at their places in a batch of `count`."""
    for key, values in some.items():
        if isinstance(values, list):
            sentences = batch.setdefault(key, [""] * count)
            for place, sentence in zip(places, values, strict=True):
                sentences[place] = sentence
        else:
            if key not in batch:
                batch[key] = np.empty((count, *values.shape[1:]), values.dtype)
            batch[key][places] = values
