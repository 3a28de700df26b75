"""Checks of one episode: its table, its statistics, its sidecar, and its videos."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lerecord.dataset.format import (
    IMAGE_PREFIX,
    CameraSpec,
    DatasetSpec,
    EpisodeRecord,
    FeatureStats,
    Info,
    Label,
    Sidecar,
    Stats,
    health_of,
    is_blank,
    of_pictures,
    read_sidecar,
    remarks_of,
)
from lerecord.dataset.read import Files
from lerecord.dataset.verify.findings import Place
from lerecord.dataset.verify.frames import Frames, check_frames, deviation
from lerecord.dataset.verify.strips import Strips
from lerecord.dataset.verify.versions import Version
from lerecord.dataset.verify.video import KeptFacts, Pictures, check_video
from lerecord.errors import DatasetError

OLD_IMAGE_S = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """What an episode is checked against.

    Attributes:
        record: its line in episodes.jsonl.
        first_row: its first frame's index in the dataset.
        tasks: of the dataset, by task_index.
        stats: its line in episodes_stats.jsonl; None when that cannot be read.
        spec: of the dataset; None when its rig is not known.
        decode: check every image.
        ours: lerecord recorded it; another recorder's has no sidecar, and its images no strip.
        label: what is said of it; None when that cannot be read.
    """

    record: EpisodeRecord
    first_row: int
    tasks: Mapping[int, str]
    stats: Stats | None
    spec: DatasetSpec | None
    decode: bool
    ours: bool = True
    label: Label | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Whereabouts:
    """Where episodes are.

    Attributes:
        info: of the dataset.
        files: of its episodes.
        facts: what its videos say.
        version: of the format.
    """

    info: Info
    files: Files
    facts: KeptFacts
    version: Version


def check_episode(where: Whereabouts, episode: Episode, place: Place) -> None:
    """Check one episode."""
    index, info = episode.record.index, where.info
    frames = Frames(
        record=episode.record,
        first_row=episode.first_row,
        tasks=[n for n, task in episode.tasks.items() if task in episode.record.tasks],
        stats=episode.stats,
        version=where.version,
        decode=episode.decode,
        ours=episode.ours,
        label=episode.label,
    )
    check_frames(where.files, info, frames, place)
    sidecar = None
    if episode.ours and episode.spec is not None:
        sidecar = _sidecar(where.files, episode.record, episode.spec, place)
    for feature in info.videos:
        camera = feature.key.removeprefix(IMAGE_PREFIX)
        pictures = Pictures(
            segment=where.files.video(index, feature.key),
            feature=feature,
            rows=episode.record.length,
            fps=info.fps,
            codec=feature.video.codec if episode.spec is None else episode.spec.video.codec,
            ours=episode.ours,
            track=None if sidecar is None else sidecar.tracks[camera],
            stats=None if episode.stats is None else episode.stats.get(feature.key),
            stats_file=where.version.stats,
            strips=_strips(episode, camera),
        )
        check_video(pictures, where.facts, episode.decode, place.of_camera(camera))
    if sidecar is not None and episode.spec is not None:
        for spec in episode.spec.cameras:
            stored = None if episode.stats is None else episode.stats.get(spec.key)
            _check_statistics(
                sidecar, spec, stored, where.version.stats, place.of_camera(spec.name)
            )
            _check_track(sidecar, spec, place.of_camera(spec.name))
        _remark_health(sidecar, info.fps, place)


def _strips(episode: Episode, camera: str) -> Strips | None:
    """How a simulated camera draws its strips; None of a real one."""
    if episode.spec is None or not episode.spec.simulated or not episode.ours:
        return None
    told = episode.spec.hardware.camera(camera)
    return Strips(told.rotation, episode.spec.fps if told.fps is None else told.fps)


def _remark_health(sidecar: Sidecar, fps: int, place: Place) -> None:
    """What the operator was told of the cameras and of the loop."""
    health = health_of(sidecar)
    for name, camera in health["cameras"].items():
        camera["corrupt"] = 0  # these frames are named one by one
        if camera["blank"] is None and is_blank(sidecar.tracks[name].histogram):
            camera["blank"] = len(sidecar)
    for remark in remarks_of(health, fps):
        place.remark(remark)


def _sidecar(
    files: Files, record: EpisodeRecord, spec: DatasetSpec, place: Place
) -> Sidecar | None:
    _, name = files.names(record.index, ())
    try:
        sidecar = read_sidecar(files.sidecar(record.index), spec.cameras)
    except DatasetError as error:
        place.wrong(str(error))
        return None
    place.expect(f"the number of frames in {name}", len(sidecar), record.length)
    if len(sidecar) and sidecar.frames.missed[0]:
        place.wrong("a missed slot repeats the frame before it, and there is none.", 0)
    missed, unmeasured = (
        np.flatnonzero(sidecar.frames.missed),
        np.flatnonzero(~sidecar.frames.measured),
    )
    place.remark_rows(missed, "the slot was missed and the frame before it is repeated.")
    place.remark_rows(unmeasured, "a read failed and the last measured state is repeated.")
    return sidecar if len(sidecar) == record.length else None


def _check_statistics(
    sidecar: Sidecar, camera: CameraSpec, stored: FeatureStats | None, file: str, place: Place
) -> None:
    track = sidecar.tracks[camera.name]
    pixels = track.histogram.sum(axis=1)
    due = len(sidecar) * camera.width * camera.height
    if (pixels != due).any():
        place.wrong(f"its histogram counts {pixels[0]} pixels instead of {due}.")
    elif stored is None:
        place.wrong(f"{file} lacks {camera.key}.")
    elif text := deviation(stored, of_pictures(track.histogram, len(sidecar))):
        place.wrong(f"{file}: {text} of {camera.key} is not that of its images.")


def _check_track(sidecar: Sidecar, camera: CameraSpec, place: Place) -> None:
    track = sidecar.tracks[camera.name]
    age_s = sidecar.image_age_s(camera.name)
    place.wrong_rows(
        np.flatnonzero(age_s < 0), "its image was captured after the frame's own time."
    )
    if (old := np.flatnonzero(age_s > OLD_IMAGE_S)).size:
        place.remark_rows(old, f"the image is old; the oldest by {age_s.max():.2f} s.")
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
    place.wrong_rows(back, "its image was captured before that of the frame before.")
