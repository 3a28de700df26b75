import os
import stat
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.format import layout
from lerecord.dataset.storage import PendingView, Transaction, finish_pending, has_pending
from lerecord.dataset.storage.manifest import Append
from lerecord.errors import DatasetError

LINES = "meta/lines.jsonl"


class Killed(BaseException):
    """Stops a process where a test wants it."""


class StopAt:
    """A probe that stops at the n-th step; -1 never."""

    def __init__(self, number: int = -1) -> None:
        self.number = number
        self.steps: list[str] = []

    def __call__(self, step: str) -> None:
        if len(self.steps) == self.number:
            raise Killed(step)
        self.steps.append(step)


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_relative_to(root / ".lerecord/txn")
    }


def prepared(root: Path) -> Path:
    (root / "meta").mkdir(parents=True)
    (root / "meta/info.json").write_bytes(b"old")
    (root / "meta/lines.jsonl").write_bytes(b"0\n1\n")
    (root / "data/gone").mkdir(parents=True)
    (root / "data/gone/file").write_bytes(b"x")
    (root / layout.TAKES / "7").mkdir(parents=True)
    (root / layout.TAKES / "7" / "rows").write_bytes(b"x")
    return root


def change(root: Path, probe: Callable[[str], None]) -> None:
    """Every kind of step."""
    with Transaction(root, probe) as transaction:
        transaction.put(layout.INFO, b"new")
        transaction.place("data/chunk-000/a").write_bytes(b"A" * 1000)
        transaction.append("meta/lines.jsonl", b"2\n")
        transaction.append("meta/fresh.jsonl", "ä\n".encode())
        transaction.remove(f"{layout.TAKES}/7")
        transaction.remove("data/gone")
        transaction.commit()


BEFORE = {
    "meta/info.json": b"old",
    "meta/lines.jsonl": b"0\n1\n",
    "data/gone/file": b"x",
    ".lerecord/takes/7/rows": b"x",
}
AFTER = {
    "meta/info.json": b"new",
    "meta/lines.jsonl": b"0\n1\n2\n",
    "meta/fresh.jsonl": "ä\n".encode(),
    "data/chunk-000/a": b"A" * 1000,
}


def all_steps(tmp_path: Path) -> list[str]:
    probe = StopAt()
    change(prepared(tmp_path / "all"), probe)
    assert contents(tmp_path / "all") == AFTER
    return probe.steps


def kill(root: Path, number: int) -> None:
    """Leave what a kill leaves: nobody tidies up."""
    exit_, Transaction.__exit__ = Transaction.__exit__, lambda *_: None  # type: ignore[method-assign]
    try:
        with pytest.raises(Killed):
            change(root, StopAt(number))
    finally:
        Transaction.__exit__ = exit_  # type: ignore[method-assign]


def test_a_change_killed_at_any_step_is_made_or_not_made(tmp_path: Path) -> None:
    steps = all_steps(tmp_path)
    marked = steps.index("mark") + 1
    assert len(steps) > 12
    for number in range(len(steps)):
        root = prepared(tmp_path / str(number))
        kill(root, number)
        assert finish_pending(root) == (marked <= number <= steps.index("unmark"))
        assert contents(root) == (BEFORE if number < marked else AFTER), steps[number]
        assert not has_pending(root)
        assert not finish_pending(root)


def test_finishing_may_be_killed_again_and_again(tmp_path: Path) -> None:
    steps = all_steps(tmp_path)
    for number in range(steps.index("mark") + 1, len(steps)):
        root = prepared(tmp_path / str(number))
        kill(root, number)
        for again in range(len(steps)):
            try:
                finish_pending(root, StopAt(again))
            except Killed:
                continue
            break
        assert contents(root) == AFTER
        assert not has_pending(root)


def test_info_goes_last_and_staged_takes_after_it(tmp_path: Path) -> None:
    carried_out = [step for step in all_steps(tmp_path) if step.startswith("step")]
    assert [step.split(" ", 2)[2] for step in carried_out] == [
        "move data/chunk-000/a",
        "append meta/lines.jsonl",
        "append meta/fresh.jsonl",
        "remove data/gone",
        "move meta/info.json",
        "remove .lerecord/takes/7",
    ]


def test_nothing_final_is_touched_before_the_mark(tmp_path: Path) -> None:
    root = prepared(tmp_path / "set")

    def look(step: str) -> None:
        seen.append(step)
        if step in ("write manifest", "mark"):
            assert contents(root) == BEFORE

    seen: list[str] = []
    change(root, look)
    assert "mark" in seen


def test_a_change_that_fails_leaves_nothing(tmp_path: Path) -> None:
    root = prepared(tmp_path / "set")

    def fail() -> None:
        with Transaction(root) as transaction:
            transaction.put("data/a", b"1")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert contents(root) == BEFORE
    assert not has_pending(root)


def test_the_view_shows_a_marked_change_as_made_and_any_other_as_not(tmp_path: Path) -> None:
    steps = all_steps(tmp_path)
    marked = steps.index("mark") + 1
    for number in range(len(steps)):
        root = prepared(tmp_path / str(number))
        kill(root, number)
        before = contents(root)
        view = PendingView.of(root)
        shown = BEFORE if number < marked else AFTER
        for name in ("meta/info.json", "meta/lines.jsonl", "meta/fresh.jsonl", "data/chunk-000/a"):
            if name in shown:
                assert view.read(name) == shown[name], (steps[number], name)
            else:
                with pytest.raises(FileNotFoundError):
                    view.read(name)
        assert view.path("meta/info.json").read_bytes() == shown["meta/info.json"]
        if marked <= number <= steps.index("unmark"):
            assert view.removed("data/gone/file")
            assert not view.removed("data/gone-not")
        assert contents(root) == before


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 12))
def test_lines_are_never_glued(length: int) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        old = b"0\n11\n222\n33"[:length]
        (root / "meta").mkdir()
        (root / "meta/lines").write_bytes(old)
        with Transaction(root) as transaction:
            transaction.append("meta/lines", b"new\n")
            transaction.commit()
        found = (root / "meta/lines").read_bytes()
        assert found.startswith(old)
        assert found.split(b"\n")[-2] == b"new"
        assert found.split(b"\n")[:-2] == [line for line in old.split(b"\n") if line]


