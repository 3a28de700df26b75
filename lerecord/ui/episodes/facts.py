"""All that is known of one episode: curves, ages of images, who drove, and what it is worth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.control import Driver
from lerecord.dataset.format import (
    DEFAULT_FEATURES,
    IMAGE_PREFIX,
    POLICY_ACTION,
    VECTORS,
    Feature,
    Info,
    Sidecar,
    cameras_of,
    read_sidecar,
    remarks_of,
)
from lerecord.dataset.overview import EpisodeOverview
from lerecord.dataset.read import column_of
from lerecord.errors import DatasetError
from lerecord.ui.episodes.motion import outline
from lerecord.ui.episodes.shelf import Book

MOST_PLACES = 64
"""Of a vector, that are drawn."""
_ACTION, _STATE = VECTORS
_LINES = {_STATE: "state", _ACTION: "action"}


@dataclass(frozen=True, slots=True)
class Vectors:
    """A vector for each frame.

    Attributes:
        name: of it: `state`, `action`, `leader`, `policy`, or a feature of the dataset.
        places: what its D values are called.
        values: (D, N) for N frames; NaN where there is none.
    """

    name: str
    places: tuple[str, ...]
    values: NDArray[Any]


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """A camera in an episode.

    Attributes:
        name: of the camera.
        size: width and height of its images.
        codec: of its video; None where info.json does not say it.
        from_s: when the episode begins in the video.
        shared: the video has other episodes, too.
        age_s: (N,) of the image when its frame was taken; None where it is not known.
        repeated, corrupt: the frames whose image was repeated or damaged.
    """

    name: str
    size: tuple[int, int]
    codec: str | None
    from_s: float
    shared: bool
    age_s: NDArray[np.float64] | None = None
    repeated: tuple[int, ...] = ()
    corrupt: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Who drove, from which frame to before which."""

    start: int
    end: int
    driver: str


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """An episode without its images.

    Attributes:
        overview: its number, length, tasks, health, verdict and label.
        frames: how many it has.
        fps: frames a second.
        remarks: what speaks against it: the reasons of its review, or else its health.
        joints: what the values of `lines` are called.
        lines: the positions of the joints: measured, asked for, and where the leader was.
        others: vectors that are none of the joints' positions.
        cameras: in the order of the features.
        missed: the frames whose slot was missed.
        drivers: who drove; None where it is not known.
        notice: why ages and drivers are not known; else empty.
    """

    overview: EpisodeOverview
    frames: int
    fps: int
    remarks: tuple[str, ...]
    joints: tuple[str, ...]
    lines: tuple[Vectors, ...]
    others: tuple[Vectors, ...]
    cameras: tuple[CameraFacts, ...]
    missed: tuple[int, ...]
    drivers: tuple[Run, ...] | None
    notice: str


def facts_of(book: Book, episode: int) -> EpisodeFacts:
    """What is known of an episode; raises DatasetError when there is none, or it is damaged."""
    record, info = book.record(episode), book.stored.info
    columns = _columns(book, episode, _drawn(info))
    sidecar, lost = _sidecar(book, episode)
    return EpisodeFacts(
        overview=book.overviews[episode],
        frames=record.length,
        fps=info.fps,
        remarks=_remarks(book, episode),
        joints=_joints(info),
        lines=tuple(_lines(info, columns, sidecar)),
        others=tuple(_others(info, columns)),
        cameras=tuple(
            _camera(book, episode, place, feature, sidecar)
            for place, feature in enumerate(info.videos)
        ),
        missed=() if sidecar is None else _places(sidecar.frames.missed),
        drivers=None if sidecar is None else tuple(_runs(sidecar.frames.source)),
        notice=lost,
    )


def _remarks(book: Book, episode: int) -> tuple[str, ...]:
    overview, health = book.overviews[episode], book.health(episode)
    if overview.verdict is not None:
        return overview.reasons
    return () if health is None else tuple(remarks_of(health, book.stored.info.fps))


def motion_of(book: Book, episode: int) -> list[int]:
    """The outline of an episode's motion; empty where it has no vector. Raises DatasetError."""
    book.record(episode)
    keys = [key for key in (_STATE, _ACTION) if _is_curve(book.stored.info.features.get(key))]
    if not keys:
        return []
    return outline(_columns(book, episode, keys[:1])[keys[0]])


