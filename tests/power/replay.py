"""From recorded calls to the disk after each of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.power.calls import Call, UnsupportedError, calls
from tests.power.disk import Disk, tree

_FOLDER_FIRST = {"renameat": (1, 3), "renameat2": (1, 3), "linkat": (1, 3)}
_UNSUPPORTED = {
    "writev", "pwritev", "pwritev2", "truncate", "fallocate", "sendfile", "copy_file_range",
    "splice", "sync", "syncfs", "symlink", "symlinkat", "fork", "vfork", "sync_file_range",
}  # fmt: skip
_CHANGING = {"fsync", "fdatasync", "ftruncate", "write", "pwrite64"}


@dataclass(slots=True)
class _Open:
    """A file that is open.

    Attributes:
        at: where its descriptor stands; -1 for always at the end.
        since: the line in which it was opened.
    """

    inode: int
    at: int
    since: int


class Replay:
    """Applies the calls of a process to a disk.

    Args:
        disk: as it was before the first call.
        marks: the file that the process writes to, line by line, of how far it has come.
    """

    def __init__(self, disk: Disk, marks: Path) -> None:
        self.disk = disk
        self.marked: list[str] = []
        self._marks = marks
        self._open: dict[int, _Open] = {}

    def run(self, log: Path) -> Iterator[str]:
        """Go on to the next call that has changed something; which."""
        for call in calls(log):
            if self._apply(call):
                yield f"{call.name} {', '.join(self._said(call))}"

    @staticmethod
    def _said(call: Call) -> Iterator[str]:
        for place, argument in enumerate(call.arguments[:4]):
            if "<" in argument:
                yield call.file(place)[1]
            elif argument.startswith('"') and len(argument) < 1000:
                yield repr(call.data(place))

    def _holds(self, path: Path) -> bool:
        return path.is_relative_to(self.disk.top)

    def _apply(self, call: Call) -> bool:
        match call.name:
            case "open" | "openat" | "creat":
                return self._opened(call)
            case "rename" | "renameat" | "renameat2" | "link" | "linkat":
                return self._renamed(call)
            case "mkdir" | "mkdirat" | "unlink" | "unlinkat" | "rmdir":
                return self._named(call)
            case _:
                return self._on_descriptor(call)

    def _opened(self, call: Call) -> bool:
        at = call.name == "openat"
        path = call.path(1, 0) if at else call.path(0)
        if not self._holds(path):
            return False
        flags = "O_CREAT|O_TRUNC" if call.name == "creat" else call.arguments[1 + at]
        inode, changed = self.disk.find(path), False
        if inode is None:
            assert "O_CREAT" in flags, path
            inode, changed = self.disk.make(path, call.ended, folder=False), True
        elif "O_TRUNC" in flags and self.disk.data[inode]:
            self.disk.write(inode, 0, None, call.ended)
            changed = True
        self._open[call.result] = _Open(inode, -1 if "O_APPEND" in flags else 0, call.ended)
        return changed

    def _renamed(self, call: Call) -> bool:
        if call.name in _FOLDER_FIRST:
            old, new = (call.path(place, place - 1) for place in (1, 3))
        else:
            old, new = call.path(0), call.path(1)
        if not self._holds(old) and not self._holds(new):
            return False
        (self.disk.link if call.name.startswith("link") else self.disk.move)(old, new, call.ended)
        return True

    def _named(self, call: Call) -> bool:
        path = call.path(1, 0) if call.name.endswith("at") else call.path(0)
        if not self._holds(path):
            return False
        if call.name.startswith("mkdir"):
            self.disk.make(path, call.ended, folder=True)
        else:
            self.disk.remove(path, call.ended)
        return True

    def _on_descriptor(self, call: Call) -> bool:
        number, path = call.file(0)
        if Path(path) == self._marks and call.name == "write":
            self.marked.append(call.text(1).strip())
            return True
        if not self._holds(Path(path)):
            return False
        if call.name in _UNSUPPORTED:
            raise UnsupportedError(f"{call.name} {path}")
        if number not in self._open:
            assert call.name not in _CHANGING, path
            return False
        match call.name:
            case "fsync" | "fdatasync":
                self.disk.sync(self._open[number].inode, call.began)
            case "ftruncate":
                self.disk.write(self._open[number].inode, int(call.arguments[1]), None, call.ended)
            case "write" | "pwrite64":
                self._written(call, number)
            case _:
                self._moved(call, number)
                return False
        return True

    def _moved(self, call: Call, number: int) -> None:
        """A descriptor stands somewhere else, or is another one, or none."""
        file = self._open[number]
        match call.name:
            case "close" if file.since < call.began:  # else it is another thread's already
                del self._open[number]
            case "dup" | "dup2" | "dup3":
                self._open[call.result] = file
            case "lseek" if file.at >= 0:
                file.at = call.result
            case "read" if file.at >= 0:
                file.at += call.result

    def _written(self, call: Call, number: int) -> None:
        file = self._open[number]
        data, at = call.data(1)[: call.result], file.at
        if call.name == "pwrite64":
            at = int(call.arguments[3])
        elif at < 0:
            at = len(self.disk.data[file.inode])
        else:
            file.at = at + len(data)
        self.disk.write(file.inode, at, data, call.ended)


def assert_is_real(disk: Disk) -> None:
    """The model has followed: what it shows is what the folder holds, byte for byte."""
    modelled = tree("now", disk, disk.names, lambda inode: disk.data[inode])
    real = {
        str(path.relative_to(disk.top)): path.read_bytes()
        for path in sorted(disk.top.rglob("*"))
        if path.is_file()
    }
    assert {path: data for path, (_, data) in modelled.files.items()} == real
