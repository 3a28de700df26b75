"""Datasets that `check` calls wrong do not become part of others, and nothing gets lost unsaid."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.join import Merging, MultiDataset, merge
from lerecord.dataset.read import Dataset
from lerecord.dataset.v30 import Exporting, export_v30, import_v30
from lerecord.dataset.video import Clip, concatenate
from lerecord.errors import DatasetError
from tests.dataset import shapes
from tests.dataset.lists import tree
from tests.dataset.shapes import FRONT, Camera, Shape

OUT_OF_STEP = {
    "late": Camera(first_pts=1),
    "a gap": Camera(gap_at=3),
    "an image short": Camera(dropped=1),
}


def index_restarts(root: Path) -> None:
    path = root / layout.data_file(1)
    table = pq.read_table(path)
    place = table.column_names.index("index")
    pq.write_table(table.set_column(place, "index", pa.array(range(len(table)))), path)


def used(root: Path, out: Path) -> list[Callable[[], object]]:
    return [
        lambda: merge(out, [root, root]),
        lambda: export_v30(root, out),
        lambda: MultiDataset([root, root]),
    ]


@pytest.mark.parametrize("name", OUT_OF_STEP)
def test_images_out_of_step_with_frames_are_refused(tmp_path: Path, name: str) -> None:
    root = shapes.write(tmp_path / "set", Shape(cameras=(OUT_OF_STEP[name],)))
    before = tree(root)
    for use in used(root, tmp_path / "out"):
        with pytest.raises(DatasetError, match="is not sound: episode 0, camera front"):
            use()
    with pytest.raises(DatasetError, match=r"instead of|7 images for 8 frames"):
        operations.trim(root, 0, 2 / 30)
    with pytest.raises(DatasetError, match=r"instead of|7 images for 8 frames"):
        operations.transcode(root, "archive")
    video = root / layout.video_file(0, FRONT)
    with pytest.raises(DatasetError, match=r"instead of|7 images instead of 8"):
        concatenate([Clip(video, 8)], tmp_path / "clip.mp4", 30)
    assert not (tmp_path / "out").exists()
    assert tree(root) == before


@pytest.mark.parametrize("name", ["late", "a gap"])
def test_v30_images_out_of_step_are_refused(tmp_path: Path, name: str) -> None:
    one = Shape(episodes=(("a",) * 8,))
    export_v30(shapes.write(tmp_path / "set", one), tmp_path / "v3")
    camera = (OUT_OF_STEP[name],)
    wrong = shapes.write(tmp_path / "wrong", Shape(episodes=one.episodes, cameras=camera))
    (video,) = (tmp_path / "v3").rglob("*.mp4")
    video.write_bytes((wrong / layout.video_file(0, FRONT)).read_bytes())
    with pytest.raises(DatasetError, match="has not an image for each frame of episode 0"):
        import_v30(tmp_path / "v3", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_an_index_that_restarts_is_refused(tmp_path: Path) -> None:
    root = shapes.write(tmp_path / "set", Shape())
    index_restarts(root)
    for use in used(root, tmp_path / "out"):
        with pytest.raises(DatasetError, match="is not sound: episode 1, frame 0: index is 0"):
            use()


def test_what_follows_from_the_episodes_is_no_obstacle(tmp_path: Path) -> None:
    root = shapes.write(tmp_path / "set", Shape())
    info = json.loads((root / layout.INFO).read_text())
    info.update(splits={"train": "0:2", "test": "2:3"}, total_videos=0)
    (root / layout.INFO).write_text(json.dumps(info))
    merge(tmp_path / "merged", [root, root])
    assert len(Dataset(tmp_path / "merged").episodes) == 6


def add_entry(root: Path, value: Any) -> None:
    path = root / layout.EPISODES
    lines = [json.loads(line) | {"quality": value} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_further_files_and_entries_are_carried_or_named(tmp_path: Path) -> None:
    roots = [shapes.write(tmp_path / name, Shape()) for name in ("one", "two")]
    for number, root in enumerate(roots):
        (root / "meta/modality.json").write_text('{"state": {}}')
        (root / "meta/notes.txt").write_text(f"{number}")
        (root / "meta/link.txt").symlink_to("notes.txt")
        add_entry(root, number)
    left: list[str] = []
    merge(tmp_path / "merged", roots, Merging(left_out=left.append))
    assert left == ["meta/link.txt", "meta/notes.txt"]
    assert (tmp_path / "merged/meta/modality.json").read_text() == '{"state": {}}'
    assert not (tmp_path / "merged/meta/notes.txt").exists()
    lines = (tmp_path / "merged" / layout.EPISODES).read_text().splitlines()
    assert [json.loads(line)["quality"] for line in lines] == [0, 0, 0, 1, 1, 1]
    left.clear()
    export_v30(roots[0], tmp_path / "v3", Exporting(left_out=left.append))
    assert left == ["meta/link.txt", f"quality in {layout.EPISODES}"]
    assert (tmp_path / "v3/meta/modality.json").read_text() == '{"state": {}}'
    assert (tmp_path / "v3/meta/notes.txt").read_text() == "0"
