"""The columns that rollouts have beside LeRobot's own: who acted, and what the policy wanted.

`intervention` is LeRobot's name for frames in which a person acts. What was executed is `action`.
Where a policy said nothing, `policy_action` is 0 and `has_policy_action` false: a NaN would make
every statistic one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format.frame_columns import FrameColumns

INTERVENTION, POLICY_ACTION, HAS_POLICY_ACTION = (
    "intervention",
    "policy_action",
    "has_policy_action",
)
ROLLOUT_FEATURES = {POLICY_ACTION: "float32", HAS_POLICY_ACTION: "bool", INTERVENTION: "bool"}
"""Name to dtype; `policy_action` is a vector of the joints, the others are plain."""
_PERSONS = (0, 3)
"""In the column `source`: a person at the leaders, in a demonstration or in a correction."""

Extras = Mapping[str, NDArray[Any]]
"""Columns of ROLLOUT_FEATURES by name; none in a dataset that does not have them."""


def has_rollouts(features: Iterable[str]) -> bool:
    """A dataset with these features has the columns."""
    return set(ROLLOUT_FEATURES) <= set(features)


def rollout_features(joints: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The features as they stand in info.json."""
    return {
        name: {
            "dtype": dtype,
            "shape": [len(joints)] if name == POLICY_ACTION else [1],
            "names": list(joints) if name == POLICY_ACTION else None,
        }
        for name, dtype in ROLLOUT_FEATURES.items()
    }


def rollout_columns(rows: FrameColumns) -> Extras:
    """The columns of recorded rows."""
    said = np.isfinite(rows.policy_action).all(axis=1)
    return {
        POLICY_ACTION: np.where(said[:, None], rows.policy_action, np.float32(0)),
        HAS_POLICY_ACTION: said,
        INTERVENTION: np.isin(rows.source, _PERSONS),
    }


def a_persons(frames: int, joints: int) -> Extras:
    """The columns of demonstrations, which were recorded without them."""
    return {
        POLICY_ACTION: np.zeros((frames, joints), np.float32),
        HAS_POLICY_ACTION: np.zeros(frames, bool),
        INTERVENTION: np.ones(frames, bool),
    }
