"""What a training loader asks of a dataset: a length, and samples by number, one or many."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

ImageForm = Literal["uint8", "float32"]
"""`uint8`: (H, W, 3) RGB as it was decoded. `float32`: (3, H, W) RGB in [0, 1], as LeRobot's."""

Sample = dict[str, Any]
"""Feature name to an array or a NumPy scalar; `task` to the sentence."""

Batch = dict[str, Any]
"""Feature name to an array with the samples along its first axis; `task` to a list."""


class Samples(ABC):
    """Samples by number, map-style: torch's DataLoader takes it as it is.

    `samples[i]` is one sample, `samples[a:b]` several stacked. What is negative counts from the
    end. For torch it also has `__getitems__`, which reads a whole batch in the order of the disk.
    """

    @abstractmethod
    def __len__(self) -> int:
        """How many samples there are."""

    @abstractmethod
    def gather(self, rows: NDArray[np.int64]) -> Batch:
        """The samples of these numbers, each from 0 to below the length, in any order."""

    @overload
    def __getitem__(self, chosen: int) -> Sample: ...

    @overload
    def __getitem__(self, chosen: slice) -> Batch: ...

    def __getitem__(self, chosen: int | slice) -> Sample | Batch:
        """One sample, or several stacked.

        Raises:
            IndexError: there is no such sample.
            DatasetError: its images cannot be read.
        """
        if isinstance(chosen, slice):
            return self.gather(np.arange(len(self), dtype=np.int64)[chosen])
        return _sample(self.gather(self._in_range([chosen])), 0)

    def __getitems__(self, chosen: Sequence[int]) -> list[Sample]:
        """Several samples, as torch's DataLoader asks for a batch; raises as `samples[i]`."""
        batch = self.gather(self._in_range(chosen))
        return [_sample(batch, place) for place in range(len(chosen))]

    def __iter__(self) -> Iterator[Sample]:
        return (self[row] for row in range(len(self)))

    def _in_range(self, chosen: Sequence[int]) -> NDArray[np.int64]:
        count = len(self)
        rows = np.array([operator.index(each) for each in chosen], dtype=np.int64)
        if ((rows < -count) | (rows >= count)).any():
            raise IndexError(f"sample {rows.tolist()} of {count}")
        return np.where(rows < 0, rows + count, rows)


def _sample(batch: Batch, place: int) -> Sample:
    return {key: values[place] for key, values in batch.items()}
