import os
import stat
from pathlib import Path

import pytest

from lerecord.dataset.storage import NewFolder
from lerecord.errors import DatasetError


def test_a_link_in_its_place_of_work_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dear").mkdir()
    (tmp_path / "dear/photo").write_text("x")
    (tmp_path / ".out.partial").symlink_to("dear")
    with pytest.raises(DatasetError, match="partial is a link"), NewFolder(tmp_path / "out"):
        raise AssertionError("it was begun")
    assert [path.name for path in (tmp_path / "dear").iterdir()] == ["photo"]


def test_nothing_that_was_planted_in_its_place_of_work_is_shown(tmp_path: Path) -> None:
    draft = tmp_path / ".out.partial"
    (tmp_path / "dear/x").mkdir(parents=True)
    (draft / ".lerecord/txn/x").mkdir(parents=True)
    (draft / ".lerecord/hub.json").write_text("{}")
    (draft / "data").symlink_to("../dear")
    with NewFolder(tmp_path / "out") as folder:
        folder.put("data/new", b"x")
        folder.commit()
    found = sorted(str(path.relative_to(tmp_path / "out")) for path in tmp_path.glob("out/**/*"))
    assert found == [".lerecord", ".lerecord/lock", "data", "data/new"]
    assert (tmp_path / "dear/x").is_dir()


@pytest.mark.parametrize("target", ["../x", "videos/../../x", "/tmp/x", "videos//x"])
def test_every_file_is_put_inside(tmp_path: Path, target: str) -> None:
    with (
        pytest.raises(DatasetError, match="not the name of a file"),
        NewFolder(tmp_path / "out") as folder,
    ):
        folder.put(target, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("umask", "mode"), [(0, 0o775), (0o022, 0o755), (0o077, 0o700)])
def test_it_is_shown_as_any_new_folder_and_never_for_everybody_to_write(
    tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        with NewFolder(tmp_path / "out") as folder:
            folder.put("data/chunk-000/x", b"x")
            assert stat.S_IMODE((tmp_path / ".out.partial").stat().st_mode) == 0o700
            folder.commit()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == mode
    made = [tmp_path / "out", *(tmp_path / "out").rglob("*")]
    assert [path for path in made if path.stat().st_mode & stat.S_IWOTH] == []
