"""A dataset that another recorder made: what is known of it, and whether a change keeps all of it.

Its rig is not known, for it has no meta/hardware.json; lerecord never writes one there. It may be
changed when every feature is one that lerecord writes, too: tables and videos are written again,
and what has no place in them would be lost.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from lerecord.dataset.format import layout
from lerecord.dataset.format.feature import Feature
from lerecord.dataset.format.fields import shown
from lerecord.dataset.format.info import Info, cameras_of
from lerecord.dataset.format.label_features import has_labels, label_features
from lerecord.dataset.format.rollout_features import has_rollouts, rollout_features
from lerecord.dataset.format.spec import (
    DEFAULT_FEATURES,
    IMAGE_PREFIX,
    VECTORS,
    CameraSpec,
    DatasetSpec,
)
from lerecord.dataset.format.video_settings import VideoSettings, settings_for
from lerecord.errors import ConfigError, DatasetError

_ENTRIES = {
    layout.EPISODES: {"episode_index", "tasks", "length"},
    layout.TASKS: {"task_index", "task"},
}
_VIDEO_FACTS: Mapping[str, object] = {
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
        ConfigError, DatasetError: a camera has a name or a size that lerecord does not record.
    """
    codecs = set(info.codecs.values())
    action = info.features.get("action")
    return DatasetSpec(
        robot_type=info.robot_type or "",
        fps=info.fps,
        units="",
        joints=() if action is None else action.names,
        cameras=cameras_of(info),
        video=settings_for(codecs.pop() if len(codecs) == 1 else None) or VideoSettings(),
        rollouts=has_rollouts(info.features),
        labels=has_labels(info.features),
    )


def kept_spec(info: Info) -> DatasetSpec:
    """What info.json says of a dataset that may be changed, for a change keeps all of it.

    Raises:
        DatasetError: it would not; the feature is named.
    """
    for key in (*VECTORS, *DEFAULT_FEATURES):
        if key not in info.features:
            raise _refusal(key, "is missing")
    joints = info.features["action"].names
    ours = rollout_features(joints) if has_rollouts(info.features) else {}
    ours |= label_features() if has_labels(info.features) else {}
    for key, feature in info.features.items():
        if key in ours and dict(feature.data) == ours[key]:
            continue
        if (obstacle := _obstacle(feature)) is not None:
            raise _refusal(key, obstacle)
    return spec_of(info)


def _refusal(key: str, obstacle: str) -> DatasetError:
    return DatasetError(
        f"The feature {key} {obstacle}, and lerecord would not keep the dataset as it is; change "
        f"it with the recorder that made it."
    )


def _obstacle(feature: Feature) -> str | None:
    """Why a feature would not be kept; None when it would."""
    shape = feature.shape
    if feature.key in DEFAULT_FEATURES:
        kept = feature.dtype == DEFAULT_FEATURES[feature.key] and shape == (1,)
    elif feature.key in VECTORS:
        # LeRobot keeps a vector of one as a plain number, in another type of column.
        kept = feature.dtype == "float32" and len(shape) == 1 and shape[0] > 1
    elif feature.is_video:
        return _obstacle_of_video(feature)
    else:
        return "is none that lerecord writes"
    return None if kept else f"is {feature.dtype} of shape {list(shape)}"


def _obstacle_of_video(feature: Feature) -> str | None:
    if not feature.key.startswith(IMAGE_PREFIX):
        return f"is a video whose name does not begin with {IMAGE_PREFIX}"
    if feature.video.codec is None:
        return "does not say its video.codec"
    for name, due in _VIDEO_FACTS.items():
        if (found := feature.facts.get(name, due)) != due:
            return f"has {name} {shown(found)}"
    try:
        CameraSpec(feature.key.removeprefix(IMAGE_PREFIX), *feature.size)
    except (ConfigError, DatasetError):
        return f"is a video of shape {list(feature.shape)}, named {list(feature.names)}"
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
