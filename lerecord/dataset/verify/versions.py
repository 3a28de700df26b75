"""In what the versions of LeRobot's format differ for a check."""

from collections.abc import Mapping
from dataclasses import dataclass

from lerecord.dataset.format import CODEBASE_VERSION, layout, layout_v30


@dataclass(frozen=True, slots=True)
class Version:
    """What a dataset of a version has.

    Attributes:
        tasks: the file of tasks.
        stats: the file, or folder, with the statistics of episodes.
        totals: the entries of info.json that follow from the episodes.
        lines: the files of lines.
        is_ours: lerecord writes it. What LeRobot's tools leave behind in the other is no error:
            other orders, tasks that no episode has, statistics of columns that they renumber.
    """

    tasks: str
    stats: str
    totals: tuple[str, ...]
    lines: tuple[str, ...] = ()
    is_ours: bool = False


_COUNTED = ("total_episodes", "total_frames", "total_tasks", "splits")
VERSIONS: Mapping[str, Version] = {
    CODEBASE_VERSION: Version(
        tasks=layout.TASKS,
        stats=layout.EPISODES_STATS,
        totals=(*_COUNTED, "total_videos", "total_chunks"),
        lines=(layout.TASKS, layout.EPISODES, layout.EPISODES_STATS),
        is_ours=True,
    ),
    layout_v30.CODEBASE_VERSION: Version(
        tasks=layout_v30.TASKS, stats=layout_v30.EPISODES, totals=_COUNTED
    ),
}
"""By codebase_version."""
