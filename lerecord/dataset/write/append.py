"""The one cheap change: a staged take becomes the last episode. Its cost knows no episode count."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from lerecord.dataset.edit import Draft
from lerecord.dataset.format import (
    EpisodeRecord,
    Place,
    Stats,
    annotation_lines,
    episode_table,
    layout,
    metadata,
    stats,
)
from lerecord.dataset.staging import ClosedTake
from lerecord.dataset.storage import DatasetState, Probe, Transaction, size_of
from lerecord.dataset.write.staged_episode import EpisodeSummary, TakenDraft


def append_episode(
    root: Path, old: DatasetState, take: ClosedTake, taken: TakenDraft, probe: Probe
) -> tuple[DatasetState, EpisodeSummary]:
    """Make the next episode of a closed take, in one transaction.

    Args:
        root: the dataset.
        old: its state.
        take: where it is staged.
        taken: its draft.
        probe: told each effect on the disk.

    Returns:
        The dataset's state then, and the episode.

    Raises:
        DatasetError: the take cannot be an episode, or the disk refuses.
    """
    draft = taken.draft
    tasks = metadata.first_appearances([old.tasks, [draft.task]])
    place = Place(old.info.episodes, old.info.frames, tasks.index(draft.task), old.spec.fps)
    values = episode_table.placed_stats(draft.stats, len(draft), place)
    new = _state_with(old, draft, tasks, values)
    with Transaction(root, probe, size_of(take.files.path)) as change:
        place_files(change, draft, place)
        change.append(layout.EPISODES, record_line(draft, place.episode))
        change.append(layout.EPISODES_STATS, metadata.stats_line(place.episode, values))
        for name, line in annotation_lines([(place.episode, draft.annotations)]).items():
            if line:
                change.append(name, line)
        _place_metadata(change, old, new)
        change.remove(f"{layout.TAKES}/{take.id}")
        change.commit()
    return new, taken.summary(place.episode)


def _state_with(old: DatasetState, draft: Draft, tasks: list[str], values: Stats) -> DatasetState:
    """The state once the draft is the last episode, with these statistics."""
    return replace(
        old,
        info=old.info.appended(len(draft), len(tasks)),
        tasks=tasks,
        stats=stats.folded(old.stats, values),
        hardware=old.hardware_due,
    )


def record_line(draft: Draft, episode: int) -> bytes:
    """The draft's line of episodes.jsonl."""
    return EpisodeRecord(episode, (draft.task,), len(draft)).to_line()


def place_files(change: Transaction, draft: Draft, place: Place) -> None:
    """Stage every file of a draft for its place."""
    places = {key: change.place(layout.video_file(place.episode, key)) for key in draft.videos}
    with ThreadPoolExecutor() as pool:  # most of the time that an episode takes is copying videos
        copies = [pool.submit(write, places[key]) for key, write in draft.videos.items()]
    for copy in copies:
        copy.result()
    columns = draft.frames.at(place)
    episode_table.write_episode(change.place(layout.data_file(place.episode)), columns)
    if draft.sidecar is not None:
        draft.sidecar(change.place(layout.capture_file(place.episode)))


def _place_metadata(change: Transaction, old: DatasetState, new: DatasetState) -> None:
    """What stands once in a dataset; info.json goes last of all."""
    for index in range(len(old.tasks), len(new.tasks)):
        change.append(layout.TASKS, metadata.task_line(index, new.tasks[index]))
    assert new.stats is not None
    change.put(layout.STATS, metadata.stats_bytes(new.stats))
    if new.hardware != old.hardware:
        change.put(layout.HARDWARE, new.hardware)
    change.put(layout.INFO, new.info.to_bytes())
