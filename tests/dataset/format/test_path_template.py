"""data_path and video_path of a dataset that a stranger made."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.dataset.format import Fields, PathTemplate
from lerecord.dataset.v30 import files
from lerecord.errors import DatasetError

VARIABLES = frozenset(("chunk_index", "file_index", "video_key"))


def template(text: str) -> PathTemplate:
    return PathTemplate.from_fields(Fields({"data_path": text}, "x"), "data_path", VARIABLES)


def test_lerobots_templates_are_filled_in() -> None:
    path = template(files.VIDEO_PATH).path(chunk_index=1, file_index=23, video_key="observation.a")
    assert path == "videos/observation.a/chunk-001/file-023.mp4"
    assert template("data/all.parquet").path(chunk_index=0, file_index=0) == "data/all.parquet"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/etc/{chunk_index}",
        "../victim/private.parquet",
        "data/../../x",
        "data//x",
        "data\\..\\x",
        "data/\0",
        "{chunk_index.__class__.__mro__}",
        "{video_key.__class__.__init__.__globals__}",
        "data/{chunk_index:0999999999d}",
        "data/{chunk_index!r:>400000000}",
        "data/{chunk_index:{file_index}}",
        "data/{video_key[0]}",
        "{0}",
        "{}",
        "{other}",
        "{",
        "}",
    ],
)
def test_any_other_is_refused(text: str) -> None:
    with pytest.raises(DatasetError, match=r"^x has data_path .* inside of the dataset"):
        template(text)


PIECES = ["data", "/", "..", ".", "{", "}", "{chunk_index}", "{video_key}", ":", "03d", "!r", "\\"]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_what_is_taken_stays_inside(text: str) -> None:
    try:
        path = template(text).path(chunk_index=7, file_index=999_999, video_key="observation.a")
    except DatasetError:
        return
    assert len(path) < len(text) + 100
    assert not PurePosixPath(path).is_absolute()
    assert ".." not in PurePosixPath(path).parts
