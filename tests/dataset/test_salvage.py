"""A take that was killed is an episode of as many frames as every stream has."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lerecord.dataset import layout, table
from lerecord.dataset import salvage as salvage_module
from lerecord.dataset.layout import TakeFolder
from lerecord.dataset.recover import salvage
from lerecord.dataset.salvage import look_at_left
from lerecord.dataset.sidecar import read_sidecar
from lerecord.dataset.staging import ClosedTake
from lerecord.dataset.track import TrackWriter
from lerecord.dataset.verify import check
from lerecord.dataset.video import pictures_of
from lerecord.dataset.writer import DatasetWriter
from lerecord.errors import DatasetError
from tests.dataset.conftest import Lab
from tests.dataset.lists import A, Scripted, record, small_lab, stage, tree

ROWS = 70


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One episode, and a take whose recorder was killed after 70 rows and 2 snapshots."""
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
    """Salvage the only take, check everything, and say how many rows it has."""
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
    assert np.flatnonzero(sidecar.missed).tolist() == [30, 31]


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
    assert len(table.read_episode(lab.root / layout.data_file(0))) == rows


def test_every_length_of_a_torn_video_gives_whole_pictures(lab: Lab) -> None:
    kept = []
    for share in (0.9999, 0.97, 0.94, 0.88, 0.8, 0.7, 0.5):
        root = lab.root.with_name(f"torn{share}")
        shutil.copytree(lab.root, root)
        cut(left(root).video("front"), share)
        kept.append(salvaged(root))
    assert kept == sorted(kept, reverse=True)
    assert len(set(kept)) > 4


def test_of_a_long_take_only_the_end_is_decoded(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    decoded = salvage_module._from_key

    def counting(packets: Any, rows: range) -> Any:
        for number, packet in decoded(packets, rows):
            counted.append(number)
            yield number, packet

    monkeypatch.setattr(salvage_module, "_from_key", counting)
    assert salvaged(lab.root) == ROWS + 2
    # The last two seconds, and what came behind the last histogram that was kept.
    assert min(counted) == ROWS + 2 - 60
    assert len(counted) < 2 * (60 + 30 + 2)


def test_pictures_that_the_power_cut_left_empty_are_dropped(lab: Lab) -> None:
    path = left(lab.root).video("wrist")
    data = path.read_bytes()
    path.write_bytes(data[:-8000] + bytes(8000))
    assert ROWS - 20 < salvaged(lab.root) < ROWS + 2


@pytest.mark.parametrize("share", [0.01, 0.03])
def test_less_than_two_rows_are_discarded(lab: Lab, share: float) -> None:
    cut(left(lab.root).video("front"), share)
    with DatasetWriter.open_or_create(lab.root, lab.spec) as writer:
        (take,) = writer.left_takes
        assert writer.salvage(take) is None
        assert (writer.left_takes, writer.episodes) == ([], 0)


@pytest.mark.parametrize("name", ["front.video", "wrist.capture", "rows.journal"])
def test_a_stream_that_was_never_begun_leaves_nothing_to_keep(lab: Lab, name: str) -> None:
    (left(lab.root).path / name).unlink()
    (take,) = (each.id for each in look_at_left(lab.root))
    with DatasetWriter.open_or_create(lab.root, lab.spec) as writer:
        assert writer.salvage(take) is None


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
