"""`check` finds nothing wrong in any shape that LeRobot writes, and checks all of them alike."""

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lerecord.dataset.format import layout
from lerecord.dataset.verify import check
from tests.dataset import shapes
from tests.dataset.shapes import FRONT, Camera, Shape

TWO = (Camera(), Camera("observation.images.wrist", 64, 96))
IN_ROWS = Camera(FRONT, dtype="image")
REWARD = {"dtype": "float32", "shape": [1], "names": None}
DONE = {"dtype": "bool", "shape": [1], "names": None}
PLAN = {"dtype": "string", "shape": [1], "names": None}
GRID = {"dtype": "float32", "shape": [2, 3], "names": None}

SOUND = {
    "as recorded": Shape(),
    "two cameras": Shape(cameras=TWO),
    "no camera": Shape(cameras=()),
    "images in the frames": Shape(cameras=(IN_ROWS,)),
    "images in the frames and videos": Shape(cameras=(IN_ROWS, TWO[1])),
    "vision only": Shape(vectors={}),
    "actions without a state": Shape(vectors={"action": 6}),
    "a vector of one": Shape(vectors={"action": 1, "observation.state": 1}),
    "several tasks in an episode": Shape(episodes=(("a", "a", "b", "b"), ("b",) * 3, ("c",) * 4)),
    "one frame": Shape(episodes=(("a",), ("a",))),
    "one frame without a camera": Shape(episodes=(("a",),), cameras=()),
    "video_info": Shape(cameras=(Camera(told="video_info"),)),
    "nothing told of the videos": Shape(cameras=(Camera(told=None),)),
    "a camera of another name": Shape(cameras=(Camera("observation.image"),)),
    "axes of no name": Shape(cameras=(Camera(names=None),)),
    "depth": Shape(cameras=(Camera(), Camera("observation.images.depth", depth=True))),
    "further columns": Shape(
        further={
            "next.reward": (REWARD, float),
            "next.done": (DONE, lambda n: n == 4),
            "plan": (PLAN, lambda n: f"step {n}"),
            "observation.grid": (GRID, lambda n: [[n, 1.0, 2.0], [3.0, 4.0, 5.0]]),
        }
    ),
    "two chunks": Shape(episodes=(("a", "a"),) * 1002, cameras=()),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_shape_of_lerobot_is_sound(tmp_path: Path, name: str) -> None:
    report = check(shapes.write(tmp_path / "set", SOUND[name]))
    assert report.findings == []
    assert [str(each) for each in report.remarks] == [
        "meta/hardware.json is missing: another recorder made it, of an unknown rig.",
        "meta/stats.json is missing; the next change by lerecord writes it.",
    ]


CAMERAS = {
    "info": Camera(),
    "video_info": Camera(told="video_info"),
    "nothing told": Camera(told=None),
    "another name": Camera("observation.image"),
    "axes of no name": Camera(names=None),
    "depth": Camera("observation.images.depth", depth=True),
}


@pytest.mark.parametrize("name", CAMERAS)
def test_videos_are_checked_whatever_is_told_of_them(tmp_path: Path, name: str) -> None:
    camera = CAMERAS[name]
    root = shapes.write(tmp_path / "set", Shape((("a",) * 30,) * 3, (camera,)))
    videos = [root / layout.video_file(episode, camera.key) for episode in range(3)]
    videos[0].unlink()
    torn = videos[1].read_bytes()
    videos[1].write_bytes(torn[: len(torn) - 100])
    shorter = shapes.write(tmp_path / "short", Shape((("a",) * 30, ("a",), ("a",) * 29), (camera,)))
    videos[2].write_bytes((shorter / layout.video_file(2, camera.key)).read_bytes())
    found = check(root).findings
    assert {each.episode for each in found} == {0, 1, 2}
    assert "cannot be read as a video" in found[0].text
    assert "the number of images is 29 instead of 30." in [each.text for each in found]
    assert {each.episode for each in check(root, quick=True).findings} >= {0, 2}


def change_stats(key: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        path = root / layout.EPISODES_STATS
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        change(lines[1]["stats"][key])
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    return damage


def flat(stats: dict[str, Any]) -> None:
    for name in ("min", "max", "mean", "std"):
        stats[name] = [each[0][0] for each in stats[name]]


def bytes_of_pixels(stats: dict[str, Any]) -> None:
    for name in ("min", "max", "mean", "std"):
        stats[name] = [[[each[0][0] * 255]] for each in stats[name]]


@pytest.mark.parametrize("camera", [Camera(told="video_info"), Camera(told=None), IN_ROWS])
@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (flat, "observation.images.front have shape [3], and LeRobot needs [3, 1, 1]."),
        (bytes_of_pixels, "the mean of the decoded images is not that of the stored statistics."),
    ],
)
def test_statistics_of_images_are_checked_wherever_they_lie(
    tmp_path: Path, camera: Camera, change: Callable[[dict[str, Any]], object], finding: str
) -> None:
    root = shapes.write(tmp_path / "set", Shape(cameras=(camera,)))
    change_stats(FRONT, change)(root)
    found = check(root).findings
    assert {each.episode for each in found} == {1}
    assert finding in found[0].text


