"""A take that was killed is an episode of as many frames as every stream has."""

import json
import re
import shutil
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from lerecord.dataset.format import TakeFolder, VideoSettings, episode_table, layout, read_sidecar
from lerecord.dataset.format.video_settings import Codec
from lerecord.dataset.staging import ClosedTake, TrackWriter, whole_video
from lerecord.dataset.staging import salvage as salvage_module
from lerecord.dataset.staging.capture_journal import load_track
from lerecord.dataset.staging.salvage import look_at_left
from lerecord.dataset.verify import check
from lerecord.dataset.video import pictures_of
from lerecord.dataset.write import DatasetWriter
from lerecord.dataset.write.recovery import salvage
from lerecord.errors import DatasetError
from tests.dataset.conftest import CAMERAS, Lab
from tests.dataset.lists import A, Scripted, record, small_lab, stage, tree

ROWS = 70


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One episode, and a take whose recorder was killed after 70 frames and 2 snapshots."""
    lab = Lab(tmp_path_factory.mktemp("salvage") / "set")
    clock = iter(range(10**6))
    init = TrackWriter.__init__

    def ticking(self: TrackWriter, *arguments: Any, **named: Any) -> None:
        init(self, *arguments, **{**named, "now": lambda: next(clock) / 60})

    with (
        pytest.MonkeyPatch.context() as patch,
        lab.open() as writer,
    ):
        patch.setattr(TrackWriter, "finish", TrackWriter.close)
        patch.setattr(TrackWriter, "__init__", ticking)
        lab.stage(writer, "left", rows=ROWS, missed_before={30: 2}).close()
    return lab.root


@pytest.fixture
def lab(killed: Path, tmp_path: Path) -> Lab:
    shutil.copytree(killed, tmp_path / "set")
    return Lab(tmp_path / "set")


def left(root: Path) -> TakeFolder:
    (found,) = look_at_left(root)
    return TakeFolder(layout.take_folder(root, found.id))


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def salvaged(root: Path) -> int:
    """Salvage the only take, check everything, and say how many frames it has."""
    with DatasetWriter.open_or_create(root, Lab(root).spec) as writer:
        (take,) = writer.left_takes
        summary = writer.salvage(take)
        assert writer.left_takes == []
    assert summary is not None
    assert check(root).findings == []
    return summary.length


def test_what_was_killed_is_saved_whole_and_marked(lab: Lab) -> None:
    (found,) = look_at_left(lab.root)
    assert (found.task, found.rows, found.seconds) == ("left", ROWS + 2, (ROWS + 2) / 30)
    assert salvaged(lab.root) == ROWS + 2
    sidecar = read_sidecar(lab.root / layout.capture_file(0), lab.spec.cameras)
    assert sidecar.facts["salvaged"] is True
    assert json.loads((lab.root / layout.HEALTH).read_text())["salvaged"] is True
    assert np.flatnonzero(sidecar.frames.missed).tolist() == [30, 31]


def test_the_histogram_goes_on_from_the_last_that_was_kept(lab: Lab) -> None:
    files = left(lab.root)
    whole = lab.root.with_name("whole")
    shutil.copytree(lab.root, whole)
    assert salvaged(lab.root) == ROWS + 2
    exact = read_sidecar(lab.root / layout.capture_file(0), lab.spec.cameras).tracks["front"]
    cut(layout.TakeFolder(layout.take_folder(whole, files.path.name)).histogram("front"), 0.01)
    assert salvaged(whole) == ROWS + 2
    decoded = read_sidecar(whole / layout.capture_file(0), lab.spec.cameras).tracks["front"]
    assert not np.array_equal(exact.histogram, decoded.histogram)
    assert exact.histogram.sum() == decoded.histogram.sum()


@pytest.mark.parametrize("stream", ["rows", "front.video", "wrist.capture", "front.histogram"])
@pytest.mark.parametrize("share", [0.35, 0.7, 0.97, 0.995])
def test_a_stream_that_is_torn_ends_every_stream_there(lab: Lab, stream: str, share: float) -> None:
    files = left(lab.root)
    path = files.rows if stream == "rows" else files.path / stream
    cut(path, share)
    rows = salvaged(lab.root)
    if stream == "front.histogram":
        assert rows == ROWS + 2
    else:
        assert (share - 0.15) * ROWS <= rows <= ROWS + 2
        assert rows < ROWS + 2 or share > 0.99  # a video ends with an index of its fragments
    for camera in lab.spec.cameras:
        path = lab.root / layout.video_file(0, camera.key)
        assert len(list(pictures_of(path))) == rows
    assert len(episode_table.read_episode(lab.root / layout.data_file(0))) == rows


def test_every_length_of_a_torn_video_gives_whole_pictures(lab: Lab) -> None:
    kept = []
    for share in (0.9999, 0.97, 0.94, 0.88, 0.8, 0.7, 0.5):
        root = lab.root.with_name(f"torn{share}")
        shutil.copytree(lab.root, root)
        cut(left(root).video("front"), share)
        kept.append(salvaged(root))
    assert kept == sorted(kept, reverse=True)
    assert len(set(kept)) > 4


def test_of_a_long_take_only_what_was_not_synced_is_decoded(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    decoded = salvage_module._from_key

    def counting(packets: Any, rows: range) -> Any:
        for number, packet in decoded(packets, rows):
            counted.append(number)
            yield number, packet

    monkeypatch.setattr(salvage_module, "_from_key", counting)
    synced = min(load_track(left(lab.root).path, each).histogram_rows for each in CAMERAS)
    assert synced > 50
    assert salvaged(lab.root) == ROWS + 2
    # What was not synced for sure, and what came behind the last histogram that was kept.
    assert min(counted) == synced - 4
    assert len(counted) < 2 * (2 * (ROWS + 2 - synced) + 4 + 4)


def test_pictures_that_the_power_cut_left_empty_are_dropped(lab: Lab) -> None:
    path = left(lab.root).video("wrist")
    data = path.read_bytes()
    path.write_bytes(data[:-8000] + bytes(8000))
    assert ROWS - 20 < salvaged(lab.root) < ROWS + 2


def refused(root: Path) -> str:
    """Salvage the only take, which is refused and stays as it is; what was said."""
    files = left(root)
    before = {each.name: each.read_bytes() for each in files.path.iterdir()}
    with DatasetWriter.open_or_create(root, Lab(root).spec) as writer:
        (take,) = writer.left_takes
        with pytest.raises(DatasetError) as error:
            writer.salvage(take)
        assert (writer.left_takes, writer.episodes) == ([take], 0)
    assert {each.name: each.read_bytes() for each in files.path.iterdir()} == before
    return str(error.value)


@pytest.mark.parametrize("share", [0.01, 0.03])
def test_a_take_whose_video_is_torn_near_its_beginning_is_kept(lab: Lab, share: float) -> None:
    cut(left(lab.root).video("front"), share)
    said = refused(lab.root)
    assert re.search(r"front\.video has [01] that can be read, and an episode needs 2", said)
    assert f"`lerecord recover {lab.root} --discard`" in said


@pytest.mark.parametrize("name", ["front.video", "wrist.capture", "rows.journal"])
@pytest.mark.parametrize("spoilt", ["missing", "empty", "zeros", "torn header"])
def test_a_take_with_a_stream_that_cannot_be_read_is_kept(lab: Lab, name: str, spoilt: str) -> None:
    path = left(lab.root).path / name
    data = path.read_bytes()
    path.unlink()
    if spoilt != "missing":
        path.write_bytes({"empty": b"", "zeros": bytes(len(data)), "torn header": data[:9]}[spoilt])
    assert f"{name} has 0 that can be read" in refused(lab.root)


@pytest.mark.parametrize(("rows", "kept"), [(5, False), (29, False), (30, True)])
def test_a_take_that_its_encoder_still_held_is_removed_but_only_in_its_first_second(
    tmp_path: Path, rows: int, kept: bool
) -> None:
    lab = small_lab(tmp_path / "set", CAMERAS[:1])
    with lab.open() as writer, mock.patch.object(TrackWriter, "finish", TrackWriter.close):
        take = stage(lab, writer, Scripted("cut", rows)).close()
        video = take.files.video("front")
        video.write_bytes(video.read_bytes()[: fragments(video.read_bytes())[0]])
        if kept:
            with pytest.raises(DatasetError, match="it stays"):
                writer.salvage(take.id)
        else:
            assert writer.salvage(take.id) is None
        assert (writer.left_takes == [take.id]) == kept


def test_a_short_take_whose_video_is_torn_is_kept(tmp_path: Path) -> None:
    lab = small_lab(tmp_path / "set", CAMERAS[:1])
    with lab.open() as writer, mock.patch.object(TrackWriter, "finish", TrackWriter.close):
        take = stage(lab, writer, Scripted("cut", 10)).close()
        video = take.files.video("front")
        video.write_bytes(video.read_bytes()[: fragments(video.read_bytes())[0] + 90])
        with pytest.raises(DatasetError, match=r"front\.video has 0 that can be read"):
            writer.salvage(take.id)
        assert writer.left_takes == [take.id]


def test_a_take_that_never_had_two_frames_is_removed(lab: Lab) -> None:
    files = left(lab.root)
    for path in files.path.iterdir():
        if path.suffix == ".video":
            path.write_bytes(path.read_bytes()[: fragments(path.read_bytes())[0]])
        elif path != files.facts:
            data = path.read_bytes()
            path.write_bytes(data[: data.index(b"\n") + 25])
    with DatasetWriter.open_or_create(lab.root, lab.spec) as writer:
        (take,) = writer.left_takes
        assert writer.salvage(take) is None
        assert writer.left_takes == []


def test_a_take_that_was_killed_right_after_a_sync_is_salvaged(tmp_path: Path) -> None:
    """Frames, facts and histograms agree then, but the video is behind them."""
    lab = small_lab(tmp_path / "set", CAMERAS[:1])

    def killed_after_a_sync(track: TrackWriter) -> None:
        track._sync()
        video = TakeFolder(track._folder).video("front")
        kept.append(video.read_bytes())
        track.close()
        video.write_bytes(kept[-1])

    kept: list[bytes] = []
    with lab.open() as writer, mock.patch.object(TrackWriter, "finish", killed_after_a_sync):
        take = stage(lab, writer, Scripted("cut", 30)).close()
        track = load_track(take.files.path, CAMERAS[0])
        assert track.rows == track.histogram_rows == 30
    summary = salvage(lab.root, take.id)
    assert summary is not None
    assert summary.length == 28
    assert check(lab.root).findings == []


def fragments(data: bytes) -> list[int]:
    """Where each moof begins."""
    return [each.start() - 4 for each in re.finditer(b"moof", data)]


@pytest.mark.parametrize("tail", [b"", bytes(300)], ids=["short", "zeros"])
def test_a_video_torn_anywhere_within_its_last_fragment_loses_only_that(
    lab: Lab, tail: bytes
) -> None:
    path = left(lab.root).video("front")
    data = path.read_bytes()
    last = fragments(data)[30]
    for offset in range(0, 130, 9):
        root = lab.root.with_name(f"torn{offset}")
        shutil.copytree(lab.root, root)
        left(root).video("front").write_bytes(data[: last + offset] + tail)
        assert salvaged(root) == 60


def test_a_hole_in_what_was_not_synced_ends_the_take_however_much_is_behind_it(
    lab: Lab,
) -> None:
    """An encoder that catches up leaves more than two seconds of images unsynced."""
    files = left(lab.root)
    for camera in lab.spec.cameras:
        path = files.histogram(camera.name)
        path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")  # nothing was synced yet
    path = files.video("front")
    data = path.read_bytes()
    moof = fragments(data)[3]
    image = data.index(b"mdat", moof) + 4
    path.write_bytes(data[:image] + bytes(40) + data[image + 40 :])
    assert salvaged(lab.root) == 6


@pytest.mark.parametrize("codec", ["h264", "av1"])
def test_damage_that_a_decoder_does_not_notice_ends_the_take(tmp_path: Path, codec: Codec) -> None:
    lab = small_lab(tmp_path / "set", CAMERAS[:1])
    lab.spec = replace(lab.spec, video=VideoSettings(codec))
    with lab.open() as writer, mock.patch.object(TrackWriter, "finish", TrackWriter.close):
        take = stage(lab, writer, Scripted("cut", 40)).close()
    path = take.files.video("front")
    data = path.read_bytes()
    for number, moof in enumerate(fragments(data)[2:12], start=2):
        image = data.index(b"mdat", moof) + 4
        for at in (image + 60, image + 90):  # within the first image of the two
            path.write_bytes(data[:at] + bytes(20) + data[at + 20 :])
            assert whole_video(take.files.path, CAMERAS[0]).images == 2 * number
    assert salvage(lab.root, take.id) is not None
    assert check(lab.root).findings == []


def test_a_take_of_before_videos_had_checksums_is_salvaged(lab: Lab) -> None:
    for camera in lab.spec.cameras:
        path = left(lab.root).capture(camera.name)
        _, _, records = path.read_bytes().partition(b"\n")
        facts = [records[at : at + 13] for at in range(0, len(records), 13 + 12 + 4)]
        old = b"".join(each + zlib.crc32(each).to_bytes(4, "little") for each in facts)
        path.write_bytes(b'{"format": "lerecord capture 1"}\n' + old)
    assert salvaged(lab.root) == ROWS + 2


def test_a_take_that_was_saved_becomes_an_episode_as_it_is(tmp_path: Path) -> None:
    root = record(tmp_path / "set", [A])
    lab = small_lab(root)
    with lab.open() as writer:
        take = stage(lab, writer, Scripted("b", 5, 4)).close()
    summary = salvage(root, take.id)
    assert summary is not None
    assert (summary.index, summary.length) == (1, 5)
    assert tree(root) == tree(record(tmp_path / "scratch", [A, Scripted("b", 5, 4)]))


def test_a_take_of_another_rig_stays_and_is_told(tmp_path: Path, lab: Lab) -> None:
    root = record(tmp_path / "small", [A])
    (take,) = (each.id for each in look_at_left(lab.root))
    shutil.copytree(layout.take_folder(lab.root, take), layout.take_folder(root, take))
    with pytest.raises(DatasetError, match="This is not the rig"):
        salvage(root, take)
    assert [each.id for each in look_at_left(root)] == [take]
    with pytest.raises(DatasetError, match="There is no take nothing"):
        ClosedTake.load(root, "nothing")
