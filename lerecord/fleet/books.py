"""What workers write down about their work, for the next worker and for whoever waits for them."""

import contextlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_DRIVER = "LERECORD_FLEET_DRIVER"
_TRIES = 2


class Books:
    """The books of some work, in its folder.

    Batches are numbered from 0; each is done once, by whoever comes first. A worker says what it is
    at, so that a thing that kills its worker is given up the second time.

    Args:
        folder: of the work.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("done", "at", "lost", "troubles"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def is_done(self, batch: int) -> bool:
        """Whether a batch is done."""
        return (self._folder / "done" / f"{batch:07d}").exists()

    def mark_done(self, batch: int) -> None:
        """A batch is done; everything that it was to write is written."""
        (self._folder / "done" / f"{batch:07d}").touch()

    def batches_done(self) -> int:
        """How many are done."""
        return sum(1 for _ in os.scandir(self._folder / "done"))

    def at(self, rank: int, thing: str) -> None:
        """This process, which does the share of a rank, begins with a thing."""
        self._path(rank).write_text(f"{os.getpid()}\n{thing}", encoding="utf-8")

    def ended(self, rank: int) -> None:
        """The share of a rank is done."""
        self._path(rank).unlink(missing_ok=True)

    def take_lost(self) -> int:
        """Note what processes were at that have died, on this machine; how many they are."""
        return self._take(lambda pid: not _lives(pid))

    def take_all_lost(self) -> int:
        """Note what processes were at, for when all of them have ended; how many they are."""
        return self._take(lambda _: True)

    def _take(self, has_died: Callable[[int], bool]) -> int:
        count = 0
        for path in (self._folder / "at").iterdir():
            with contextlib.suppress(FileNotFoundError, ValueError):
                pid, _, thing = path.read_text(encoding="utf-8").partition("\n")
                if pid and has_died(int(pid)):
                    self._append_lost(f"{json.dumps(thing)}\n")
                    path.unlink(missing_ok=True)
                    count += 1
        return count

    def know_lost(self, earlier: "Books") -> None:
        """Know also what has ended its process in earlier work."""
        with contextlib.suppress(FileNotFoundError):
            self._append_lost(earlier._lost().read_text(encoding="utf-8"))

    def _append_lost(self, lines: str) -> None:
        with self._lost().open("a", encoding="utf-8") as file:
            file.write(lines)

    def given_up(self) -> frozenset[str]:
        """The things that killed their workers too often."""
        try:
            lines = self._lost().read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return frozenset()
        counts = Counter(map(json.loads, lines))
        return frozenset(thing for thing, times in counts.items() if times >= _TRIES)

    def trouble(self, rank: int, **content: Any) -> None:
        """Write down what could not be done."""
        with (self._folder / "troubles" / f"{rank}").open("ab") as file:
            file.write(json.dumps(content, ensure_ascii=False).encode() + b"\n")

    def troubles(self) -> Iterator[Mapping[str, Any]]:
        """All of it, by rank."""
        for path in sorted((self._folder / "troubles").iterdir()):
            for line in path.read_bytes().splitlines():
                with contextlib.suppress(ValueError):
                    yield json.loads(line)

    def clear(self) -> None:
        """Begin anew; what killed its worker is remembered."""
        for name in ("done", "at", "troubles"):
            for path in (self._folder / name).iterdir():
                path.unlink(missing_ok=True)

    def _lost(self) -> Path:
        return self._folder / "lost" / "things"

    def _path(self, rank: int) -> Path:
        return self._folder / "at" / f"{rank}"


def write_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write a file of JSON lines, which is there as a whole or not at all."""
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(b"".join(json.dumps(each).encode() + b"\n" for each in lines))
    draft.replace(path)


def know_driver() -> None:
    """Processes that are started from now on end their work when this process is gone."""
    os.environ[_DRIVER] = str(os.getpid())


def is_orphan() -> bool:
    """True when the process that asked for the work is gone."""
    driver = os.environ.get(_DRIVER, "")
    return driver.isdigit() and not _lives(int(driver))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