def state_names(book: Book) -> tuple[str, ...]:
    """What the values of the measured state are called; none where it is not kept."""
    feature = book.stored.info.features.get(_STATE)
    return _names(feature) if feature is not None and _is_curve(feature) else ()


def state_of(book: Book, episode: int) -> NDArray[np.float64]:
    """(N, D) measured positions of an episode's frames, NaN for what is no number."""
    values = _columns(book, episode, (_STATE,))[_STATE][:, :MOST_PLACES].astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def _drawn(info: Info) -> list[str]:
    return [key for key, feature in info.features.items() if _is_curve(feature)]


def _is_curve(feature: Feature | None) -> bool:
    return feature is not None and feature.is_vector and feature.key not in DEFAULT_FEATURES


def _columns(book: Book, episode: int, keys: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Key to (N, D)."""
    length = book.record(episode).length
    path = book.files.data(episode)
    table = book.frames(episode, keys)
    found = {}
    for key in keys:
        try:
            column = column_of(table, book.stored.info.features[key])
        except (KeyError, ValueError) as error:
            raise DatasetError(f"{path} cannot be read ({error}); restore it.") from error
        found[key] = column.reshape(length, -1)
    return found


def _joints(info: Info) -> tuple[str, ...]:
    """The names of the joints; those of the vector that has the most."""
    found = [info.features[key] for key in (_STATE, _ACTION) if _is_curve(info.features.get(key))]
    return max((_names(each) for each in found), key=len, default=())


def _names(feature: Feature) -> tuple[str, ...]:
    places = feature.shape[0]
    names = feature.names if len(feature.names) == places else map(str, range(places))
    return tuple(names)[:MOST_PLACES]


def _lines(
    info: Info, columns: Mapping[str, NDArray[Any]], sidecar: Sidecar | None
) -> Iterator[Vectors]:
    """What is drawn over each joint."""
    joints = _joints(info)
    lines = {_LINES[key]: columns[key] for key in _LINES if key in columns}
    if sidecar is not None:
        lines["leader"] = sidecar.frames.requested
        lines["policy"] = sidecar.frames.policy_action
    for name, values in lines.items():
        if np.isfinite(values).any():
            yield Vectors(name, joints[: values.shape[1]], values.T[:MOST_PLACES])


def _others(info: Info, columns: Mapping[str, NDArray[Any]]) -> Iterator[Vectors]:
    known = (*VECTORS, POLICY_ACTION)
    for key, values in columns.items():
        if key not in known:
            yield Vectors(key, _names(info.features[key]), values.T[:MOST_PLACES])


def _sidecar(book: Book, episode: int) -> tuple[Sidecar | None, str]:
    """What truly happened, and why that is not known."""
    path = book.files.sidecar(episode)
    if not path.exists():
        return None, "Image ages and drivers are not known: lerecord did not record this episode."
    sidecar = read_sidecar(path, cameras_of(book.stored.info))
    if len(sidecar) != book.record(episode).length:
        raise DatasetError(f"{path} has {len(sidecar)} frames; `lerecord check` lists everything.")
    return sidecar, ""


def _camera(
    book: Book, episode: int, place: int, feature: Feature, sidecar: Sidecar | None
) -> CameraFacts:
    name = feature.key.removeprefix(IMAGE_PREFIX)
    segment = book.video(episode, place)
    known = (name, feature.size, feature.video.codec, segment.from_s, segment.to_s is not None)
    if sidecar is None:
        return CameraFacts(*known)
    track = sidecar.tracks[name]
    ages = sidecar.image_age_s(name)
    return CameraFacts(*known, ages, _places(track.repeated), _places(track.corrupt))


def _places(flags: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(flags).tolist())


def _runs(source: NDArray[np.uint8]) -> Iterator[Run]:
    """Who drove from which frame to before which."""
    if len(source) == 0:
        return
    starts = [0, *(np.flatnonzero(np.diff(source)) + 1).tolist()]
    for start, end in zip(starts, [*starts[1:], len(source)], strict=True):
        yield Run(start, end, _driver(int(source[start])))


def _driver(number: int) -> str:
    try:
        return Driver(number).name.lower()
    except ValueError:
        return "unknown"
