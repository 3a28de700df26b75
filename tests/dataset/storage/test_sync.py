"""What is synced, in which order, and how often: a power cut keeps nothing else."""

import errno
import os
import sys
from pathlib import Path
from unittest import mock

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import VideoSettings, layout
from lerecord.dataset.join import merge
from lerecord.dataset.staging import TrackWriter
from lerecord.dataset.storage import Transaction, finish_pending
from lerecord.dataset.storage.sync import make_folder, sync_files
from lerecord.errors import DatasetError
from tests.dataset.lists import CAMERAS, A, B, C, record, small_lab, stage
from tests.syncs import Watched

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names descriptors by /proc")


def test_folders_are_made_from_the_root_down_and_each_name_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, monkeypatch)
    make_folder(tmp_path / "a/b/c")
    assert watched.events == ["mkdir a", "sync .", "mkdir a/b", "sync a", "mkdir a/b/c", "sync a/b"]
    watched.events.clear()
    make_folder(tmp_path / "a/b/c")
    assert watched.events == []


def test_a_commit_syncs_only_what_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """29 syncs before the folders in which nothing changed were left out."""
    root = record(tmp_path / "set", [A])
    lab = small_lab(root)
    with lab.open() as writer:
        take = stage(lab, writer, C).close()
        watched = Watched(root, monkeypatch)
        writer.commit(take)
    synced = watched.synced()
    folders = [each for each in synced if (root / each).is_dir()]
    assert len(synced) == 20
    assert sorted(each for each in folders if "txn" not in each) == [
        ".lerecord/takes",
        "capture/chunk-000",
        "data/chunk-000",
        "meta",
        "videos/chunk-000/observation.images.front",
        "videos/chunk-000/observation.images.wrist",
    ]


def assert_no_name_was_missing(events: list[str]) -> None:
    """A name of each folder that was made is synced before a file is moved into it."""
    unsynced: set[str] = set()
    for event in events:
        kind, _, name = event.partition(" ")
        if kind == "mkdir":
            unsynced.add(name)
        elif kind == "sync":
            unsynced -= {each for each in unsynced if str(Path(each).parent) == name}
        else:
            assert kind == "rename"
    left = {each for each in unsynced if "txn/" not in each}
    assert left == set()


def test_every_folder_of_a_new_dataset_has_a_synced_name_before_files_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, monkeypatch)
    root = tmp_path / "new/set"
    lab = small_lab(root)
    with lab.open() as writer:
        assert watched.events[:4] == ["mkdir new", "sync .", "mkdir new/set", "sync new"]
        assert "sync new/set/.lerecord" in watched.events  # the name `takes`
        staged = stage(lab, writer, A)
        before = len(watched.events)
        writer.commit(staged)
    assert_no_name_was_missing(watched.events)
    committed = watched.events[before:]
    made = max(place for place, each in enumerate(committed) if each.startswith("mkdir"))
    marked = max(place for place, each in enumerate(committed) if each.endswith("/draft"))
    placed = next(p for p, each in enumerate(committed) if "rename" in each and p > marked)
    assert marked < made < placed


def test_an_edit_syncs_the_name_of_its_trash_before_anything_is_moved_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = record(tmp_path / "set", [A, B])
    watched = Watched(root, monkeypatch)
    operations.delete(root, [0])
    events = watched.events
    trash = events.index(f"mkdir {layout.TRASH}/000001-delete")
    assert events[trash + 1] == f"sync {layout.TRASH}"
    assert f"sync {layout.PRIVATE}" in events[:trash]
    assert not [each for each in events[:trash] if each.endswith("000000")][1:]


def test_finishing_a_killed_change_syncs_what_the_killed_one_may_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def probe(step: str) -> None:
        if step == "sync folders":
            raise KilledError

    root = tmp_path
    change = Transaction(root, probe)
    change.put("data/chunk-000/a", b"a")
    change.append("meta/lines", b"1\n")
    with pytest.raises(KilledError):
        change.commit()
    watched = Watched(root, monkeypatch)
    assert finish_pending(root)
    assert watched.synced()[:5] == [".", "data", "data/chunk-000", "meta", "meta/lines"]


def test_a_mark_that_could_not_be_synced_is_taken_back_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, monkeypatch)
    fsync = os.fsync

    def refusing(descriptor: int) -> None:
        fsync(descriptor)
        if next((tmp_path / layout.TRANSACTIONS).glob("*/manifest.json"), None) is not None:
            raise OSError(errno.EIO, "Input/output error")

    def changed() -> None:
        with Transaction(tmp_path) as change:
            change.put("meta/a", b"a")
            monkeypatch.setattr(os, "fsync", refusing)
            change.commit()

    with pytest.raises(DatasetError, match="nothing was changed"):
        changed()
    renamed = [number for number, each in enumerate(watched.events) if "rename" in each]
    after = watched.events[renamed[-1] + 1 :]
    assert len(after) == 2  # the one that failed, and the one behind the unlink
    assert len(set(after)) == 1


def test_a_camera_syncs_the_names_of_its_files_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, monkeypatch)
    with TrackWriter(tmp_path, CAMERAS[0], 30, VideoSettings()):
        assert watched.events == ["sync ."]


def test_a_discarded_take_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = small_lab(tmp_path / "set")
    with lab.open() as writer:
        staged = stage(lab, writer, A)
        staged.close()
        watched = Watched(lab.root, monkeypatch)
        writer.discard(staged)
    assert watched.events == [f"rename {layout.TAKES}/{staged.id}", f"sync {layout.TAKES}"]


def test_a_camera_leaves_the_files_of_a_discarded_take_to_its_writer(tmp_path: Path) -> None:
    lab = small_lab(tmp_path / "set")
    with lab.open() as writer, mock.patch.object(TrackWriter, "finish", TrackWriter.abort):
        staged = stage(lab, writer, A)
        assert len(list(staged.folder.glob("*.video"))) == 2
        writer.discard(staged)
        assert writer.left_takes == []


def test_the_parents_of_a_new_dataset_are_synced_when_it_is_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = [record(tmp_path / "one", [A]), record(tmp_path / "two", [B])]
    watched = Watched(tmp_path, monkeypatch)
    merge(tmp_path / "new/er/out", roots)
    assert watched.events[:4] == ["mkdir new", "sync .", "mkdir new/er", "sync new"]
    assert watched.events[-2:] == ["rename new/er/.out.partial", "sync new/er"]


def test_a_video_that_is_thrown_away_is_not_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = record(tmp_path / "set", [A, B])
    watched = Watched(root, monkeypatch)
    operations.trim(root, 0, 0.04, 0.15)
    operations.transcode(root, "fast")
    assert watched.synced()
    assert [each for each in watched.synced() if "/tmp" in each] == []


def test_a_file_that_cannot_be_synced_is_told_after_all_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (tmp_path / name).touch()
    watched = Watched(tmp_path, monkeypatch)
    with pytest.raises(FileNotFoundError, match="lost"):
        sync_files([tmp_path / name for name in ("a", "lost", "b", "c")])
    assert sorted(watched.synced()) == ["a", "b", "c"]


def test_many_files_are_synced_by_few_threads_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number:03d}" for number in range(150)]
    for name in names:
        (tmp_path / name).touch()
    watched = Watched(tmp_path, monkeypatch)
    sync_files([tmp_path / name for name in names])
    assert sorted(watched.synced()) == names
