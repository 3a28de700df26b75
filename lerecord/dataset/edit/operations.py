"""Changes to episodes that are committed; each takes the lock, and is made wholly or not at all."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from lerecord.dataset.edit.episode_list import EpisodeList, Slot, Stays, stays
from lerecord.dataset.edit.labelling import relabelled
from lerecord.dataset.edit.operation_record import Done
from lerecord.dataset.edit.rebuild import Change, Rebuild, Watch, opened
from lerecord.dataset.edit.transcode import outdated, recoded
from lerecord.dataset.edit.trim import remaining_rows, trimmed
from lerecord.dataset.edit.undo import redoing, undoing
from lerecord.dataset.format import LabelChange, layout, profile_of, task_of
from lerecord.dataset.storage import (
    DatasetLock,
    Encoded,
    Transaction,
    finish_pending,
    inside,
    size_of,
)
from lerecord.dataset.video import probe
from lerecord.errors import DatasetError

_UNWATCHED = Watch()


@dataclass(frozen=True, slots=True)
class Edited:
    """What an operation did.

    Attributes:
        done: the operation.
        episodes: that the dataset has now.
        frames: likewise.
    """

    done: Done
    episodes: int
    frames: int


def delete(root: Path, episodes: Collection[int], watch: Watch = _UNWATCHED) -> Edited:
    """Remove episodes; those behind them move up.

    Raises:
        DatasetError: there is no such episode or none would be left, or the disk refuses.
    """
    with opened(root, watch) as rebuild:
        chosen = _chosen(rebuild.old, episodes)
        if len(chosen) == len(rebuild.old):
            raise DatasetError(
                f"That would delete every episode of {root}; remove the folder instead."
            )
        slots = [slot for index, slot in enumerate(stays(rebuild.old)) if index not in chosen]
        return _apply(rebuild, slots, Change(Done("delete", f"delete {_listed(chosen)}")))


def relabel(root: Path, episodes: Collection[int], task: str, watch: Watch = _UNWATCHED) -> Edited:
    """Give episodes another task.

    Raises:
        DatasetError: there is no such episode, the task is empty or theirs already, or the disk
            refuses.
    """
    task = task_of(task)
    with opened(root, watch) as rebuild:
        chosen = _chosen(rebuild.old, episodes)
        if all(rebuild.old.task(index) == task for index in chosen):
            raise DatasetError(f'The task of episode {_listed(chosen)} is "{task}" already.')
        slots = stays(rebuild.old)
        for index in chosen:
            slots[index] = Stays(index, task)
        done = Done("relabel", f'relabel {_listed(chosen)} --task "{task}"')
        return _apply(rebuild, slots, Change(done))


def label(
    root: Path, episodes: Collection[int], change: LabelChange, watch: Watch = _UNWATCHED
) -> Edited:
    """Say of episodes whether they succeeded, or note something of them.

    Raises:
        DatasetError: there is no such episode, it is said already, or the disk refuses.
    """
    with opened(root, watch) as rebuild:
        chosen = _chosen(rebuild.old, episodes)
        slots = relabelled(rebuild.old, chosen, change)
        if slots == stays(rebuild.old):
            raise DatasetError(f"That is said of episode {_listed(chosen)} already.")
        done = Done("label", f"label {_listed(chosen)} {change.words()}")
        return _apply(rebuild, slots, Change(done))


def rename_task(root: Path, old: str, new: str, watch: Watch = _UNWATCHED) -> Edited:
    """Give every episode of a task another; two tasks may become one.

    Raises:
        DatasetError: no episode has the old task, the new one is empty or the same, or the disk
            refuses.
    """
    new = task_of(new)
    with opened(root, watch) as rebuild:
        if old not in rebuild.state.tasks:
            known = "; ".join(rebuild.state.tasks)
            raise DatasetError(f'No episode of {root} has the task "{old}"; there is: {known}.')
        if old == new:
            raise DatasetError(f'The task is "{new}" already.')
        slots: list[Slot] = [
            Stays(record.index, new if record.tasks[0] == old else record.tasks[0])
            for record in rebuild.old.records
        ]
        done = Done("rename-task", f'rename-task "{old}" "{new}"')
        return _apply(rebuild, slots, Change(done))


def trim(
    root: Path,
    episode: int,
    start_s: float | None = None,
    end_s: float | None = None,
    watch: Watch = _UNWATCHED,
) -> Edited:
    """Keep what an episode has from `start_s` to before `end_s`, both from its beginning.

    A part that would begin with copies of a frame that is cut away begins behind them.

    Args:
        root: the dataset.
        episode: which.
        start_s: None keeps its beginning.
        end_s: None keeps its end.
        watch: who is told.

    Raises:
        DatasetError: there is no such episode, it has no such part, or the disk refuses.
    """
    with opened(root, watch) as rebuild:
        rebuild.old.check_index(episode)
        rows = remaining_rows(rebuild, episode, start_s, end_s)
        slots = stays(rebuild.old)
        slots[episode] = trimmed(rebuild, episode, rows)
        fps = rebuild.state.info.fps
        bounds = f"--start {rows.start / fps:g} --end {rows.stop / fps:g}"
        videos = [root / layout.video_file(episode, key) for key in rebuild.keys]
        change = Change(
            Done("trim", f"trim {episode} {bounds}"),
            needed_bytes=_bytes_of(videos),
        )
        return _apply(rebuild, slots, change)


def transcode(root: Path, profile: str, watch: Watch = _UNWATCHED) -> Edited | None:
    """Encode every video anew that has other settings; frames and statistics stay.

    It is always the whole dataset, because info.json has one codec for each camera.

    Args:
        root: the dataset.
        profile: whose settings every video has then.
        watch: told of each image.

    Returns:
        None when every video has these settings: nothing was done.

    Raises:
        ConfigError: the profile is not known, or its encoder does not open.
        DatasetError: a video does not decode or has not an image for each frame, or the disk
            refuses.
    """
    settings = profile_of(profile)
    with opened(root, Watch(probe=watch.probe)) as rebuild:
        episodes = outdated(rebuild, settings)
        encoded = Encoded.all_as(settings, rebuild.keys)
        if not episodes and rebuild.state.says(encoded):
            return None
        for camera in rebuild.state.spec.cameras if episodes else ():
            probe(camera, rebuild.state.info.fps, settings)
        videos = [root / layout.video_file(each, key) for each in episodes for key in rebuild.keys]
        change = Change(
            Done("transcode", f"transcode --profile {profile}"),
            needed_bytes=_bytes_of(videos),
            encoded=encoded,
        )
        return _apply(rebuild, recoded(rebuild, episodes, settings, watch.progress), change)


def undo(root: Path, watch: Watch = _UNWATCHED) -> Edited:
    """Undo the last operation that is not undone; again undoes the one before it.

    Episodes that were recorded since stay, behind the others.

    Raises:
        DatasetError: there is none in the trash, or the disk refuses.
    """
    with opened(root, watch) as rebuild:
        return _apply(rebuild, *undoing(rebuild))


def redo(root: Path, watch: Watch = _UNWATCHED) -> Edited:
    """Undo the last undo.

    Raises:
        DatasetError: the last operation was none, or the disk refuses.
    """
    with opened(root, watch) as rebuild:
        return _apply(rebuild, *redoing(rebuild))


def empty_trash(root: Path, watch: Watch = _UNWATCHED) -> int:
    """Remove what operations have kept; they cannot be undone any more.

    Returns:
        Bytes that are free again.

    Raises:
        DatasetError: another process has the dataset, or the disk refuses.
    """
    if not inside.names(root, layout.TRASH):
        return 0
    with DatasetLock(root):
        finish_pending(root, watch.probe)
        size = size_of(root / layout.TRASH)
        with Transaction(root, watch.probe) as change:
            change.remove(layout.TRASH)
            change.commit()
    return size


def _apply(rebuild: Rebuild, slots: Sequence[Slot], change: Change) -> Edited:
    state = rebuild.apply(slots, change)
    return Edited(change.done, state.info.episodes, state.info.frames)


def _bytes_of(videos: Sequence[Path]) -> int:
    try:
        return sum(path.stat().st_size for path in videos)
    except OSError as error:
        raise DatasetError(
            f"{error.filename} cannot be read ({error.strerror}); nothing was changed, restore it."
        ) from error


def _chosen(old: EpisodeList, episodes: Collection[int]) -> list[int]:
    if not episodes:
        raise DatasetError("No episode given; give the episode numbers.")
    for index in episodes:
        old.check_index(index)
    return sorted(set(episodes))


def _listed(episodes: Sequence[int]) -> str:
    return " ".join(map(str, episodes))