def test_an_append_cuts_what_a_killed_append_left(tmp_path: Path) -> None:
    root = prepared(tmp_path / "set")
    kill(root, all_steps(tmp_path).index("mark") + 2)
    (root / "meta/lines.jsonl").write_bytes(b"0\n1\n2\n2\n2 torn")
    finish_pending(root)
    assert contents(root) == AFTER


def test_a_file_lost_in_the_middle_is_said(tmp_path: Path) -> None:
    steps = all_steps(tmp_path)
    root = prepared(tmp_path / "set")
    kill(root, steps.index("mark") + 2)
    (root / "data/chunk-000/a").unlink()
    with pytest.raises(DatasetError, match="data/chunk-000/a was lost while the dataset"):
        finish_pending(root)
    other = prepared(tmp_path / "other")
    kill(other, steps.index("mark") + 1)
    (other / "meta/lines.jsonl").write_bytes(b"0")
    with pytest.raises(DatasetError, match=r"meta/lines\.jsonl became shorter"):
        finish_pending(other)


@pytest.mark.parametrize("kind", ["link", "hard link"])
def test_lines_that_lie_elsewhere_too_are_appended_to_a_file_of_its_own(
    tmp_path: Path, kind: str
) -> None:
    root = prepared(tmp_path / "set")
    lines = root / "meta/lines.jsonl"
    cached = lines.rename(tmp_path / "cached")
    if kind == "link":
        lines.symlink_to("../../cached")
    else:
        lines.hardlink_to(cached)
    change(root, StopAt())
    assert contents(root) == AFTER
    assert not lines.is_symlink()
    assert cached.read_bytes() == BEFORE["meta/lines.jsonl"]


def test_a_change_behind_a_linked_folder_is_refused_before_its_mark(tmp_path: Path) -> None:
    root = prepared(tmp_path / "set")
    (tmp_path / "dear").mkdir()
    (root / "data/chunk-000").symlink_to("../../dear")
    probe = StopAt()
    with pytest.raises(DatasetError, match="chunk-000 is a link"):
        change(root, probe)
    assert "mark" not in probe.steps
    assert contents(root) == BEFORE
    assert not has_pending(root)
    assert list((tmp_path / "dear").iterdir()) == []


def test_what_came_to_lie_behind_a_link_is_not_finished(tmp_path: Path) -> None:
    root = prepared(tmp_path / "set")
    kill(root, all_steps(tmp_path).index("mark") + 1)
    (tmp_path / "dear").mkdir()
    (root / "data/chunk-000").rmdir()
    (root / "data/chunk-000").symlink_to("../../dear")
    with pytest.raises(DatasetError, match="chunk-000 is a link"):
        finish_pending(root)
    assert contents(root) == BEFORE
    (root / "data/chunk-000").unlink()
    assert finish_pending(root)
    assert contents(root) == AFTER


def test_no_new_file_is_for_everybody_to_write(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        root = prepared(tmp_path / "set")
        change(root, StopAt())
    finally:
        os.umask(before)
    new = ["data/chunk-000", "data/chunk-000/a", "meta/info.json", "meta/fresh.jsonl"]
    assert [name for name in new if (root / name).stat().st_mode & stat.S_IWOTH] == []


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    root = prepared(tmp_path / "set")

    def full(at: str) -> Callable[[str], None]:
        def probe(step: str) -> None:
            if step.startswith(at):
                raise OSError(28, "No space left on device")

        return probe

    with pytest.raises(DatasetError, match=r"No space left on device; .* nothing was changed"):
        change(root, full("write manifest"))
    assert contents(root) == BEFORE
    with pytest.raises(DatasetError, match="the next command finishes it"):
        change(root, full("step 2"))
    assert finish_pending(root)
    assert contents(root) == AFTER


def test_another_versions_transaction_is_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / layout.TRANSACTIONS / ("1" * 16)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"version": 2, "steps": []}')
    with pytest.raises(DatasetError, match="left by another version of lerecord"):
        finish_pending(tmp_path)


def test_lines_behind_one_that_does_not_end_stay_apart_whenever_it_is_killed(
    tmp_path: Path,
) -> None:
    def append(root: Path, probe: Callable[[str], None]) -> None:
        (root / "meta").mkdir(parents=True)
        (root / LINES).write_bytes(b"0")
        with Transaction(root, probe) as transaction:
            transaction.append(LINES, b"1\n")
            transaction.append("meta/other.jsonl", b"2\n")
            transaction.commit()

    probe = StopAt()
    append(tmp_path / "all", probe)
    assert (tmp_path / "all" / LINES).read_bytes() == b"0\n1\n"
    for number in range(probe.steps.index("mark") + 1, probe.steps.index("unmark")):
        root = tmp_path / str(number)
        with pytest.raises(Killed):
            append(root, StopAt(number))
        assert PendingView.of(root).read(LINES) == b"0\n1\n"
        finish_pending(root)
        assert (root / LINES).read_bytes() == b"0\n1\n"


def test_an_append_that_brings_its_own_newline_leaves_no_empty_line() -> None:
    """Earlier versions looked at the end of the file before, and wrote the newline down."""
    assert Append(LINES, 1, "\n1\n").behind(b"0") == b"\n1\n"
