"""Depth is read as the values that are stored, or refused; it never becomes colour."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.join import merge
from lerecord.dataset.read import Dataset
from lerecord.dataset.v30 import export_v30, import_v30
from lerecord.dataset.verify import check
from lerecord.dataset.video import is_deep
from lerecord.dataset.video.depth import depth_of
from lerecord.errors import DatasetError
from tests.dataset import shapes
from tests.dataset.shapes import Camera, Shape, depth_value

DEPTH = "observation.images.depth"
CAMERAS = (Camera(), Camera(DEPTH, depth=True))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return shapes.write(tmp_path / "set", Shape(cameras=CAMERAS))


def tell(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what info.json says of the depth camera."""
    info = json.loads((root / layout.INFO).read_text())
    change(info["features"][DEPTH])
    (root / layout.INFO).write_text(json.dumps(info))


def test_its_values_are_read_as_they_are_stored(root: Path) -> None:
    data = Dataset(root)
    for first, frames in ((0, 8), (8, 5)):
        values = data[first : first + frames][DEPTH]
        assert values.dtype == np.uint16
        assert values.shape == (frames, 64, 96, 1)
        assert (
            values == np.array([depth_value(n) for n in range(frames)])[:, None, None, None]
        ).all()
    assert data[0][shapes.FRONT].dtype == np.uint8


@pytest.mark.parametrize(
    "change",
    [lambda each: each.update(info=None), lambda each: each["info"].pop("video.pix_fmt")],
    ids=["nothing told", "no format"],
)
def test_depth_that_is_not_said_is_not_colour(
    root: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    tell(root, change)
    tell(root, lambda each: (each.get("info") or {}).pop("video.is_depth_map", None))
    with pytest.raises(DatasetError, match=f"The videos of {DEPTH} hold depth"):
        Dataset(root)[0]
    found = [each.text for each in check(root).findings if "holds depth" in each.text]
    assert found == [
        "the video holds depth (gray12le) and meta/info.json describes colour.",
    ] * len(shapes.Shape().episodes)
    with pytest.raises(DatasetError, match="is not sound: episode 0, camera depth"):
        export_v30(root, root.with_name("v3"))


def test_colour_that_is_said_to_be_depth_is_refused(tmp_path: Path) -> None:
    root = shapes.write(tmp_path / "set", Shape(cameras=(Camera(), Camera(DEPTH))))
    tell(root, lambda each: each["info"].update({"video.is_depth_map": True}))
    assert Dataset(root)[0][DEPTH].shape == (64, 96, 3)  # an image of depth in colours
    tell(root, lambda each: each.update(shape=[64, 96, 1]))
    with pytest.raises(DatasetError, match=r"hold colour where .* describes depth"):
        Dataset(root)[0]
    assert len(check(root).findings) == 3


def test_it_has_no_float32_form(root: Path) -> None:
    with pytest.raises(DatasetError, match=f"{DEPTH} is a depth camera, which has no float32 form"):
        Dataset(root, images="float32")


def test_it_is_checked_and_its_statistics_are_not(root: Path) -> None:
    report = check(root)
    assert report.findings == []
    assert report.unchecked == [f"the statistics of the depth camera {DEPTH}"]
    (root / layout.video_file(1, DEPTH)).unlink()
    assert len(check(root).findings) == 1


def test_it_is_not_exported_nor_edited_and_is_merged(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"{DEPTH} is a depth camera"):
        export_v30(root, tmp_path / "v3")
    assert not (tmp_path / "v3").exists()
    with pytest.raises(DatasetError, match="lerecord would not keep the dataset as it is"):
        operations.delete(root, [0])
    merge(tmp_path / "merged", [root, root])
    assert (Dataset(tmp_path / "merged")[20][DEPTH] == depth_value(1)).all()


def test_it_is_imported_as_it_is(root: Path, tmp_path: Path) -> None:
    """A v3.0 dataset of one camera, whose videos become those of depth."""
    shape = Shape(episodes=(("a",) * 6,), cameras=(Camera(DEPTH),))
    export_v30(shapes.write(tmp_path / "one", shape), tmp_path / "v3")
    deep = shapes.write(tmp_path / "deep", Shape(shape.episodes, (Camera(DEPTH, depth=True),)))
    (video,) = (tmp_path / "v3").rglob("*.mp4")
    video.write_bytes((deep / layout.video_file(0, DEPTH)).read_bytes())
    info = json.loads((tmp_path / "v3" / layout.INFO).read_text())
    feature = json.loads((deep / layout.INFO).read_text())["features"][DEPTH]
    feature["info"]["is_depth_map"] = feature["info"].pop("video.is_depth_map")
    info["features"][DEPTH] = feature
    (tmp_path / "v3" / layout.INFO).write_text(json.dumps(info))
    import_v30(tmp_path / "v3", tmp_path / "back")
    values = Dataset(tmp_path / "back")[:][DEPTH]
    assert values[:, 0, 0, 0].tolist() == [depth_value(n) for n in range(6)]
    assert pq.read_table(tmp_path / "back" / layout.data_file(0)).num_rows == 6


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9), st.integers(1, 70), st.data())
@pytest.mark.parametrize("name", ["gray10le", "gray12le", "gray16be"])
def test_a_deep_image_gives_its_values(name: str, height: int, width: int, data: Any) -> None:
    bits = int(name[4:6])
    values = np.array(
        data.draw(
            st.lists(st.integers(0, 2**bits - 1), min_size=height * width, max_size=height * width)
        ),
        dtype=np.uint16,
    ).reshape(height, width)
    frame = VideoFrame(width, height, name)
    plane = frame.planes[0]
    padded = np.zeros((height, plane.line_size // 2), ">u2" if name.endswith("be") else "<u2")
    padded[:, :width] = values
    plane.update(padded.tobytes())
    assert is_deep(frame.format.name)
    assert (depth_of(frame)[..., 0] == values).all()


@pytest.mark.parametrize("name", ["gray", "yuv420p", "yuv420p10le", "rgb24", "", None])
def test_other_formats_are_not_deep(name: str | None) -> None:
    assert not is_deep(name)
