"""Changes copies of a dataset, each copy killed one step later than the last.

`python -m tests.dataset.kill_changes TEMPLATE FOLDER CHANGE [ONLY]`: one process a copy, forked
before anything was used, ends by SIGKILL before its n-th effect on the disk. Prints each step; the
last copy is not killed. With ONLY, a number, just the copy of that step is made.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from lerecord.dataset.edit import Watch, operations
from lerecord.dataset.storage import Probe, finish_pending
from lerecord.dataset.verify import dataset  # noqa: F401 - imported before the fork, for speed
from lerecord.dataset.write import DatasetWriter


def append(root: Path, probe: Probe) -> None:
    with DatasetWriter.open(root, probe=probe) as writer:
        (take,) = writer.left_takes
        writer.commit(writer.left_take(take))


def rerecord(root: Path, probe: Probe) -> None:
    with DatasetWriter.open(root, probe=probe) as writer:
        (take,) = writer.left_takes
        writer.replace(1, writer.left_take(take))


def salvage(root: Path, probe: Probe) -> None:
    with DatasetWriter.open(root, probe=probe) as writer:
        (take,) = writer.left_takes
        assert writer.salvage(take) is not None


def finish(root: Path, probe: Probe) -> None:
    finish_pending(root, probe)


CHANGES: dict[str, Callable[[Path, Probe], object]] = {
    "append": append,
    "rerecord": rerecord,
    "salvage": salvage,
    "delete": lambda root, probe: operations.delete(root, [0, 2], Watch(probe=probe)),
    "delete of another recorder's": lambda root, probe: operations.delete(
        root, [0], Watch(probe=probe)
    ),
    "trim": lambda root, probe: operations.trim(root, 0, 0.04, 0.15, Watch(probe=probe)),
    "relabel": lambda root, probe: operations.relabel(root, [0, 1], "new", Watch(probe=probe)),
    "rename": lambda root, probe: operations.rename_task(root, "a", "b", Watch(probe=probe)),
    "transcode": lambda root, probe: operations.transcode(root, "fast", Watch(probe=probe)),
    "undo": lambda root, probe: operations.undo(root, Watch(probe=probe)),
    "redo": lambda root, probe: operations.redo(root, Watch(probe=probe)),
    "empty-trash": lambda root, probe: operations.empty_trash(root, Watch(probe=probe)),
    "finish": finish,
}


def changed_until(root: Path, change: str, number: int) -> None:
    """Make a change, and be killed before step `number`."""
    count = 0

    def probe(step: str) -> None:
        nonlocal count
        if count == number:
            print(step, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    CHANGES[change](root, probe)


def main() -> None:
    """Go on until a copy was not killed."""
    template, folder, change = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    numbers = [int(sys.argv[4])] if len(sys.argv) > 4 else range(10**6)
    for number in numbers:
        root = folder / str(number)
        shutil.copytree(template, root)
        child = os.fork()
        if child == 0:
            changed_until(root, change, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main()
