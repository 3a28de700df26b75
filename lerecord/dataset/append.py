"""The one cheap change: a staged take becomes the last episode. Its cost knows no episode count."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lerecord.dataset import layout, metadata, stats, table
from lerecord.dataset.commit import Probe, Transaction
from lerecord.dataset.layout import TakeFolder
from lerecord.dataset.metadata import EpisodeRecord
from lerecord.dataset.sidecar import Sidecar, health_line, write_sidecar
from lerecord.dataset.spec import CameraSpec
from lerecord.dataset.staging import ClosedTake, read_take
from lerecord.dataset.state import DatasetState
from lerecord.dataset.stats import Stats
from lerecord.dataset.table import EpisodeColumns, Place
from lerecord.dataset.video import remux
from lerecord.errors import DatasetError


@dataclass(frozen=True, slots=True)
class EpisodeSummary:
    """An episode that is committed.

    Attributes:
        index: of the episode.
        task: its sentence.
        length: rows.
        seconds: length / fps.
        missed: slots that were missed, each a repeated row.
        repeated: camera name to pictures that are the one before once more.
        max_image_age_s: camera name to the oldest picture at its row's time.
    """

    index: int
    task: str
    length: int
    seconds: float
    missed: int
    repeated: dict[str, int]
    max_image_age_s: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class _Episode:
    """Everything of a new episode but its videos."""

    place: Place
    columns: EpisodeColumns
    sidecar: Sidecar
    stats: Stats
    task: str


def append_episode(
    root: Path, old: DatasetState, take: ClosedTake, probe: Probe
) -> tuple[DatasetState, EpisodeSummary]:
    """Make the next episode of a closed take, in one transaction.

    Returns:
        The dataset's state then, and the episode.

    Raises:
        DatasetError: the take cannot be an episode, or the disk refuses.
    """
    tasks = metadata.first_appearances([old.tasks, [take.facts.task]])
    episode = _episode(old, take, tasks.index(take.facts.task))
    new = replace(
        old,
        info=old.info.appended(len(episode.columns), len(tasks)),
        tasks=tasks,
        stats=stats.folded(old.stats, episode.stats),
        hardware=metadata.hardware_bytes(old.spec),
    )
    with Transaction(root, probe) as change:
        for camera in old.spec.cameras:
            _place_video(change, take.files, camera, episode.place, len(episode.columns))
        _place_tables(change, episode)
        _place_metadata(change, old, new)
        change.remove(f"{layout.TAKES}/{take.id}")
        change.commit()
    return new, _summary(episode)


def _episode(state: DatasetState, take: ClosedTake, task: int) -> _Episode:
    spec = state.spec
    read = read_take(take)
    place = Place(state.info.episodes, state.info.frames, task, spec.fps)
    columns = EpisodeColumns.of(read.rows.action, read.rows.state, place)
    histograms = {name: track.histogram for name, track in read.tracks.items()}
    return _Episode(
        place=place,
        columns=columns,
        sidecar=Sidecar.of(read.rows, read.tracks, _facts(take)),
        stats=table.episode_stats(columns, histograms, spec),
        task=take.facts.task,
    )


def _facts(take: ClosedTake) -> dict[str, Any]:
    spec = take.facts.spec
    return {
        "task": take.facts.task,
        "begun": take.facts.begun,
        "fps": spec.fps,
        "units": spec.units,
        "joints": list(spec.joints),
        "simulated": spec.simulated,
        "calibration": spec.hardware.get("calibration"),
    }


def _place_video(
    change: Transaction, files: TakeFolder, camera: CameraSpec, place: Place, rows: int
) -> None:
    target = change.place(layout.video_file(place.episode, camera.key))
    pictures = remux(files.video(camera.name), target, place.fps)
    if pictures != rows:
        raise DatasetError(
            f"The take has {rows} rows and the video of camera {camera.name} {pictures} pictures; "
            f"it stays in {files.path} to be salvaged."
        )


def _place_tables(change: Transaction, episode: _Episode) -> None:
    index = episode.place.episode
    table.write_episode(change.place(layout.data_file(index)), episode.columns)
    write_sidecar(change.place(layout.capture_file(index)), episode.sidecar)
    record = EpisodeRecord(index, (episode.task,), len(episode.columns))
    change.append(layout.EPISODES, record.to_line())
    change.append(layout.EPISODES_STATS, metadata.stats_line(index, episode.stats))
    change.append(layout.HEALTH, health_line(index, episode.sidecar))


def _place_metadata(change: Transaction, old: DatasetState, new: DatasetState) -> None:
    """What stands once in a dataset; info.json goes last of all."""
    for index in range(len(old.tasks), len(new.tasks)):
        change.append(layout.TASKS, metadata.task_line(index, new.tasks[index]))
    assert new.stats is not None
    change.put(layout.STATS, metadata.stats_bytes(new.stats))
    if new.hardware != old.hardware:
        change.put(layout.HARDWARE, new.hardware)
    change.put(layout.INFO, new.info.to_bytes())


def _summary(episode: _Episode) -> EpisodeSummary:
    sidecar = episode.sidecar
    return EpisodeSummary(
        index=episode.place.episode,
        task=episode.task,
        length=len(sidecar),
        seconds=len(sidecar) / episode.place.fps,
        missed=int(sidecar.missed.sum()),
        repeated={name: int(each.repeated.sum()) for name, each in sidecar.tracks.items()},
        max_image_age_s={name: float(sidecar.image_age_s(name).max()) for name in sidecar.tracks},
    )
