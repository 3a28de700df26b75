"""Annotations: what is known of an episode beside its frames, such as how well it was recorded.

`layout.ANNOTATIONS` names their files; a file that is entered there is carried through every
append, edit, undo, merge and export.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lerecord.dataset.format import layout
from lerecord.dataset.format.metadata import line_of, parse_annotation

Annotations = Mapping[str, Mapping[str, Any]]
"""Of one episode: name to its line, without the index; other recorders leave none."""


def read_annotations(read: Callable[[str], bytes | None]) -> dict[int, Annotations]:
    """All of a dataset, by episode_index.

    Args:
        read: gives the content of a file of the dataset; None where it is missing.

    Raises:
        DatasetError: a line is not of that form.
    """
    found: dict[int, dict[str, Mapping[str, Any]]] = {}
    for name, file in layout.ANNOTATIONS.items():
        for line in parse_annotation(file, read(file) or b""):
            found.setdefault(line.episode, {})[name] = line.values
    return dict(found)


def annotation_lines(episodes: Iterable[tuple[int, Annotations]]) -> dict[str, bytes]:
    """The content of each file for these episodes, in their order; empty where none has a line."""
    lines: dict[str, list[bytes]] = {file: [] for file in layout.ANNOTATIONS.values()}
    for episode, annotations in episodes:
        for name, values in annotations.items():
            lines[layout.ANNOTATIONS[name]].append(line_of({"episode_index": episode, **values}))
    return {file: b"".join(each) for file, each in lines.items()}
