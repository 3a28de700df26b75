"""What a power cut may come into: each operation, and what must be there after the cut.

`python -m tests.power.operations NAME FOLDER MARKS` does one, and writes to the file MARKS how far
it has come.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import pyarrow.parquet as pq

from lerecord.dataset.edit import Watch, operations
from lerecord.dataset.format import layout
from lerecord.dataset.join import merge
from lerecord.dataset.staging import Take, TrackWriter, left_takes
from lerecord.dataset.storage import DatasetLock, finish_pending, has_pending, holds_dataset
from lerecord.dataset.v30 import export_v30, import_v30
from lerecord.dataset.verify import check
from lerecord.dataset.video import opened_video
from lerecord.dataset.write import DatasetWriter
from tests.dataset import kill_changes
from tests.dataset.conftest import InProcess, Lab, Scene
from tests.dataset.lists import BEGUN, CAMERAS, A, B, C, D, record, small_lab, stage, tree
from tests.dataset.recovering import recover
from tests.dataset.test_crash import kept, prepared, reopened

Mark = Callable[[str], None]
DONE = "done"
ROWS, SECOND = 150, 70
"""Of the running take; 70 frames a second are those of an encoder that catches up."""


@dataclass(frozen=True)
class Known:
    """What is known of an operation: the folder before it and behind it."""

    before: Path
    made: Path

    @cached_property
    def states(self) -> tuple[object, object]:
        """The dataset before and behind."""
        return _state(self.before / "set"), _state(self.made / "set")

    @cached_property
    def left(self) -> list[str]:
        """Takes that were staged before."""
        return left_takes(self.before / "set")


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        prepare: makes what is in the folder before.
        change: does it.
        judge: raises when what a cut has left in a folder is not right; told the marks before it.
    """

    prepare: Callable[[Path], object]
    change: Callable[[Path, Mark], object]
    judge: Callable[[Path, Known, list[str]], None]


def _state(root: Path) -> tuple[dict[str, str], dict[str, bytes]]:
    return tree(root), kept(root)


def judge_reading(top: Path) -> None:
    """Whoever only reads sees nothing wrong, also in the middle of a change."""
    if holds_dataset(top / "set"):
        assert check(top / "set", quick=True).findings == [], "seen by a reader"


def judge_change(top: Path, known: Known, marks: list[str]) -> None:
    """Wholly made or not at all, to the byte; and made, when that was said."""
    root = top / "set"
    left = reopened(root)
    found, (before, made) = _state(root), known.states
    is_made = found == made and (before != made or not left)
    assert is_made or found == before, "neither the state before nor that behind"
    assert is_made or DONE not in marks, "not made, though it was said to be"
    assert left == ([] if is_made else known.left), "takes"
    assert not has_pending(root)


def judge_finishing(top: Path, known: Known, marks: list[str]) -> None:
    """What was marked is made."""
    reopened(top / "set")
    assert _state(top / "set") == known.states[1]


def judge_new_folder(top: Path, known: Known, marks: list[str]) -> None:
    """The new folder is there as a whole or not at all, and what it is made of is untouched."""
    out = top / "new/out"
    assert out.exists() or DONE not in marks, "gone, though it was said to be made"
    if out.exists():
        assert tree(out) == tree(known.made / "new/out")
    for name in ("set", "other"):
        if (known.before / name).exists():
            assert tree(top / name) == tree(known.before / name)


def judge_first_takes(top: Path, known: Known, marks: list[str]) -> None:
    """Every take that was closed is an episode or can be made one, as it is."""
    root, closed = top / "set", sum(each.startswith("closed") for each in marks)
    committed = sum(each.startswith("committed") for each in marks)
    if closed or holds_dataset(root) or left_takes(root):
        assert recover(root) in (0, 2)
    found, whole = tree(root), tree(known.made / "set")
    episodes = {path for path in whole if any(f"_{each:06d}" in path for each in range(closed))}
    assert closed == 0 or episodes
    for path in episodes:
        assert found.get(path) == whole[path], path
    if holds_dataset(root):
        assert check(root, quick=True).findings == []
    assert committed <= closed


def judge_take(top: Path, known: Known, marks: list[str]) -> None:
    """No more than the last second is lost, and what is kept is what was recorded."""
    root = top / "set"
    synced = max((int(each.split()[1]) for each in marks), default=0)
    status = recover(root)
    with DatasetWriter.open(root) as writer:
        episodes = writer.episodes
        assert status == (2 if writer.left_takes else 0)
    assert check(root, quick=True).findings == []  # its packets are those of the uncut take
    found, before = tree(root), known.states[0][0]  # type: ignore[index]
    assert all(found[path] == before[path] for path in before if "_000000." in path)
    length = _rows(root).shape[0] if episodes == 2 else 0
    assert length >= (synced if synced == ROWS else synced - 4), f"{length} of {synced} synced"
    if length:
        uncut = known.made / "set"
        assert np.array_equal(_rows(root), _rows(uncut)[:length])
        for camera in CAMERAS:
            due, got = (_packets(each, camera.key) for each in (uncut, root))
            assert got == due[:length], camera.name


def _rows(root: Path) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    table = pq.read_table(root / layout.data_file(1), partitioning=None)
    columns = [table[name].to_pylist() for name in ("observation.state", "action")]
    return np.hstack([np.array(each, np.float32) for each in columns])


