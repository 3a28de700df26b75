"""A feature as info.json describes it, in the forms that recorders use."""

from typing import Any

import pytest

from lerecord.dataset.format import Feature, Fields
from lerecord.dataset.format.feature import VideoFacts, features_from, flat_names
from lerecord.errors import DatasetError

KEY = "observation.images.front"
FACTS = {"video.codec": "av1", "video.is_depth_map": False, "video.channels": 3, "has_audio": True}


def feature(**data: Any) -> Feature:
    return Feature.from_data(KEY, Fields({"dtype": "video", "shape": [48, 64, 3], **data}, "x"))


@pytest.mark.parametrize(
    ("names", "shape", "size"),
    [
        (["height", "width", "channels"], [48, 64, 3], (64, 48)),
        (["height", "width", "channel"], [48, 64, 3], (64, 48)),
        (["channels", "height", "width"], [3, 48, 64], (64, 48)),
        (["h", "w", "c"], [48, 64, 3], (64, 48)),
        (["rgb"], [48, 64, 3], (64, 48)),
        (None, [48, 64, 3], (64, 48)),
        (None, [3, 48, 64], (64, 48)),
        ({"axes": ["height", "width", "channels"]}, [48, 64, 1], (64, 48)),
        ({"height": 48, "width": 64, "channels": 3}, [48, 64, 3], (64, 48)),
    ],
)
def test_the_size_is_found_whatever_the_names(
    names: Any, shape: list[int], size: tuple[int, int]
) -> None:
    assert feature(names=names, shape=shape).size == size


def test_a_shape_that_is_no_images_has_no_size() -> None:
    with pytest.raises(DatasetError, match=rf"feature {KEY} has shape \[6\], which is not that of"):
        _ = feature(shape=[6]).size


@pytest.mark.parametrize(
    ("names", "flat"),
    [
        (["x", "y"], ("x", "y")),
        ({"motors": ["x", "y"]}, ("x", "y")),
        ({"left": ["x"], "right": ["y"]}, ("x", "y")),
        ({"x": 0, "y": 1}, ("x", "y")),
        ([["x", "y"]], ("x", "y")),
        ([1, None], ("1", "null")),
        ("x", ("x",)),
        (None, ()),
        (5, ()),
    ],
)
def test_names_of_every_form_are_read(names: object, flat: tuple[str, ...]) -> None:
    assert flat_names(names) == flat


@pytest.mark.parametrize("key", ["info", "video_info"])
def test_facts_of_a_video_are_read_where_they_stand(key: str) -> None:
    told = feature(**{key: FACTS})
    assert told.video == VideoFacts("av1", None, False, 3, True)
    changed = told.with_codec("h264")
    assert changed.video.codec == "h264"
    assert changed.data == {**told.data, key: {**FACTS, "video.codec": "h264"}}


@pytest.mark.parametrize(
    "data", [{}, {"info": None}, {"info": 5}, {"info": {"video.codec": None, "has_audio": "no"}}]
)
def test_facts_that_nobody_said_are_none(data: dict[str, Any]) -> None:
    assert feature(**data).video == VideoFacts()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"dtype": None}, "x has dtype null where text is expected"),
        ({"shape": None}, "x has shape null where a list of whole numbers"),
        ({"shape": [3.0]}, r"x has shape \[3\.0\] where a list"),
        ({"shape": [-1, 2, 3]}, "where a list of whole numbers"),
        ({"shape": [65536, 64, 3]}, "where a size that fits into memory"),
        ({"shape": [10**5] * 3, "dtype": "float32"}, "where a size that fits into memory"),
        ({"shape": [1] * 9, "dtype": "float32"}, "where a size that fits into memory"),
    ],
)
def test_another_form_is_one_sentence(data: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        feature(**data)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "/abs", "a\\b", "../x", "a..b", "a\0", "a\nb", "a\x1b[2J", "x" * 201],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="which cannot name a folder"):
        features_from(Fields({name: {"dtype": "video", "shape": [2, 2, 3]}}, "x"))


@pytest.mark.parametrize(
    "name", ["observation.image", "next.reward", "front camera", "抓取", "{x}"]
)
def test_other_names_are_fine(name: str) -> None:
    assert list(features_from(Fields({name: {"dtype": "string", "shape": [1]}}, "x"))) == [name]
