"""What a dataset that was begun with --labels has to say of each frame, whoever reads it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import lerecord
from lerecord.errors import DatasetError

COLUMNS = ("next.reward", "next.done", "next.success")


def has_labels(root: Path) -> bool:
    return set(COLUMNS) <= set(lerecord.Dataset(root).features)


def outcomes(root: Path) -> list[str]:
    """Of each episode: success, failure or unlabelled."""
    found: dict[int, str] = {}
    for outcome in ("success", "failure", "unlabelled"):
        try:
            chosen = lerecord.Dataset(root, where=outcome).episodes
        except DatasetError:
            continue  # no episode has it
        found |= {each.index: outcome for each in chosen}
    return [found[each.index] for each in lerecord.Dataset(root).episodes]


def labelled(
    root: Path, columns: Mapping[str, Any], expect: Callable[[str, object, object], None]
) -> str:
    """The columns (N,) or (N, 1) of all frames say what the labels of the dataset say."""
    last = np.array(lerecord.Dataset(root).episode_data_index["to"]) - 1
    said = outcomes(root)
    rows = np.arange(last[-1] + 1)
    won = np.isin(rows, last[[each == "success" for each in said]])
    judged = np.isin(rows, last[[each != "unlabelled" for each in said]])
    for name, due in zip(COLUMNS, (won.astype(np.float32), judged, won), strict=True):
        seen = np.asarray(columns[name]).reshape(-1)
        expect(f"type of {name}", seen.dtype, due.dtype)
        expect(f"frames of {name}", np.flatnonzero(seen).tolist(), np.flatnonzero(due).tolist())
        expect(name, seen.tolist(), due.tolist())
    return f"{len(rows)} frames right, of episodes: {', '.join(said)}"
