"""What a dataset contains, in a few numbers."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from lerecord.commands import command
from lerecord.counted import counted
from lerecord.dataset.format import (
    IMAGE_PREFIX,
    Annotations,
    LabelChoice,
    Verdict,
    label_of,
    layout,
    read_annotations,
    remarks_of,
    review_of,
    verdict_of,
)
from lerecord.dataset.read import Stored, stored_at
from lerecord.dataset.staging import left_takes, unreadable_takes
from lerecord.dataset.storage import holds_dataset
from lerecord.errors import DatasetError


@dataclass(frozen=True, slots=True)
class CameraOverview:
    """One camera: name, recorded size, and the codec if info.json says it."""

    name: str
    width: int
    height: int
    codec: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What `lerecord info` shows.

    Attributes:
        version: of LeRobot's format.
        robot_type: of the rig.
        fps: frames a second.
        episodes: committed ones.
        frames: their frames.
        seconds: frames / fps.
        tasks: each sentence and how many episodes have it, by task_index.
        cameras: in the order of the features.
        disk_bytes: of every file, those of staged takes included.
        simulated: True of a simulated rig, False of a real one, None when nothing says so.
        labels: episodes by what their labels say: success, failure, unlabelled.
        verdicts: those that were reviewed by their verdict: keep, look, redo.
        left_takes: ids of takes that are staged and not committed.
        unreadable_takes: ids of those that `lerecord recover` cannot read.
    """

    version: str
    robot_type: str | None
    fps: int
    episodes: int
    frames: int
    seconds: float
    tasks: dict[str, int]
    cameras: tuple[CameraOverview, ...]
    disk_bytes: int
    simulated: bool | None
    labels: dict[str, int]
    verdicts: dict[str, int]
    left_takes: tuple[str, ...]
    unreadable_takes: tuple[str, ...] = ()


def summary(root: Path) -> Overview:
    """Look at a dataset; works beside a live recorder and on a read-only disk.

    Raises:
        DatasetError: there is no dataset, or its meta/ is not whole.
    """
    left, damaged = _staged(root)
    stored = stored_at(root)
    info = stored.info
    kept = read_annotations(stored.meta.__getitem__)
    counts = Counter(task for record in stored.episodes() for task in record.tasks)
    hardware = stored.meta[layout.HARDWARE]
    return Overview(
        version=stored.version,
        robot_type=info.robot_type,
        fps=info.fps,
        episodes=info.episodes,
        frames=info.frames,
        seconds=info.frames / info.fps,
        tasks={task: counts[task] for task in stored.tasks().values()},
        cameras=tuple(
            CameraOverview(each.key.removeprefix(IMAGE_PREFIX), *each.size, each.video.codec)
            for each in info.videos
        ),
        disk_bytes=_disk_bytes(root),
        simulated=None if hardware is None else stored.spec().simulated,
        labels=_labels(stored, kept),
        verdicts=_verdicts(kept),
        left_takes=tuple(left),
        unreadable_takes=tuple(damaged),
    )


def _verdicts(kept: Mapping[int, Annotations]) -> dict[str, int]:
    reviews = (review_of(each.get("health", {})) for each in kept.values())
    counts = Counter(verdict_of(each) for each in reviews if each is not None)
    return {verdict.value: counts[verdict] for verdict in Verdict}


def _labels(stored: Stored, kept: Mapping[int, Annotations]) -> dict[str, int]:
    labels = (label_of(kept.get(record.index, {})) for record in stored.episodes())
    counts = Counter(label.choice for label in labels)
    return {choice: counts[choice] for choice in get_args(LabelChoice)}


def _staged(root: Path) -> tuple[list[str], list[str]]:
    """The takes that are staged, and those that cannot be read; of nothing else it is refused."""
    damaged = unreadable_takes(root)
    left = [take for take in left_takes(root) if take not in damaged]
    if not holds_dataset(root) and (found := [*left, *damaged]):
        takes = "a take that was" if len(found) == 1 else f"{len(found)} takes that were"
        raise DatasetError(
            f"{root} has no episode yet, only {takes} never saved: {', '.join(found)}; "
            f"{command('recover', root)} makes {'an episode' if len(found) == 1 else 'episodes'} "
            f"of {'it' if len(found) == 1 else 'them'}, or says why it cannot."
        )
    return left, damaged


@dataclass(frozen=True, slots=True)
class EpisodeOverview:
    """What `lerecord list` shows of an episode.

    Attributes:
        episode: its number.
        seconds: frames / fps.
        tasks: its sentences; more than one only of another recorder.
        health: `good`, `salvaged`, `2 remarks`, or `not known` where nothing is kept of it; of
            takes that were reviewed what the verdict is, and of what kinds the reasons are.
        verdict: of the review; None where nobody looked.
        reasons: what speaks against the take, a sentence each.
        success: what its label says; None where nobody has said.
        note: likewise; empty for none.
    """

    episode: int
    seconds: float
    tasks: tuple[str, ...]
    health: str
    verdict: Verdict | None = None
    reasons: tuple[str, ...] = ()
    success: bool | None = None
    note: str = ""


def episodes(root: Path) -> list[EpisodeOverview]:
    """The episodes of a dataset, as `summary` looks at it.

    Raises:
        DatasetError: there is no dataset, or a file of it cannot be read.
    """
    return episodes_of(stored_at(root))


def episodes_of(stored: Stored) -> list[EpisodeOverview]:
    """The same of one moment; raises DatasetError when a file of it cannot be read."""
    fps = stored.info.fps
    kept = read_annotations(stored.meta.__getitem__)
    found = []
    for record in stored.episodes():
        known = kept.get(record.index, {})
        review = review_of(known.get("health", {}))
        found.append(
            EpisodeOverview(
                record.index,
                record.length / fps,
                tuple(record.tasks),
                _health(record.index, known.get("health"), fps),
                None if review is None else verdict_of(review),
                tuple(each.text for each in review or ()),
                **asdict(label_of(known)),
            )
        )
    return found


def _health(episode: int, values: Mapping[str, Any] | None, fps: int) -> str:
    if values is None:
        return "not known"
    try:
        remarks = len(remarks_of(values, fps))
    except (AttributeError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{layout.HEALTH} is not of lerecord's form at episode {episode} ({error}); restore it "
            f"from a copy."
        ) from error
    words = ["salvaged"] if values.get("salvaged") is True else []
    if review := review_of(values):
        kinds = dict.fromkeys(each.kind.replace("_", " ") for each in review)
        words.append(f"{verdict_of(review)}: {', '.join(kinds)}")
    elif remarks:
        words.append(counted(remarks, "remark"))
    return ", ".join(words) or "good"


def _disk_bytes(root: Path) -> int:
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_size
            except FileNotFoundError:  # a recorder has moved it just now
                continue
    return total
