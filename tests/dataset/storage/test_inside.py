import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from lerecord.dataset.storage import inside
from lerecord.dataset.storage.sync import make_folder
from lerecord.errors import DatasetError

DOES: dict[str, Callable[[Path, str], object]] = {
    "open": lambda root, name: os.close(inside.open_file(root, name, os.O_RDWR | os.O_CREAT)),
    "write": lambda root, name: inside.write(root, name, b"new"),
    "remove": inside.remove,
    "look": inside.status,
    "list": inside.names,
    "list folders": inside.folders,
    "read": lambda root, name: inside.read(root, name, 100),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "victim/below").mkdir(parents=True)
    (tmp_path / "victim/below/file").write_text("dear")
    (tmp_path / "set/a").mkdir(parents=True)
    return tmp_path / "set"


def untouched(root: Path) -> bool:
    victim = root.parent / "victim"
    return [str(each.relative_to(victim)) for each in sorted(victim.rglob("*"))] == [
        "below",
        "below/file",
    ] and (victim / "below/file").read_text() == "dear"


@pytest.mark.parametrize("does", DOES)
@pytest.mark.parametrize("name", ["link/below/file", "a/link/file", "link/new"])
def test_nothing_is_reached_through_a_link_to_a_folder(root: Path, does: str, name: str) -> None:
    (root / "link").symlink_to("../victim")
    (root / "a/link").symlink_to("../../victim/below")
    with pytest.raises(DatasetError, match="link is a link, and lerecord changes nothing behind"):
        DOES[does](root, name)
    assert untouched(root)


@pytest.mark.parametrize("does", DOES)
@pytest.mark.parametrize(
    "name", ["../victim/below/file", "a/../../victim/below", "/etc", "a//b", "a/.", "a/b\0"]
)
def test_a_name_stays_below_its_folder(root: Path, does: str, name: str) -> None:
    with pytest.raises(DatasetError, match="is not the name of a file in a dataset"):
        DOES[does](root, name)
    assert untouched(root)


@pytest.mark.parametrize("target", ["../victim/below/file", "../victim/none", "../victim"])
def test_a_link_in_the_place_of_a_file_is_not_opened_and_goes_alone(
    root: Path, target: str
) -> None:
    (root / "link").symlink_to(target)
    for does in ("open", "read"):
        with pytest.raises(DatasetError, match="link is a link where a file"):
            DOES[does](root, "link")
    inside.write(root, "link", b"own")
    assert (root / "link").read_bytes() == b"own"
    (root / "link").unlink()
    (root / "link").symlink_to(target)
    inside.remove(root, "link")
    assert not (root / "link").is_symlink()
    assert untouched(root)


def test_what_is_not_a_file_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe")
    for does in ("open", "read"):
        with pytest.raises(DatasetError, match="pipe is not a file where a file"):
            DOES[does](root, "pipe")
        with pytest.raises(DatasetError, match="a is not a file where a file"):
            DOES[does](root, "a")


def test_a_second_name_of_something_else_is_not_written(root: Path) -> None:
    os.link(root.parent / "victim/below/file", root / "a/file")
    with pytest.raises(DatasetError, match="is a hard link"):
        DOES["open"](root, "a/file")
    assert inside.read(root, "a/file", 100) == b"dear"
    inside.remove(root, "a/file")
    assert untouched(root)


def test_a_folder_goes_with_its_links_and_not_with_what_they_lead_to(root: Path) -> None:
    (root / "a/b").mkdir()
    (root / "a/b/link").symlink_to("../../../victim")
    (root / "a/file").write_text("x")
    inside.remove(root, "a")
    assert list(root.iterdir()) == []
    inside.remove(root, "a")
    assert untouched(root)


def test_only_what_is_neither_folder_nor_file_is_strange(root: Path) -> None:
    (root / "a/link").symlink_to("../../victim")
    (root / "a/file").write_text("x")
    (root / "away").symlink_to("nowhere")
    os.mkfifo(root / "a/pipe")
    inside.remove_strange(root)
    assert sorted(str(each.relative_to(root)) for each in root.rglob("*")) == ["a", "a/file"]
    assert untouched(root)


def test_the_folder_itself_may_be_named_through_a_link(root: Path) -> None:
    (root.parent / "mine").symlink_to("set")
    inside.write(root.parent / "mine", "a/b/file", b"x")
    assert inside.names(root, "a/b") == ["file"]
    assert inside.folders(root, "a") == ["b"]


def test_a_file_larger_than_it_can_be_is_not_read(root: Path) -> None:
    (root / "a/file").write_bytes(b"x" * 101)
    with pytest.raises(DatasetError, match="larger than the 100 bytes"):
        inside.read(root, "a/file", 100)


def test_nothing_is_there_where_nothing_is(root: Path) -> None:
    assert inside.names(root, "none/below") == []
    assert inside.folders(root, "none") == []
    assert inside.status(root, "none/below") is None
    assert inside.names(root.parent / "victim/below/file") == []
    with pytest.raises(FileNotFoundError):
        inside.read(root, "none", 100)


def test_what_is_made_is_not_for_everybody_to_write(root: Path) -> None:
    before = os.umask(0)
    try:
        make_folder(root / "x/y")
        inside.write(root, "made/below/file", b"x")
        DOES["open"](root, "opened")
    finally:
        os.umask(before)
    for name in ("x", "x/y", "made", "made/below", "made/below/file", "opened"):
        assert not (root / name).stat().st_mode & stat.S_IWOTH, name
