"""Reviews each take in the process that writes, before it is committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lerecord.dataset.format import Reason, Verdict, layout
from lerecord.dataset.staging import ClosedTake, Look, StagedColumns, read_look
from lerecord.dataset.storage import Snapshot, holds_dataset
from lerecord.dataset.video import first_small_luma
from lerecord.errors import DatasetError
from lerecord.recording.review.cameras import of_cameras
from lerecord.recording.review.length import of_length
from lerecord.recording.review.limits import Limits
from lerecord.recording.review.loop import of_loop
from lerecord.recording.review.motion import of_motion
from lerecord.recording.review.summary import CameraSummary, TakeSummary

_CHECKS = (of_loop, of_cameras, of_motion, of_length)


def reviewed(take: TakeSummary, limits: Limits) -> list[Reason]:
    """What speaks against a take, the gravest first."""
    found = [reason for check in _CHECKS for reason in check(take, limits)]
    return sorted(found, key=lambda each: each.verdict is not Verdict.REDO)


@dataclass(frozen=True, slots=True)
class _Known:
    """An episode of the dataset: its task and its length in frames."""

    task: str
    frames: int


class Reviewer:
    """Knows what the takes of a dataset are compared with.

    Args:
        root: the dataset; it may be empty.
        limits: what a take must not fall short of.
    """

    def __init__(self, root: Path, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[int, _Known] = {}
        self._before: dict[str, Look] = {}
        if holds_dataset(root):
            snapshot = Snapshot.of(root)
            for record in snapshot.episodes():
                self._known[record.index] = _Known("; ".join(record.tasks), record.length)
            self._before = _first_looks(snapshot)

    def __call__(
        self, episode: int, take: ClosedTake, read: StagedColumns, health: Mapping[str, Any]
    ) -> Sequence[Reason]:
        """What speaks against a closed take that becomes this episode."""
        spec, task = take.facts.spec, take.facts.task
        looks = {camera.name: read_look(take.files, camera.name) for camera in spec.cameras}
        others = {key: each for key, each in self._known.items() if key != episode}
        summary = TakeSummary(
            episode=episode,
            fps=spec.fps,
            joints=spec.joints,
            frames=read.rows,
            health=health,
            cameras={
                name: CameraSummary(
                    read.rows.started - track.captured_at,
                    track.repeated,
                    track.histogram,
                    looks[name],
                    self._before.get(name),
                )
                for name, track in read.tracks.items()
            },
            lengths=[each.frames for each in others.values() if each.task == task],
        )
        self._known[episode] = _Known(task, len(summary))
        for name, look in looks.items():
            if look is not None:
                self._before.setdefault(name, look)
        return reviewed(summary, self._limits)


def _first_looks(snapshot: Snapshot) -> dict[str, Look]:
    """What the cameras saw first of all; nothing of videos that cannot be read."""
    found: dict[str, Look] = {}
    if not snapshot.info.episodes:
        return found
    for camera in snapshot.spec().cameras:
        try:
            first = first_small_luma(snapshot.view.path(layout.video_file(0, camera.key)))
        except DatasetError:
            continue
        found[camera.name] = Look.of(first)
    return found
