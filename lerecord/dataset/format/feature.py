"""One feature of a dataset, as info.json describes it and as lerecord reads it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format.fields import Fields, is_number, shown
from lerecord.errors import DatasetError

VIDEO = "video"
IMAGE = "image"
_INTEGERS = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"}
_NUMBERS = {
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "float16",
    "float32",
    "float64",
}
_VIDEO_INFO = ("info", "video_info")
"""Where the facts of a video stand; LeRobot before v2.1, and others still, say `video_info`."""

_MAX_NAME_BYTES = 200
_MAX_DIMENSIONS = 8
_MAX_SIDE = 65535
_MAX_VALUES = 10**8
_UNFIT = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]")
_AXES = {"height": "height", "h": "height", "width": "width", "w": "width"}
_CHANNELS = (3, 1, 4, 2)


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What info.json says of a camera's videos; None where it says nothing."""

    codec: str | None = None
    pix_fmt: str | None = None
    is_depth_map: bool | None = None
    channels: int | None = None
    has_audio: bool | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature.

    Attributes:
        key: its name; it can name a folder.
        dtype: `video`, `image` or what a column's values are.
        shape: of one frame's value.
        names: of a vector's places or an image's axes; empty when there are none.
        data: as it stands in info.json.
    """

    key: str
    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...]
    data: Mapping[str, Any]

    @classmethod
    def from_data(cls, key: str, fields: Fields) -> Self:
        """From an entry of `features`.

        Raises:
            DatasetError: it is not of LeRobot's form, or its name cannot name a folder.
        """
        require_fit_for_folder(key, fields.place)
        return cls(
            key=key,
            dtype=fields.text("dtype"),
            shape=_shape(fields),
            names=flat_names(fields.get("names")),
            data=fields.values,
        )

    @property
    def is_video(self) -> bool:
        """True when its images lie in videos."""
        return self.dtype == VIDEO

    @property
    def is_image(self) -> bool:
        """True when its images lie in the frames."""
        return self.dtype == IMAGE

    @property
    def is_vector(self) -> bool:
        """True when it is a column of numbers, or of lists of them."""
        return self.dtype in _NUMBERS and len(self.shape) == 1

    @property
    def has_statistics(self) -> bool:
        """False of text, and of vectors that have no place."""
        return self.is_video or (self.dtype in _NUMBERS and 0 not in self.shape)

    @property
    def kinds(self) -> str:
        """NumPy's kinds of array that its column can be read as."""
        if self.dtype in _INTEGERS:
            return "iu"
        return "biuf" if self.dtype in _NUMBERS else "biufOSU"

    @property
    def no_rows(self) -> NDArray[Any]:
        """Its column, (0, ...), of no frames."""
        dtype = self.dtype if self.dtype in _NUMBERS else object
        return np.empty((0, *(() if self.shape == (1,) else self.shape)), dtype)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its images.

        Raises:
            DatasetError: its shape is not that of an image.
        """
        axes = {_AXES.get(name): side for name, side in zip(self.names, self.shape, strict=False)}
        if len(self.names) == len(self.shape) and {"height", "width"} <= axes.keys():
            return axes["width"], axes["height"]
        if len(self.shape) == 3:
            # Without names that say it, the axis of the channels is the short one.
            first, middle, last = self.shape
            if last in _CHANNELS or first not in _CHANNELS:
                return middle, first
            return last, middle
        raise DatasetError(
            f"The feature {self.key} has shape {list(self.shape)}, which is not that of an image; "
            f"correct meta/info.json or restore it from a copy."
        )

    @property
    def facts(self) -> Mapping[str, Any]:
        """All that info.json says of its videos, by LeRobot's names."""
        facts = self.data.get(self._facts_key)
        return facts if isinstance(facts, Mapping) else {}

    @property
    def video(self) -> VideoFacts:
        """What info.json says of its videos; what it says in another form counts as not said."""
        facts = self.facts
        return VideoFacts(
            codec=_kept(facts.get("video.codec"), str),
            pix_fmt=_kept(facts.get("video.pix_fmt"), str),
            is_depth_map=_kept(facts.get("video.is_depth_map"), bool),
            channels=_kept(facts.get("video.channels"), int),
            has_audio=_kept(facts.get("has_audio"), bool),
        )

    def with_codec(self, codec: str) -> Self:
        """With another codec of its videos; all else stays as it was written."""
        key = self._facts_key
        told = {**self.facts, "video.codec": codec}
        return type(self)(self.key, self.dtype, self.shape, self.names, {**self.data, key: told})

    @property
    def _facts_key(self) -> str:
        for key in _VIDEO_INFO:
            if isinstance(self.data.get(key), Mapping):
                return key
        return _VIDEO_INFO[0]


def features_from(fields: Fields) -> dict[str, Feature]:
    """The features of info.json, in its order.

    Raises:
        DatasetError: one is not of LeRobot's form, or its name cannot name a folder.
    """
    return {key: Feature.from_data(key, fields.object(key)) for key in fields.values}


def require_fit_for_folder(name: str, place: str) -> None:
    """Refuse the name of a feature that would lead out of its folder, or could not be one.

    Raises:
        DatasetError: it is such a name.
    """
    unfit = not name or ".." in name or name == "." or _UNFIT.search(name)
    if unfit or len(name.encode()) > _MAX_NAME_BYTES:
        raise DatasetError(
            f"{place} has the name {shown(name)}, which cannot name a folder; a name has no "
            f"slash, no two dots in a row, no control character and at most {_MAX_NAME_BYTES} "
            f"bytes."
        )


def flat_names(names: Any) -> tuple[str, ...]:
    """Names in any of the forms that recorders use.

    They are `[...]`, `{"motors": [...]}`, `{"x": 0, "y": 1}` or one word.
    """
    if isinstance(names, str):
        return (names,)
    if isinstance(names, Mapping):
        return tuple(
            name
            for key, each in names.items()
            for name in ((str(key),) if is_number(each) else flat_names(each))
        )
    if not isinstance(names, list):
        return ()
    return tuple(name for each in names for name in _name(each))


def _name(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | Mapping):
        return flat_names(value)
    return (value,) if isinstance(value, str) else (json.dumps(value),)


def _shape(fields: Fields) -> tuple[int, ...]:
    shape = fields.required("shape")
    if not isinstance(shape, list) or not all(
        isinstance(side, int) and not isinstance(side, bool) and 0 <= side <= _MAX_VALUES
        for side in shape
    ):
        raise fields.refusal("shape", "a list of whole numbers is expected")
    values = 1
    for side in shape:
        values *= side
    is_picture = fields.get("dtype") in (VIDEO, IMAGE)
    if (
        len(shape) > _MAX_DIMENSIONS
        or values > _MAX_VALUES
        or (is_picture and any(side > _MAX_SIDE for side in shape))
    ):
        raise fields.refusal("shape", "a size that fits into memory is expected")
    return tuple(shape)


def _kept(value: Any, kind: type) -> Any:
    is_bool = isinstance(value, bool)
    return value if isinstance(value, kind) and (kind is bool or not is_bool) else None
