"""Some frames of a dataset, chosen by who acts in them."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import HAS_POLICY_ACTION, INTERVENTION
from lerecord.dataset.read.samples import Batch, Samples

FrameChoice = Literal["corrections", "policy"]
WHO_ACTS: Mapping[FrameChoice, str] = {
    "corrections": INTERVENTION,
    "policy": HAS_POLICY_ACTION,
}
"""What is chosen, to the column that says so."""


class ChosenFrames(Samples):
    """Some frames of a dataset, numbered anew from 0.

    Args:
        dataset: whose they are.
        rows: (N,) their numbers there.
    """

    def __init__(self, dataset: Samples, rows: NDArray[np.int64]) -> None:
        self.dataset = dataset
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def gather(self, rows: NDArray[np.int64]) -> Batch:
        """Samples by number, stacked; raises DatasetError when an image cannot be read."""
        return self.dataset.gather(self.rows[rows])
