"""Checks of one episode: its table, its statistics, its sidecar, and its videos."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset import layout, table
from lerecord.dataset.findings import Place
from lerecord.dataset.metadata import EpisodeRecord
from lerecord.dataset.sidecar import Sidecar, read_sidecar
from lerecord.dataset.snapshot import Snapshot
from lerecord.dataset.spec import CameraSpec, DatasetSpec
from lerecord.dataset.stats import FeatureStats, Stats, of_column, of_pictures
from lerecord.dataset.table import EpisodeColumns
from lerecord.dataset.verify_video import Pictures, check_video
from lerecord.errors import DatasetError

STATS_TOLERANCE = 1e-6
OLD_IMAGE_S = 0.2
_MOMENTS = ("min", "max", "mean", "std")


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """What an episode is checked against.

    Attributes:
        record: its line in episodes.jsonl.
        first_row: its first row's index in the dataset.
        tasks: of the dataset, by task_index.
        stats: its line in episodes_stats.jsonl; None when that cannot be read.
        spec: of the dataset; None when it cannot be read.
        decode: check every picture.
        ours: lerecord recorded it; another recorder's has no sidecar, and its pictures no strip.
    """

    record: EpisodeRecord
    first_row: int
    tasks: Mapping[int, str]
    stats: Stats | None
    spec: DatasetSpec | None
    decode: bool
    ours: bool = True


def check_episode(snapshot: Snapshot, episode: Episode, place: Place) -> None:
    """Check one episode."""
    index = episode.record.index
    try:
        columns = table.read_episode(snapshot.view.path(layout.data_file(index)))
    except DatasetError as error:
        place.wrong(str(error))
    else:
        _check_columns(columns, episode, snapshot.info.fps, place)
        _check_stats(columns, episode, place)
    if episode.spec is None:
        return
    if episode.ours:
        sidecar = _sidecar(snapshot, episode.record, episode.spec, place)
    else:
        sidecar = None
        place.remark("it has no sidecar: another recorder appended it.")
    for camera in episode.spec.cameras:
        pictures = Pictures(
            path=snapshot.view.path(layout.video_file(index, camera.key)),
            camera=camera,
            rows=episode.record.length,
            spec=episode.spec,
            track=None if sidecar is None else sidecar.tracks[camera.name],
            stats=None if episode.stats is None else episode.stats.get(camera.key),
            strips=episode.spec.simulated and episode.ours,
        )
        check_video(pictures, episode.decode, place.of_camera(camera.name))
        if sidecar is not None:
            _check_track(sidecar, camera, pictures.stats, place.of_camera(camera.name))


def _check_columns(columns: EpisodeColumns, episode: Episode, fps: int, place: Place) -> None:
    record = episode.record
    place.expect(
        f"the number of rows in {layout.data_file(record.index)}", len(columns), record.length
    )
    rows = np.arange(len(columns))
    tasks = [index for index, task in episode.tasks.items() if task in record.tasks] or [-1]
    due: dict[str, NDArray[Any]] = {
        "frame_index": rows,
        "episode_index": np.full_like(rows, record.index),
        "index": rows + episode.first_row,
        # LeRobot allows several tasks in an episode, each of some of its rows.
        "task_index": np.where(np.isin(columns.task_index, tasks), columns.task_index, tasks[0]),
        "timestamp": table.timestamps(len(columns), fps),
    }
    for name, values in due.items():
        found = getattr(columns, name)
        wrong = np.flatnonzero(found != values)
        if len(wrong):
            first = wrong[0]
            place.wrong_rows(wrong, f"{name} is {found[first]} where {values[first]} is due.")
    for name in ("action", "state"):
        wrong = np.flatnonzero(~np.isfinite(getattr(columns, name)).all(axis=1))
        place.wrong_rows(wrong, f"the {name} is no number.")


def _check_stats(columns: EpisodeColumns, episode: Episode, place: Place) -> None:
    if episode.stats is None:
        return
    for key, column in columns.by_feature().items():
        if key not in episode.stats:
            place.wrong(f"{layout.EPISODES_STATS} lacks {key}.")
        elif text := _deviation(
            episode.stats[key], of_column(column), 0.0 if episode.ours else _rounding(column)
        ):
            place.wrong(f"{layout.EPISODES_STATS}: {text} of {key} is not that of its rows.")


def _rounding(column: NDArray[Any]) -> float:
    """How far off means of a column can be that are summed in its own precision, as LeRobot's."""
    if column.dtype != np.float32:
        return 0.0
    largest = float(np.abs(column).max(initial=0))
    return len(column) * float(np.finfo(np.float32).eps) * largest


def _deviation(stored: FeatureStats, due: FeatureStats, rounding: float = 0.0) -> str | None:
    """Which statistic is another; None when all are right, mean and std but for the rounding."""
    if stored.count != due.count:
        return "count"
    for name in _MOMENTS:
        left, right = getattr(stored, name), getattr(due, name)
        if left.shape != right.shape:
            return f"the shape of {name}"
        tolerance = STATS_TOLERANCE + (rounding if name in ("mean", "std") else 0.0)
        if not np.allclose(left, right, rtol=STATS_TOLERANCE, atol=tolerance):
            return name
    return None


def _sidecar(
    snapshot: Snapshot, record: EpisodeRecord, spec: DatasetSpec, place: Place
) -> Sidecar | None:
    name = layout.capture_file(record.index)
    try:
        sidecar = read_sidecar(snapshot.view.path(name), spec.cameras)
    except DatasetError as error:
        place.wrong(str(error))
        return None
    place.expect(f"the number of rows in {name}", len(sidecar), record.length)
    if len(sidecar) and sidecar.missed[0]:
        place.wrong("a missed slot repeats the row before it, and there is none.", 0)
    missed, unmeasured = np.flatnonzero(sidecar.missed), np.flatnonzero(~sidecar.measured)
    place.remark_rows(missed, "the slot was missed and the row before it is repeated.")
    place.remark_rows(unmeasured, "a read failed and the last measured state is repeated.")
    return sidecar if len(sidecar) == record.length else None


def _check_track(
    sidecar: Sidecar, camera: CameraSpec, stored: FeatureStats | None, place: Place
) -> None:
    track = sidecar.tracks[camera.name]
    pixels = track.histogram.sum(axis=1)
    due = len(sidecar) * camera.width * camera.height
    if (pixels != due).any():
        place.wrong(f"its histogram counts {pixels[0]} pixels where {due} are due.")
    elif stored is None:
        place.wrong(f"{layout.EPISODES_STATS} lacks {camera.key}.")
    elif text := _deviation(stored, of_pictures(track.histogram, len(sidecar))):
        place.wrong(f"{layout.EPISODES_STATS}: {text} of {camera.key} is not that of its pictures.")
    age_s = sidecar.image_age_s(camera.name)
    place.wrong_rows(
        np.flatnonzero(age_s < 0), "its picture was captured after the row's own time."
    )
    if (old := np.flatnonzero(age_s > OLD_IMAGE_S)).size:
        place.remark_rows(old, f"the picture is old; the oldest by {age_s.max():.2f} s.")
    place.remark_rows(
        np.flatnonzero(track.corrupt), "the image did not decode; the one before it is shown."
    )
    same = np.zeros(track.rows, dtype=bool)
    same[1:] = track.captured_at[1:] == track.captured_at[:-1]
    place.wrong_rows(
        np.flatnonzero(same != track.repeated),
        "the sidecar's capture times and its repeat flags disagree.",
    )
    back = np.flatnonzero(np.diff(track.captured_at) < 0) + 1
    place.wrong_rows(back, "its picture was captured before that of the row before.")
