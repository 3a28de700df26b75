import os
import stat
from pathlib import Path

import pytest

from lerecord.dataset.format import layout
from lerecord.dataset.storage import DatasetBusyError, inside, show, work_folder
from lerecord.errors import DatasetError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_this_users_alone_until_it_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "new/.out.partial"
    before = os.umask(0)
    try:
        with work_folder(path):
            assert mode(path) == 0o700
        assert mode(path.parent) == 0o775
        show(path)
        assert mode(path) == 0o775
        os.umask(0o027)
        show(path)
        assert mode(path) == 0o750
    finally:
        os.umask(before)


def test_what_was_left_stays_but_not_what_was_planted_in_its_private_part(tmp_path: Path) -> None:
    path = tmp_path / ".out.pull"
    (path / layout.TRANSACTIONS / "x").mkdir(parents=True)
    (path / layout.PRIVATE / "hub.json").write_text("{}")
    (path / "left").write_text("x")
    path.chmod(0o777)
    with work_folder(path):
        assert mode(path) == 0o700
        assert inside.names(path, layout.PRIVATE) == ["lock"]
        assert (path / "left").exists()
        with pytest.raises(DatasetBusyError), work_folder(path):
            raise AssertionError("two worked there")


def test_a_link_or_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / ".link").symlink_to("victim")
    (tmp_path / ".file").write_text("x")
    for name in (".link", ".file"):
        with (
            pytest.raises(DatasetError, match="remove it and try again"),
            work_folder(tmp_path / name),
        ):
            raise AssertionError("worked there")
    assert list((tmp_path / "victim").iterdir()) == []


def test_another_users_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".out.partial"
    path.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(DatasetError, match="is not a folder of yours"), work_folder(path):
        raise AssertionError("worked there")
