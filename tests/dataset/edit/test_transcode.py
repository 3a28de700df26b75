"""Videos are encoded anew, and nothing else of the dataset is another then."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from lerecord.cli import app
from lerecord.dataset.edit import Watch, operations
from lerecord.dataset.format import (
    CameraSpec,
    StoredSidecar,
    VideoSettings,
    layout,
    read_sidecar,
    video_to_data,
)
from lerecord.dataset.format.video_settings import PROFILES
from lerecord.dataset.verify import check
from lerecord.dataset.video import FragmentedVideo, codec_of, facts_of, pictures_of
from lerecord.errors import ConfigError, DatasetError
from lerecord.progress import Advance
from tests.dataset.conftest import Lab
from tests.dataset.lists import A, B, C, Scripted, record, small_lab, stage, tree

KEYS = ("observation.images.front", "observation.images.wrist")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("transcode") / "set", [A, B])


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "set")
    return tmp_path / "set"


def videos(root: Path) -> list[Path]:
    return sorted(root.glob("videos/*/*/*.mp4"))


def said(root: Path) -> tuple[set[str], Any]:
    """The codecs in info.json, and the settings in hardware.json."""
    info = json.loads((root / layout.INFO).read_bytes())
    hardware = json.loads((root / layout.HARDWARE).read_bytes())
    return {info["features"][key]["info"]["video.codec"] for key in KEYS}, hardware["video"]


def test_only_videos_and_what_is_said_of_them_change(root: Path) -> None:
    before = tree(root)
    frames = [list(pictures_of(path)) for path in videos(root)]
    assert operations.transcode(root, "archive") is not None
    after = tree(root)
    changed = {name for name in after if after[name] != before[name]}
    assert after.keys() == before.keys()
    assert changed == {
        *(str(path.relative_to(root)) for path in videos(root)),
        *(layout.capture_file(episode) for episode in (0, 1)),
        layout.INFO,
        layout.HARDWARE,
    }
    assert said(root) == ({"av1"}, json.loads(json.dumps(video_to_data(PROFILES["archive"]))))
    for path, old in zip(videos(root), frames, strict=True):
        new = list(pictures_of(path))
        facts = facts_of(path)
        assert facts.codec == "av1"
        assert [time * 30 for time in facts.times] == list(range(len(old)))
        assert len(new) == len(old)
        for left, right in zip(old, new, strict=True):
            assert np.abs(left.astype(int) - right).mean() < 6
    assert check(root).findings == []
    assert check(root).remarks == []


def test_a_sidecar_keeps_everything_and_says_how_the_videos_are_encoded(root: Path) -> None:
    path = root / layout.capture_file(0)
    before = StoredSidecar.load(path)
    assert before.facts["video"] == json.loads(json.dumps(video_to_data(PROFILES["default"])))
    operations.transcode(root, "fast")
    after = StoredSidecar.load(path)
    assert after.table.equals(before.table)
    video = json.loads(json.dumps(video_to_data(PROFILES["fast"])))
    assert after.facts == {**before.facts, "video": video}
    cameras = small_lab(root).spec.cameras
    assert read_sidecar(path, cameras).tracks.keys() == {"front", "wrist"}


def test_simulated_pictures_can_be_read_still(lab: Lab) -> None:
    with lab.open() as writer:
        lab.record(writer, rows=40)
    operations.transcode(lab.root, "archive")
    report = check(lab.root)
    assert report.findings == []
    assert report.remarks == []


def test_what_is_of_the_profile_already_is_left_alone(root: Path) -> None:
    before = tree(root)
    assert operations.transcode(root, "default") is None
    assert tree(root) == before
    assert not (root / layout.TRASH).exists()
    operations.transcode(root, "fast")
    after = tree(root)
    assert after != before
    assert operations.transcode(root, "fast") is None
    assert tree(root) == after


def test_of_mixed_videos_only_the_others_are_encoded(root: Path) -> None:
    operations.transcode(root, "fast")
    lab = small_lab(root)
    with lab.open() as writer:
        writer.commit(stage(lab, writer, C))
    kept = {path: path.read_bytes() for path in videos(root)}
    edited = operations.transcode(root, "fast")
    assert edited is not None
    again = {path for path, data in kept.items() if path.read_bytes() != data}
    assert again == {root / layout.video_file(2, key) for key in KEYS}
    assert check(root).findings == []


def test_a_part_of_a_transcoded_episode_is_encoded_as_the_episode_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[VideoSettings] = []

    class Told(FragmentedVideo):
        def __init__(
            self,
            path: Path,
            camera: CameraSpec,
            fps: int,
            settings: VideoSettings,
            *,
            durable: bool = True,
        ) -> None:
            used.append(settings)
            super().__init__(path, camera, fps, settings, durable=durable)

    root = record(tmp_path / "set", [Scripted("a", 30, 1)])
    operations.transcode(root, "archive")
    lab = small_lab(root)
    with lab.open() as writer:  # the dataset's last settings are the rig's again
        writer.commit(stage(lab, writer, B))
    before = list(pictures_of(root / layout.video_file(0, KEYS[0])))
    monkeypatch.setattr("lerecord.dataset.video.cut.FragmentedVideo", Told)
    operations.trim(root, 0, 10 / 30)
    assert set(used) == {PROFILES["archive"]}
    path = root / layout.video_file(0, KEYS[0])
    same = [np.array_equal(*pair) for pair in zip(before[10:], pictures_of(path), strict=True)]
    assert same == [False] * 6 + [True] * 14  # a keyframe every eight


def test_without_a_sidecar_the_codec_alone_counts(root: Path) -> None:
    for episode in (0, 1):
        (root / layout.capture_file(episode)).unlink()
    before = [path.read_bytes() for path in videos(root)]
    operations.transcode(root, "fast")
    assert [path.read_bytes() for path in videos(root)] == before
    assert said(root)[1] == json.loads(json.dumps(video_to_data(PROFILES["fast"])))
    operations.transcode(root, "archive")
    assert {codec_of(path) for path in videos(root)} == {"av1"}


@pytest.mark.parametrize("profile", ["fast", "archive"])
def test_undo_and_redo_are_exact_inverses(root: Path, profile: str) -> None:
    before = tree(root)
    operations.transcode(root, profile)
    after = tree(root)
    for _ in range(2):
        operations.undo(root)
        assert tree(root) == before
        operations.redo(root)
        assert tree(root) == after


def test_what_was_said_of_mixed_videos_comes_back(root: Path) -> None:
    """info.json has the codec of the first episode, hardware.json the settings of the last."""
    lab = small_lab(root)
    lab.spec = lab.spec_with(video=PROFILES["archive"])
    with lab.open() as writer:
        writer.commit(stage(lab, writer, Scripted("a", 3, 7)))
    before = tree(root)
    assert said(root) == ({"h264"}, json.loads(json.dumps(video_to_data(PROFILES["archive"]))))
    operations.transcode(root, "archive")
    assert said(root)[0] == {"av1"}
    assert check(root).remarks == []
    operations.undo(root)
    assert tree(root) == before


def test_a_video_without_a_picture_for_each_row_is_refused(root: Path) -> None:
    shutil.copyfile(root / layout.video_file(1, KEYS[0]), root / layout.video_file(0, KEYS[0]))
    before = tree(root)
    with pytest.raises(DatasetError, match="has 4 images for 6 frames"):
        operations.transcode(root, "fast")
    assert tree(root) == before


def test_a_video_that_does_not_decode_is_refused(root: Path) -> None:
    path = root / layout.video_file(1, KEYS[1])
    data = path.read_bytes()
    path.write_bytes(data[:-200] + b"\0" * 200)
    before = tree(root)
    with pytest.raises(DatasetError, match=r"episode_000001\.mp4 "):
        operations.transcode(root, "fast")
    assert tree(root) == before
    assert list((root / layout.TRANSACTIONS).iterdir()) == []


def test_every_picture_is_told(root: Path) -> None:
    told: list[Advance] = []
    operations.transcode(root, "fast", Watch(told.append))
    assert told == [Advance(done, 20, "images") for done in range(1, 21)]


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_says_what_it_gave(root: Path) -> None:
    done = run("transcode", root)
    assert done.startswith(f"transcode --profile archive: the videos of {root} take 0.1 MB instead")
    assert f"`lerecord edit empty-trash {root}`" in done
    assert "of the profile archive already; nothing to do." in run("transcode", root)
    assert "undo transcode --profile archive" in run("edit", "undo", root)
    with pytest.raises(ConfigError, match="'best' is unknown; known are default, fast, archive"):
        run("transcode", root, "--profile", "best")
