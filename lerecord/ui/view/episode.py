"""What the page is told of one episode: its curves, its images' ages, and who drove it."""

from collections.abc import Mapping, Sequence
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
from lerecord.dataset.read import column_of
from lerecord.errors import DatasetError
from lerecord.ui.view.motion import outline
from lerecord.ui.view.shelf import Book
from lerecord.ui.web import nested

MOST_PLACES = 64
"""Of a vector, that are drawn."""
_ACTION, _STATE = VECTORS
_LINES = {_STATE: "state", _ACTION: "action"}


def episode_data(book: Book, episode: int) -> dict[str, Any]:
    """All of an episode but its images; raises DatasetError."""
    record, info = book.record(episode), book.stored.info
    columns = _vectors(book, episode, _drawn(info))
    sidecar, lost = _sidecar(book, episode)
    return {
        "episode": episode,
        "version": book.version,
        "frames": record.length,
        "fps": info.fps,
        "tasks": list(record.tasks),
        "health": book.overviews[episode].health,
        "verdict": book.overviews[episode].verdict,
        "remarks": _remarks(book, episode),
        "joints": _joints(info),
        "lines": _lines(columns, sidecar),
        "others": _others(info, columns),
        "cameras": [
            _camera(book, episode, place, feature, sidecar)
            for place, feature in enumerate(info.videos)
        ],
        "missed": [] if sidecar is None else _places(sidecar.frames.missed),
        "drivers": None if sidecar is None else _runs(sidecar.frames.source),
        "notice": lost,
    }


def _remarks(book: Book, episode: int) -> list[str]:
    """What speaks against the episode: the reasons of its review, or else its health."""
    overview, health = book.overviews[episode], book.health(episode)
    if overview.verdict is not None:
        return list(overview.reasons)
    return [] if health is None else remarks_of(health, book.stored.info.fps)


def motion_of(book: Book, episode: int) -> list[int]:
    """The outline of an episode's motion; empty where it has no vector. Raises DatasetError."""
    book.record(episode)
    keys = [key for key in (_STATE, _ACTION) if _is_curve(book.stored.info.features.get(key))]
    if not keys:
        return []
    return outline(_vectors(book, episode, keys[:1])[keys[0]])


def _drawn(info: Info) -> list[str]:
    return [key for key, feature in info.features.items() if _is_curve(feature)]


def _is_curve(feature: Feature | None) -> bool:
    return feature is not None and feature.is_vector and feature.key not in DEFAULT_FEATURES


def _vectors(book: Book, episode: int, keys: Sequence[str]) -> dict[str, NDArray[Any]]:
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


def _joints(info: Info) -> list[str]:
    """The names of the joints; those of the vector that has the most."""
    found = [info.features[key] for key in (_STATE, _ACTION) if _is_curve(info.features.get(key))]
    return max((_names(each) for each in found), key=len, default=[])[:MOST_PLACES]


def _names(feature: Feature) -> list[str]:
    places = feature.shape[0]
    if len(feature.names) == places:
        return list(feature.names)
    return [f"{number}" for number in range(places)]


def _lines(columns: Mapping[str, NDArray[Any]], sidecar: Sidecar | None) -> list[dict[str, Any]]:
    """What is drawn over each joint: name to (D, N) values."""
    lines = {_LINES[key]: columns[key] for key in _LINES if key in columns}
    if sidecar is not None:
        lines["leader"] = sidecar.frames.requested
        lines["policy"] = sidecar.frames.policy_action
    return [
        {"name": name, "values": nested(values.T[:MOST_PLACES])}
        for name, values in lines.items()
        if np.isfinite(values).any()
    ]


def _others(info: Info, columns: Mapping[str, NDArray[Any]]) -> list[dict[str, Any]]:
    """Vectors that are none of the joints' positions."""
    known = (*VECTORS, POLICY_ACTION)
    return [
        {
            "name": key,
            "places": _names(info.features[key])[:MOST_PLACES],
            "values": nested(values.T[:MOST_PLACES]),
        }
        for key, values in columns.items()
        if key not in known
    ]


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
) -> dict[str, Any]:
    width, height = feature.size
    name = feature.key.removeprefix(IMAGE_PREFIX)
    segment = book.video(episode, place)
    camera: dict[str, Any] = {
        "name": name,
        "width": width,
        "height": height,
        "codec": feature.video.codec,
        "video": f"/video/{episode}/{place}?v={book.version}",
        "from_s": segment.from_s,
        "shared": segment.to_s is not None,
        "age_ms": None,
        "repeated": [],
        "corrupt": [],
    }
    if sidecar is not None:
        track = sidecar.tracks[name]
        camera["age_ms"] = nested(1000 * sidecar.image_age_s(name), 1)
        camera["repeated"] = _places(track.repeated)
        camera["corrupt"] = _places(track.corrupt)
    return camera


def _places(flags: NDArray[np.bool_]) -> list[int]:
    return list(np.flatnonzero(flags).tolist())


def _runs(source: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """Who drove from which frame to before which."""
    if len(source) == 0:
        return []
    starts = [0, *(np.flatnonzero(np.diff(source)) + 1).tolist()]
    ends = [*starts[1:], len(source)]
    return [
        {"from": start, "to": end, "driver": _driver(int(source[start]))}
        for start, end in zip(starts, ends, strict=True)
    ]


def _driver(number: int) -> str:
    try:
        return Driver(number).name.lower()
    except ValueError:
        return "unknown"
