"""Metadata is read from regular files of a bounded size."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lerecord.dataset.format import StoredSidecar, bounded, layout, read_meta_file
from lerecord.dataset.overview import summary
from lerecord.dataset.storage import read_meta
from lerecord.dataset.video import header_of, index_of, opened_video
from lerecord.errors import DatasetError


def test_a_file_is_read_whole_or_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "info.json"
    path.write_bytes(b"x" * 3_000_000)
    assert len(read_meta_file(path, layout.INFO)) == 3_000_000
    assert read_meta_file(path, layout.INFO, at_most=5) == b"xxxxx"
    with pytest.raises(FileNotFoundError):
        read_meta_file(tmp_path / "none", layout.INFO)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", [layout.INFO, layout.TASKS, layout.HEALTH])
def test_a_pipe_or_a_device_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    os.mkfifo(path)
    with pytest.raises(DatasetError, match="is not a regular file"):
        read_meta(tmp_path, name)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(DatasetError, match="is not a regular file"):
        read_meta(tmp_path, name)


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"{}")
    (tmp_path / "info.json").symlink_to("blob")
    assert read_meta_file(tmp_path / "info.json", layout.INFO) == b"{}"


def test_a_file_that_is_too_large_or_empty_inside_is_never_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "stats"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(DatasetError, match=r"has 1048576 MB, and at most 384 MB are read"):
        read_meta_file(path, layout.EPISODES_STATS)
    with path.open("wb") as file:
        file.truncate(1 << 28)
    monkeypatch.setattr(bounded, "_CHUNK", 16)  # the first part ends it
    with pytest.raises(DatasetError, match="is filled with zero bytes, so it is damaged"):
        read_meta_file(path, layout.EPISODES_STATS)


@pytest.mark.timeout(20)
def test_a_dataset_whose_info_is_a_pipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    os.mkfifo(tmp_path / layout.INFO)
    with pytest.raises(DatasetError):
        summary(tmp_path)


READS: dict[str, Callable[[Path], object]] = {
    "video": lambda path: opened_video(path).__enter__(),
    "index": index_of,
    "header": header_of,
    "sidecar": StoredSidecar.load,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_a_library_is_not_left_to_wait_for_a_pipe_or_a_device(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zeros").symlink_to("/dev/zero")
    for name in ("pipe", "zeros"):
        with pytest.raises(DatasetError, match=f"{name} is not a regular file"):
            read(tmp_path / name)