def test_images_in_the_rows_are_decoded(tmp_path: Path) -> None:
    root = shapes.write(tmp_path / "set", Shape(cameras=(IN_ROWS,)))
    path = root / layout.data_file(0)
    table = pq.read_table(path)
    images: list[Any] = table.column(FRONT).to_pylist()
    images[2]["bytes"] = images[2]["bytes"][:100]
    images[5]["bytes"] = None
    place = table.column_names.index(FRONT)
    pq.write_table(table.set_column(place, FRONT, pa.array(images)), path)
    assert [str(each) for each in check(root).findings] == [
        "episode 0, camera front, frame 5: there is no image in the data file.",
        "episode 0, camera front, frame 2: the image does not decode.",
    ]


def test_statistics_of_further_columns_are_checked(tmp_path: Path) -> None:
    root = shapes.write(tmp_path / "set", SOUND["further columns"])
    change_stats("observation.grid", lambda stats: stats["mean"][1].reverse())(root)
    assert [str(each) for each in check(root).findings] == [
        "episode 1: meta/episodes_stats.jsonl: mean of observation.grid is not that of its frames."
    ]


def test_what_showed_nothing_or_nothing_new_is_remarked(tmp_path: Path) -> None:
    root = shapes.write(tmp_path / "set", Shape((("a",) * 30,) * 3, TWO))
    still = shapes.write(tmp_path / "still", Shape((("a",),), (Camera(repeat=30),)))
    data = (still / layout.video_file(0, FRONT)).read_bytes()
    (root / layout.video_file(0, FRONT)).write_bytes(data)
    (root / layout.video_file(2, FRONT)).write_bytes(data)
    assert [str(each) for each in check(root).remarks][-1] == (
        "episode 0, camera front: all 30 images are the same: check that it is not frozen. "
        "Likewise in 1 more episode."
    )


def png_that_announces(side: int) -> bytes:
    """A PNG of a few bytes whose header says it has side x side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def test_an_image_whose_header_announces_another_size_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shapes.write(tmp_path / "set", Shape((("a",) * 4,), (IN_ROWS,)))
    path = root / layout.data_file(0)
    table = pq.read_table(path)
    images: list[Any] = table.column(FRONT).to_pylist()
    images[2]["bytes"] = png_that_announces(30_000)
    place = table.schema.get_field_index(FRONT)
    kind = table.schema.field(FRONT)
    pq.write_table(table.set_column(place, kind, pa.array(images, kind.type)), path)
    decoded: list[int] = []
    decode = cv2.imdecode

    def imdecode(data: Any, how: int) -> Any:
        decoded.append(len(data))
        return decode(data, how)

    monkeypatch.setattr(cv2, "imdecode", imdecode)
    found = [str(each) for each in check(root).findings]
    assert len(found) == 1
    assert found[0].startswith("episode 0, camera front, frame 2: the image is not of ")
    assert len(decoded) == 3
