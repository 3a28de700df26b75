"""The columns that say how an episode ended, for trainers that know nothing of labels.

The names are those of LeRobot. They follow from the label and the length alone, as the index
columns follow from the place: whoever changes either writes them anew. An episode that nobody has
judged is not done: whether its last frame is the end of the task is not known.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format.labels import Label

REWARD, DONE, SUCCESS = "next.reward", "next.done", "next.success"
LABEL_FEATURES = {REWARD: "float32", DONE: "bool", SUCCESS: "bool"}
"""Name to dtype."""


def has_labels(features: Iterable[str]) -> bool:
    """A dataset with these features has the columns."""
    return set(LABEL_FEATURES) <= set(features)


def label_features() -> dict[str, dict[str, Any]]:
    """The features as they stand in info.json."""
    return {
        name: {"dtype": dtype, "shape": [1], "names": None}
        for name, dtype in LABEL_FEATURES.items()
    }


def label_columns(frames: int, label: Label) -> Mapping[str, NDArray[Any]]:
    """The columns of an episode of that many frames."""
    is_last = np.arange(frames) == frames - 1
    succeeds = is_last & (label.success is True)
    return {
        REWARD: succeeds.astype(np.float32),
        DONE: is_last & (label.success is not None),
        SUCCESS: succeeds,
    }
