"""The tasks of episodes of which episodes.jsonl names none.

LeRobot looks at the task_index of the frames alone, so other recorders leave the list empty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lerecord.dataset.format import EpisodeRecord, layout, read_parquet, to_numpy
from lerecord.dataset.storage.pending_view import PendingView
from lerecord.errors import DatasetError


def named_by_frames(
    view: PendingView, tasks: Mapping[int, str], records: Sequence[EpisodeRecord]
) -> list[EpisodeRecord]:
    """The episodes, with the tasks of their frames where they name none.

    An episode whose frames cannot be read, or do not say either, stays as it is.
    """
    return [each if each.tasks else _named(view, tasks, each) for each in records]


def _named(view: PendingView, tasks: Mapping[int, str], record: EpisodeRecord) -> EpisodeRecord:
    path = view.path(layout.data_file(record.index))
    try:
        numbers = to_numpy(read_parquet(path, ["task_index"], record.length), "task_index")
    except (DatasetError, ValueError):
        return record
    found = dict.fromkeys(tasks.get(number, "") for number in numbers.tolist())
    return replace(record, tasks=tuple(each for each in found if each))