def _packets(root: Path, key: str) -> list[bytes]:
    with opened_video(root / layout.video_file(1, key)) as (container, stream):
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def take(root: Path, mark: Mark, rows: int) -> DatasetWriter:
    """Record a take whose cameras and journal share a clock; it stays staged."""
    lab, now = small_lab(root), [0.0]
    writer = lab.open().__enter__()
    with mock.patch("lerecord.dataset.write.writer.now_utc", return_value=BEGUN):
        staged = writer.begin_take("cut", now=lambda: now[0])
    scene, times = Scene(rows=rows), dict[float, int]()
    tracks = {
        each.name: InProcess(
            TrackWriter(staged.folder, each, 30, writer.spec.video, now=lambda: now[0]),
            lab._chooser(each, scene, times, []),
        )
        for each in CAMERAS
    }
    running, rng = Take(staged, tracks, 30), np.random.default_rng(3)
    for row in range(rows):
        now[0] = row // SECOND
        frame = lab._frame(row, scene, rng, measured=True)
        times[frame.started] = row
        running.add(frame)
        if row and row % SECOND == 0:
            mark(f"synced {row + 1}")
    for each in tracks.values():
        each.track.finish()
    staged.close()
    mark(f"synced {rows}")
    return writer


def _whole_take(top: Path, mark: Mark) -> None:
    """As a session: the take, and its commit."""
    writer = take(top / "set", mark, ROWS)
    writer.commit(writer.left_take(writer.left_takes[0]))


def _first_takes(top: Path, mark: Mark) -> None:
    lab = small_lab(top / "set")
    with lab.open() as writer:
        for number, each in enumerate((A, B)):
            closed = stage(lab, writer, each).close()
            mark(f"closed {number}")
            writer.commit(closed)
            mark(f"committed {number}")


def _killed_take(top: Path) -> None:
    """An episode, and a take that was killed in its second second."""
    record(top / "set", [A])
    child = os.fork()
    if child == 0:
        seen: list[str] = []
        dies = mock.Mock(side_effect=lambda: os.kill(os.getpid(), signal.SIGKILL))
        with mock.patch.object(TrackWriter, "finish", dies):
            take(top / "set", seen.append, 100)
    os.waitpid(child, 0)


class _KilledError(Exception):
    pass


def _killed_change(top: Path) -> None:
    """A deletion that was killed between two of its steps."""

    def probe(step: str) -> None:
        if step.startswith("step 9"):
            raise _KilledError

    record(top / "set", [A, B, C, D])
    try:
        operations.delete(top / "set", [1], Watch(probe=probe))
    except _KilledError:
        return
    raise AssertionError


def _finish(top: Path, mark: Mark) -> None:
    with DatasetLock(top / "set"):
        assert finish_pending(top / "set")
    mark(DONE)


def _recover(top: Path, mark: Mark) -> None:
    assert recover(top / "set") == 0
    mark(DONE)


def _discard(top: Path, mark: Mark) -> None:
    with DatasetWriter.open(top / "set") as writer:
        writer.discard(writer.left_take(writer.left_takes[0]))
    mark(DONE)


def _edit(name: str, change: str | None = None) -> Operation:
    """One that has a killed counterpart."""
    change = change or name

    def prepare(top: Path) -> None:
        with TemporaryDirectory() as folder:
            lab = small_lab(Path(folder) / "set", CAMERAS[:1])
            _record(lab)
            prepared(lab.root, top / "set", change)

    def made(top: Path, mark: Mark) -> None:
        kill_changes.CHANGES[change](top / "set", lambda step: None)
        mark(DONE)

    return Operation(prepare, made, judge_change)


def _record(lab: Lab) -> None:
    with lab.open() as writer:
        for each in (A, B, D):
            writer.commit(stage(lab, writer, each))


def _new(change: Callable[[Path, Path], object], *names: str) -> Operation:
    """One that makes a new folder of datasets."""

    def prepare(top: Path) -> None:
        for name, takes in zip(names, ([A, B], [C]), strict=False):
            record(top / name, takes)
        if change is _import:
            export_v30(record(top / "v21", [A, B]), top / "v30")

    def made(top: Path, mark: Mark) -> None:
        change(top, top / "new/out")
        mark(DONE)

    return Operation(prepare, made, judge_new_folder)


def _import(top: Path, out: Path) -> None:
    import_v30(top / "v30", out)


OPERATIONS: dict[str, Operation] = {
    "first takes": Operation(lambda top: top.mkdir(), _first_takes, judge_first_takes),
    "take": Operation(lambda top: record(top / "set", [A]), _whole_take, judge_take),
    "recover": Operation(_killed_take, _recover, judge_change),
    "finish": Operation(_killed_change, _finish, judge_finishing),
    "discard": Operation(_killed_take, _discard, judge_change),
    **{name: _edit(name) for name in kill_changes.CHANGES if name != "finish"},
    "merge": _new(lambda top, out: merge(out, [top / "set", top / "other"]), "set", "other"),
    "export": _new(lambda top, out: export_v30(top / "set", out), "set"),
    "import": _new(_import),
}


def main() -> None:
    """Do one."""
    name, top, marks = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with marks.open("wb", buffering=0) as file:

        def mark(text: str) -> None:
            file.write(f"{text}\n".encode())

        OPERATIONS[name].change(top, mark)


if __name__ == "__main__":
    main()
