"""What follows from a new list of episodes, their own files aside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from lerecord.dataset.edit import operation_log
from lerecord.dataset.edit.episode_list import (
    Draft,
    EpisodeList,
    Slot,
    lengths,
    places,
    task_indices,
)
from lerecord.dataset.format import (
    Annotations,
    EpisodeRecord,
    Place,
    Stats,
    annotation_lines,
    episode_table,
    label_columns,
    metadata,
    stats,
    with_label,
)
from lerecord.dataset.storage import DatasetState


@dataclass(frozen=True, slots=True, eq=False)
class NewMetadata:
    """Everything that follows from a new list but the episodes' files."""

    slots: Sequence[Slot]
    places: list[Place]
    state: DatasetState
    lines: bytes
    stats_lines: bytes
    annotation_lines: dict[str, bytes]

    @classmethod
    def of(cls, old: EpisodeList, slots: Sequence[Slot], state: DatasetState) -> Self:
        """Derive it from the new list; `state` is the dataset's before."""
        each = lengths(old, slots)
        stand = places(each, state.info.fps)
        values = [
            _stats(old, slot, place, length)
            for slot, place, (_, length) in zip(slots, stand, each, strict=True)
        ]
        tasks = list(task_indices([task for task, _ in each]))
        info = replace(
            state.info,
            episodes=len(slots),
            frames=sum(length for _, length in each),
            tasks=len(tasks),
        )
        records = [EpisodeRecord(i, (task,), length) for i, (task, length) in enumerate(each)]
        return cls(
            slots=slots,
            places=stand,
            state=replace(
                state,
                info=info,
                tasks=tasks,
                stats=stats.fold(values),
                hardware=state.hardware_due,
            ),
            lines=operation_log.record_lines(records),
            stats_lines=b"".join(metadata.stats_line(i, value) for i, value in enumerate(values)),
            annotation_lines=annotation_lines(_annotated(old, slots)),
        )

    @property
    def size_bytes(self) -> int:
        """Of the files of lines."""
        files = (self.lines, self.stats_lines, *self.annotation_lines.values())
        return sum(map(len, files))


def _stats(old: EpisodeList, slot: Slot, place: Place, length: int) -> Stats:
    if isinstance(slot, Draft):
        return episode_table.placed_stats(slot.stats, length, place)
    values = old.stats[slot.old]
    if old.has_labels and slot.label is not None:
        columns = label_columns(length, slot.label)
        values = values | {name: stats.of_column(each) for name, each in columns.items()}
    if place == old.places[slot.old]:
        return values
    return episode_table.placed_stats(values, length, place)


def _annotated(old: EpisodeList, slots: Sequence[Slot]) -> Iterator[tuple[int, Annotations]]:
    for index, slot in enumerate(slots):
        if isinstance(slot, Draft):
            yield index, slot.annotations
        else:
            annotations = old.annotations.get(slot.old, {})
            label = slot.label
            yield index, annotations if label is None else with_label(annotations, label)
