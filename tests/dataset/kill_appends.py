"""Commits the staged take of copies of a dataset, each copy killed one step later than the last.

`python kill_appends.py TEMPLATE FOLDER`: one process a copy, forked before anything was used, ends
by SIGKILL before its n-th effect on the disk. Prints each step; the last copy is not killed.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from lerecord.dataset.verify import dataset  # noqa: F401 - imported before the fork, for speed
from lerecord.dataset.write import DatasetWriter


def append_killed_at(root: Path, number: int) -> None:
    """Commit the left take, and be killed before step `number`."""
    count = 0

    def probe(step: str) -> None:
        nonlocal count
        if count == number:
            print(step, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    with DatasetWriter.open(root, probe=probe) as writer:
        (take,) = writer.left_takes
        writer.commit(writer.left_take(take))


def main() -> None:
    """Go on until a copy was not killed."""
    template, folder = (Path(each) for each in sys.argv[1:])
    for number in range(1000):
        root = folder / str(number)
        shutil.copytree(template, root)
        child = os.fork()
        if child == 0:
            append_killed_at(root, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))


if __name__ == "__main__":
    main()
