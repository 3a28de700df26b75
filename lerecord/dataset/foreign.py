"""A dataset that another recorder made: what is known of it, and whether a change keeps all of it.

Its rig is not known, for it has no meta/hardware.json; lerecord never writes one there. It may be
changed when every feature is one that lerecord writes, too: tables and videos are written again,
and what has no place in them would be lost.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lerecord.dataset import layout, metadata
from lerecord.dataset.metadata import Info
from lerecord.dataset.spec import (
    DEFAULT_FEATURES,
    IMAGE_PREFIX,
    VECTORS,
    CameraSpec,
    DatasetSpec,
    VideoSettings,
)
from lerecord.errors import ConfigError, DatasetError

_ENTRIES = {
    layout.EPISODES: {"episode_index", "tasks", "length"},
    layout.TASKS: {"task_index", "task"},
}
_VIDEO_FACTS = {
    "video.pix_fmt": "yuv420p",
    "video.is_depth_map": False,
    "video.channels": 3,
    "has_audio": False,
}
"""What videos that lerecord writes are; another recorder may leave a fact out."""


def is_foreign(root: Path) -> bool:
    """True of a dataset without a trace of lerecord's recorder."""
    return (root / layout.INFO).exists() and not any(
        (root / name).exists() for name in (layout.HARDWARE, layout.CAPTURE)
    )


def require_known_rig(root: Path) -> None:
    """Refuse to record into a dataset that another recorder made; none is fine.

    Raises:
        DatasetError: it is one.
    """
    if is_foreign(root):
        raise DatasetError(
            f"{root} was not recorded by lerecord ({layout.HARDWARE} is missing), so its rig is "
            f"not known: it can be edited, and not recorded into; record into a new folder."
        )


def spec_of(info: Info) -> DatasetSpec:
    """What info.json alone says.

    Raises:
        ConfigError: a camera has a name or a size that lerecord has not.
        KeyError, TypeError, ValueError: a feature is not of LeRobot's form.
    """
    codecs: set[Any] = set(info.codecs.values())
    known = len(codecs) == 1 and codecs <= {"h264", "av1"}
    return DatasetSpec(
        robot_type=info.robot_type,
        fps=info.fps,
        units="",
        joints=flat_names(info.features.get("action", {}).get("names")),
        cameras=metadata.cameras_of(info),
        video=VideoSettings(codecs.pop()) if known else VideoSettings(),
    )


def kept_spec(info: Info) -> DatasetSpec:
    """What info.json says of a dataset that may be changed, for a change keeps all of it.

    Raises:
        DatasetError: it would not; the feature is named.
    """
    for key in (*VECTORS, *DEFAULT_FEATURES):
        if key not in info.features:
            raise _refusal(key, "is missing")
    for key, feature in info.features.items():
        if (obstacle := _obstacle(key, feature)) is not None:
            raise _refusal(key, obstacle)
    if not isinstance(info.fps, int):
        raise DatasetError(
            f"{layout.INFO} has the fps {info.fps!r}, and lerecord changes datasets of whole ones; "
            f"change it with the recorder that made it."
        )
    return spec_of(info)


def _refusal(key: str, obstacle: str) -> DatasetError:
    return DatasetError(
        f"The feature {key} {obstacle}, and lerecord would not keep the dataset as it is; change "
        f"it with the recorder that made it."
    )


def _obstacle(key: str, feature: Mapping[str, Any]) -> str | None:
    """Why a feature would not be kept; None when it would."""
    dtype, shape = feature.get("dtype"), list(feature.get("shape") or ())
    if key in DEFAULT_FEATURES:
        kept = dtype == DEFAULT_FEATURES[key] and shape == [1]
    elif key in VECTORS:
        # LeRobot keeps a vector of one as a plain number, in another type of column.
        kept = dtype == "float32" and len(shape) == 1 and shape[0] > 1
    elif dtype == "video":
        return _obstacle_of_video(key, feature)
    else:
        return "is none that lerecord writes"
    return None if kept else f"is {dtype} of shape {shape}"


def _obstacle_of_video(key: str, feature: Mapping[str, Any]) -> str | None:
    facts = feature.get("info") or {}
    if not key.startswith(IMAGE_PREFIX):
        return f"is a video whose name does not begin with {IMAGE_PREFIX}"
    if "video.codec" not in facts:
        return "does not say its video.codec"
    for name, due in _VIDEO_FACTS.items():
        if facts.get(name, due) != due:
            return f"has {name} {json.dumps(facts[name])}"
    try:
        CameraSpec(key.removeprefix(IMAGE_PREFIX), *metadata.picture_size(feature))
    except (ConfigError, KeyError, TypeError, ValueError):
        return f"is a video of shape {feature.get('shape')}, named {feature.get('names')}"
    return None


def require_known_entries(name: str, data: bytes) -> None:
    """Refuse a file of lines that say more than lerecord writes again.

    Args:
        name: meta/episodes.jsonl or meta/tasks.jsonl.
        data: the file; lines that are no JSON are for its parser to find.

    Raises:
        DatasetError: a line has a further entry, which is named.
    """
    for line in data.splitlines():
        try:
            further = sorted(json.loads(line).keys() - _ENTRIES[name])
        except (ValueError, AttributeError):
            continue
        if further:
            raise DatasetError(
                f"{name} has the entry {further[0]}, which lerecord would not keep; change the "
                f"dataset with the recorder that made it."
            )


def flat_names(names: Any) -> tuple[str, ...]:
    """The names of a vector's places, in both forms of LeRobot's: [...] and {"motors": [...]}."""
    if isinstance(names, Mapping):
        return tuple(name for each in names.values() for name in flat_names(each))
    return tuple(str(name) for name in names) if isinstance(names, list) else ()
