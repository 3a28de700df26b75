"""meta/hardware.json, typed: the rig that a dataset came from."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lerecord.dataset.format import layout
from lerecord.dataset.format.fields import Fields, require_flat
from lerecord.dataset.format.info import Info, cameras_of
from lerecord.dataset.format.label_features import has_labels
from lerecord.dataset.format.rig_record import HardwareRecord
from lerecord.dataset.format.rollout_features import has_rollouts
from lerecord.dataset.format.spec import DatasetSpec
from lerecord.dataset.format.video_settings import VideoSettings, video_from_data, video_to_data
from lerecord.errors import DatasetError


def hardware_bytes(spec: DatasetSpec) -> bytes:
    """meta/hardware.json: the rig that a dataset came from, as far as info.json does not say it."""
    data = {
        "simulated": spec.simulated,
        "units": spec.units,
        "video": video_to_data(spec.video),
        **{key: value for key, value in spec.hardware.entries.items() if key != "simulated"},
    }
    return json.dumps(data, indent=4, ensure_ascii=False).encode()


def spec_of(info: Info, hardware: bytes) -> DatasetSpec:
    """The spec of a dataset, from its info and its meta/hardware.json.

    Raises:
        DatasetError: either is not of the form that `hardware_bytes` and `Info` write.
    """
    fields = hardware_fields(hardware)
    if "action" not in info.features:
        raise DatasetError(f"{layout.INFO} lacks the feature 'action'; restore it from a copy.")
    return DatasetSpec(
        robot_type=info.robot_type or "",
        fps=info.fps,
        units=fields.text("units"),
        joints=info.features["action"].names,
        cameras=cameras_of(info),
        video=_video_settings(fields.object("video")),
        hardware=HardwareRecord(
            {k: v for k, v in fields.values.items() if k not in ("units", "video")}
        ),
        rollouts=has_rollouts(info.features),
        labels=has_labels(info.features),
    )


def hardware_record(data: bytes, root: Path | None = None) -> HardwareRecord:
    """What the file says, with units and video settings.

    Raises:
        DatasetError: it is not of the form that `hardware_bytes` writes; the field is named.
    """
    return HardwareRecord(hardware_fields(data, root).values)


def hardware_fields(data: bytes, root: Path | None = None) -> Fields:
    """What the file says; everything in `_OBJECTS` and `_NUMBERS` is of that kind where it is.

    Args:
        data: its content.
        root: the dataset's folder, for a refusal to name it.

    Raises:
        DatasetError: it is not of the form that `hardware_bytes` writes; the field is named.
    """
    place = layout.HARDWARE if root is None else str(root / layout.HARDWARE)
    fields = Fields.parsed(data, place)
    require_flat(fields.values, fields.place)
    for path in _OBJECTS:
        for holder, name in _places(fields, path.split(".")):
            holder.object(name)
    for path in _NUMBERS:
        for holder, name in _places(fields, path.split(".")):
            holder.count(name)
    return fields


_OBJECTS = (
    "config",
    "config.cameras",
    "config.cameras.*",
    "identity",
    "identity.arms",
    "identity.arms.*",
    "identity.arms.*.*",
    "identity.rotation",
    "calibration",
)
_NUMBERS = ("config.cameras.*.fps", "config.cameras.*.rotation")
"""What is read of a rig that is not connected, beside units and video."""


def _places(fields: Fields, path: list[str]) -> Iterator[tuple[Fields, str]]:
    """Where the fields of a path stand that are there; `*` is any. Their holders are objects."""
    names = list(fields.values) if path[0] == "*" else [path[0]]
    for name in names:
        if name not in fields:
            continue
        if len(path) == 1:
            yield fields, name
        else:
            yield from _places(fields.object(name), path[1:])


def _video_settings(fields: Fields) -> VideoSettings:
    """The settings in meta/hardware.json; what is not given becomes the recommended value."""
    given: dict[str, Any] = {
        name: fields.text(name) for name in ("codec", "preset") if name in fields
    }
    given |= {
        name: fields.count(name, at_least)
        for name, at_least in (("crf", 0), ("qp", 0), ("gop", 1))
        if fields.get(name) is not None
    }
    options = fields.get("options")
    if options is not None and not (
        isinstance(options, list)
        and all(isinstance(pair, list) and [*map(type, pair)] == [str, str] for pair in options)
    ):
        raise fields.refusal("options", "a list of pairs of text is expected")
    return video_from_data({**given, "options": options})
