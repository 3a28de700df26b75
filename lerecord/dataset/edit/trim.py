"""An episode cut at its ends: which frames remain, and everything that follows from them."""

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from lerecord.commands import command
from lerecord.counted import counted
from lerecord.dataset.edit.episode_list import Draft
from lerecord.dataset.edit.labelling import with_columns
from lerecord.dataset.edit.rebuild import Rebuild
from lerecord.dataset.format import (
    MIN_ROWS,
    OF_LENGTH,
    Annotations,
    Histogram,
    Sidecar,
    StoredSidecar,
    VideoSettings,
    episode_table,
    health_of,
    label_of,
    layout,
    of_column,
    of_pictures,
    read_sidecar,
    review_of,
    settings_for,
    video_from_data,
)
from lerecord.dataset.video import Cut, codec_of, count_pictures, cut_video, require_image_per_frame
from lerecord.errors import DatasetError

_ROUNDING = 1e-6  # of a frame: times are typed in decimals


def remaining_rows(
    rebuild: Rebuild, episode: int, start_s: float | None, end_s: float | None
) -> range:
    """The frames of a part of an episode; frame i stands for the time i / fps.

    Raises:
        DatasetError: there is no such part, or it is too short or the whole.
    """
    fps, length = rebuild.state.info.fps, rebuild.old.records[episode].length
    start = 0.0 if start_s is None else start_s
    end = length / fps if end_s is None else end_s
    if not 0 <= start < end <= length / fps + _ROUNDING:
        raise DatasetError(
            f"Episode {episode} goes from 0 to {length / fps:g} s and has no part from {start:g} "
            f"to {end:g} s."
        )
    first = math.ceil(start * fps - _ROUNDING)
    stop = min(length, math.ceil(end * fps - _ROUNDING))
    sidecar = _sidecar(rebuild, episode)
    while sidecar is not None and first < stop and sidecar.frames.missed[first]:
        first += 1
    if stop - first < MIN_ROWS:
        raise DatasetError(
            f"That part of episode {episode} has {counted(max(0, stop - first), 'frame')}; an "
            f"episode needs at least {MIN_ROWS}; choose a longer part."
        )
    if stop - first == length:
        raise DatasetError(f"That would cut nothing from episode {episode} of {length / fps:g} s.")
    return range(first, stop)


def _sidecar(rebuild: Rebuild, episode: int) -> Sidecar | None:
    if episode not in rebuild.old.sidecars:
        return None
    return read_sidecar(rebuild.root / layout.capture_file(episode), rebuild.state.spec.cameras)


def trimmed(rebuild: Rebuild, episode: int, rows: range) -> Draft:
    """The episode with these frames only; its images are decoded once, to be counted.

    Raises:
        DatasetError: a file of it cannot be read.
    """
    root, spec = rebuild.root, rebuild.state.spec
    read = episode_table.read_entire(root / layout.data_file(episode)).part(rows)
    if rebuild.old.has_labels:
        label = label_of(rebuild.old.annotations.get(episode, {}))
        read = with_columns(read, label)
    columns = read.at(rebuild.old.places[episode])
    videos = {camera: root / layout.video_file(episode, camera.key) for camera in spec.cameras}
    for path in videos.values():
        require_image_per_frame(path, rebuild.old.records[episode].length, spec.fps)
    histograms = {camera.name: count_pictures(path, rows) for camera, path in videos.items()}
    values = rebuild.old.stats[episode] | {
        key: of_column(column) for key, column in columns.by_feature().items()
    }
    for camera in spec.cameras:
        values[camera.key] = of_pictures(histograms[camera.name], len(rows))
    stored = _cut_sidecar(rebuild, episode, rows, histograms)
    return Draft(
        task=rebuild.old.task(episode),
        frames=read,
        stats=values,
        annotations=_annotations(rebuild, episode, stored),
        sidecar=None if stored is None else stored.write,
        videos={
            camera.key: partial(
                cut_video,
                Cut(path, rows, camera, spec.fps, _settings_of(rebuild, episode, path)),
            )
            for camera, path in videos.items()
        },
    )


def _annotations(rebuild: Rebuild, episode: int, cut: StoredSidecar | None) -> Annotations:
    """What is known of the episode, with the health of the frames that are left."""
    found = dict(rebuild.old.annotations.get(episode, {}))
    before = review_of(found.pop("health", {}))
    if cut is not None:
        health = health_of(cut.parsed(rebuild.state.spec.cameras))
        if before is not None:
            kept = [each.to_data() for each in before if each.kind not in OF_LENGTH]
            health["review"] = kept
        found["health"] = health
    return found


def _cut_sidecar(
    rebuild: Rebuild, episode: int, rows: range, histograms: Mapping[str, Histogram]
) -> StoredSidecar | None:
    if episode not in rebuild.old.sidecars:
        return None
    stored = StoredSidecar.load(rebuild.root / layout.capture_file(episode))
    return stored.cut(rows, histograms).with_facts({"trimmed": [rows.start, rows.stop]})


def _settings_of(rebuild: Rebuild, episode: int, source: Path) -> VideoSettings:
    """What a video was encoded with, as far as that is known."""
    codec = codec_of(source)
    if episode in rebuild.old.sidecars:
        said = StoredSidecar.load(rebuild.root / layout.capture_file(episode)).facts.get("video")
        if said is not None and said["codec"] == codec:
            return video_from_data(said)
    if rebuild.state.spec.video.codec == codec:
        return rebuild.state.spec.video
    settings = settings_for(codec)
    if settings is None:
        raise DatasetError(
            f"{source} is {codec}, which lerecord does not encode, so it is not cut; "
            f"{command('transcode', rebuild.root)} makes it a codec that can be."
        )
    return settings
