"""A disk that refuses: nothing committed is hurt, and what is said tells what to do."""

import errno
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.storage import link_or_copy, megabytes, refused
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import DatasetError
from tests.dataset.lists import CAMERAS, A, B, D, Scripted, small_lab, stage, tree

CALLS = (
    "write",
    "fsync",
    "fdatasync",
    "open",
    "link",
    "mkdir",
    "rename",
    "replace",
    "ftruncate",
    "pwrite",
)
STRIDE = 1 if os.environ.get("LERECORD_CRASH_DEPTH") == "2" else 7
"""Of the calls that are made to fail; LERECORD_CRASH_DEPTH=2 takes every one (minutes)."""
TAKE = Scripted("b", 5, 9)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("refusals") / "set"
    lab = small_lab(root, CAMERAS[:1])
    with lab.open() as writer:
        for take in (A, B, D):
            writer.commit(stage(lab, writer, take))
    return root


def taken(root: Path) -> None:
    """A take from its beginning to its commit."""
    lab = small_lab(root, CAMERAS[:1])
    with lab.open() as writer:
        writer.commit(stage(lab, writer, TAKE))


def redone(root: Path) -> None:
    lab = small_lab(root, CAMERAS[:1])
    with lab.open() as writer:
        writer.replace(0, stage(lab, writer, TAKE))


CHANGES: dict[str, Callable[[Path], object]] = {
    "take": taken,
    "rerecord": redone,
    "delete": lambda root: operations.delete(root, [0]),
    "trim": lambda root: operations.trim(root, 0, 0.04, 0.15),
    "relabel": lambda root: operations.relabel(root, [0], "new"),
    "undo": lambda root: (operations.delete(root, [0]), operations.undo(root)),
}


class Refusing:
    """Lets the n-th call that could write fail, and with `lasting` every later one too."""

    def __init__(self, number: int, code: int, lasting: bool) -> None:
        self.number = number
        self.code = code
        self.lasting = lasting
        self.calls = 0

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, self._of(name, getattr(os, name)))
            yield

    def _of(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            late = self.calls > self.number if self.lasting else self.calls == self.number + 1
            if late:
                raise OSError(self.code, os.strerror(self.code))
            return call(*arguments, **named)

        return wrapped


def refusal_of(change: Callable[[Path], object], root: Path) -> str:
    """What is said; empty when it is done."""
    try:
        change(root)
    except DatasetError as error:
        return str(error)
    return ""


def allowed_states(recorded: Path, made: Path, change: str) -> list[dict[str, str]]:
    states = [tree(recorded), tree(made)]
    if change == "undo":
        operations.redo(made)
        states.append(tree(made))
    return states


def sound_after(root: Path, allowed: list[dict[str, str]]) -> None:
    """Whatever has happened: opened again each change is there wholly or not at all."""
    with DatasetWriter.open(root) as writer:
        left = writer.left_takes
        for take in left:
            writer.discard(writer.left_take(take))
    assert tree(root) in allowed
    assert check(root, quick=True).findings == []
    assert not list((root / layout.TRANSACTIONS).glob("*"))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("code", "lasting"), [(errno.ENOSPC, True), (errno.EIO, False)], ids=["full", "broken"]
)
def test_a_disk_that_refuses_any_write_hurts_nothing(
    recorded: Path, tmp_path: Path, change: str, code: int, lasting: bool
) -> None:
    counted = shutil.copytree(recorded, tmp_path / "made")
    with (counting := Refusing(10**9, code, lasting)).everywhere():
        CHANGES[change](counted)
    states = allowed_states(recorded, counted, change)
    assert counting.calls > 30
    refusals = set()
    for number in range(len(change) % STRIDE, counting.calls, STRIDE):
        root = shutil.copytree(recorded, tmp_path / str(number))
        with Refusing(number, code, lasting).everywhere():
            said = refusal_of(CHANGES[change], root)
        # One failure may be of what is only tried, such as writing the number into the lock.
        assert os.strerror(code) in said or not (said or lasting)
        refusals.add(said)
        sound_after(root, states)
        shutil.rmtree(root)
    unchanged = [each for each in refusals if "nothing was changed" in each]
    assert unchanged
    assert any("the change is made and the next command finishes it" in each for each in refusals)
    if code == errno.ENOSPC:
        assert all("MB are needed and" in each for each in unchanged)
        assert all("Make room and try again" in each for each in unchanged)


@contextmanager
def files_no_larger_than(limit_bytes: int) -> Iterator[None]:
    """As a full disk, for every library: Python ignores the signal, and the write fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("change", CHANGES)
def test_files_that_cannot_grow_are_never_committed_short(
    recorded: Path, tmp_path: Path, change: str
) -> None:
    counted = shutil.copytree(recorded, tmp_path / "made")
    CHANGES[change](counted)
    states = allowed_states(recorded, counted, change)
    largest = max(path.stat().st_size for path in counted.rglob("*") if path.is_file())
    refusals = 0
    limit = 8
    while limit < 2 * largest:
        root = shutil.copytree(recorded, tmp_path / str(limit))
        with files_no_larger_than(limit):
            said = refusal_of(CHANGES[change], root)
        refusals += said != ""
        assert os.strerror(errno.EFBIG) in said or not said
        sound_after(root, states)
        limit = int(limit * 1.4)
    assert refusals > 5


def test_a_take_whose_disk_fills_up_is_salvaged_as_far_as_it_is_complete(tmp_path: Path) -> None:
    lab = small_lab(tmp_path / "set")
    with lab.open() as writer:
        with (
            pytest.raises(DatasetError) as said,
            files_no_larger_than(20_000),
        ):
            stage(lab, writer, Scripted("long", 400, 1))
        assert "MB are needed and" in str(said.value)
        assert f"the take ends, and `lerecord recover {lab.root}` makes an episode" in str(
            said.value
        ).replace("what is complete", "it")
        (take,) = writer.left_takes
    with lab.open() as writer:
        summary = writer.salvage(take)
    assert summary is not None
    assert summary.length > 20
    assert check(lab.root).findings == []


def test_what_is_said_names_the_room_and_the_remedy(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    text = str(refused(tmp_path / "not there", full, "nothing was changed", 1_234_567))
    assert "is full (No space left on device; 1.3 MB are needed and " in text
    assert text.endswith("MB are free); nothing was changed. Make room and try again.")
    broken = str(refused(tmp_path, OSError(errno.EIO, "Input/output error"), "it stays"))
    assert broken == (
        f"The disk of {tmp_path} refused (Input/output error); it stays. Mend it and try again."
    )


@pytest.mark.parametrize(
    ("size", "said"), [(0, "0.0 MB"), (1, "0.1 MB"), (100_000, "0.1 MB"), (100_001, "0.2 MB")]
)
def test_sizes_are_never_rounded_down(size: int, said: str) -> None:
    assert megabytes(size) == said


def test_where_a_disk_knows_no_second_names_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "a").write_bytes(b"x")
    assert link_or_copy(tmp_path / "a", tmp_path / "b") is False
    assert (tmp_path / "b").read_bytes() == b"x"
    lab = small_lab(tmp_path / "set")
    with lab.open() as writer:
        for take in (A, B, D):
            writer.commit(stage(lab, writer, take))
    before = tree(lab.root)
    operations.delete(lab.root, [0])
    assert check(lab.root).findings == []
    operations.undo(lab.root)
    assert tree(lab.root) == before
