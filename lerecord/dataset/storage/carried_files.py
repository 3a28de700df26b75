"""Files below meta/ that are neither LeRobot's nor lerecord's, such as GR00T's modality.json."""

import filecmp
from collections.abc import Sequence
from pathlib import Path

from lerecord.dataset.format import layout, layout_v30

_KNOWN = {
    layout.INFO,
    layout.TASKS,
    layout.EPISODES,
    layout.EPISODES_STATS,
    layout.STATS,
    layout.HARDWARE,
    *layout.ANNOTATIONS.values(),
    layout_v30.TASKS,
    layout_v30.EPISODES,
}


def ignored(name: str) -> None:
    """Who is told of what is left out unless somebody is."""


def further_files(roots: Sequence[Path]) -> tuple[dict[str, Path], list[str]]:
    """What a dataset made of others takes over, and what it cannot.

    Args:
        roots: of the others.

    Returns:
        Path in the dataset to the file, of those that are the same wherever they are; and the
        names of the others: they differ, or are links, which could lead anywhere.
    """
    taken: dict[str, Path] = {}
    left: list[str] = []
    for root in roots:
        for path in sorted((root / "meta").iterdir()):
            name = f"meta/{path.name}"
            if name in _KNOWN or path.name.startswith(".") or name in left:
                continue
            plain = path.is_file() and not path.is_symlink()
            if plain and filecmp.cmp(taken.setdefault(name, path), path, shallow=False):
                continue
            left.append(name)
    return {name: path for name, path in taken.items() if name not in left}, left
