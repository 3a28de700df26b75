"""The system calls of a process that changes files, recorded by strace, in order."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TRACED = (
    "open,openat,creat,close,dup,dup2,dup3,lseek,read,write,pwrite64,writev,pwritev,pwritev2,"
    "ftruncate,truncate,fallocate,sendfile,copy_file_range,splice,fsync,fdatasync,sync,syncfs,"
    "sync_file_range,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,"
    "symlink,symlinkat,fork,vfork"
)
_WHOLE = re.compile(r"(\d+) +(\w+)\((.*)\)\s+= (-?\d+)")
_BEGUN = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\)\s+= (-?\d+)")
_DESCRIPTOR = re.compile(r"(-?\d+|AT_FDCWD)<([^>]*)>")


class UnsupportedError(Exception):
    """A call changes files in a way that is not modelled."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that succeeded.

    Attributes:
        began: its line in the log; what other threads finished before it came before it.
        ended: the line in which it returned.
        name: of the call.
        arguments: as strace writes them, strings in hexadecimal.
        result: what it returned.
    """

    began: int
    ended: int
    name: str
    arguments: tuple[str, ...]
    result: int

    def text(self, place: int) -> str:
        """An argument that is a path."""
        return self.data(place).decode()

    def data(self, place: int) -> bytes:
        """An argument that is a string of bytes."""
        return _bytes(self.arguments[place].strip('"'))

    def file(self, place: int) -> tuple[int, str]:
        """A descriptor and the path that it was opened by."""
        found = _DESCRIPTOR.match(self.arguments[place])
        if found is None:
            return -1, ""
        number = -1 if found[1] == "AT_FDCWD" else int(found[1])
        return number, _bytes(found[2]).decode()

    def path(self, place: int, folder: int | None = None) -> Path:
        """A path; relative to the folder of a descriptor where the call has one."""
        given = Path(self.text(place))
        return given if folder is None else Path(self.file(folder)[1]) / given


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def missing() -> str | None:
    """Why calls cannot be recorded here; None when they can."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        return "needs strace"
    tried = subprocess.run(["strace", "-f", "true"], capture_output=True, check=False)
    return None if tried.returncode == 0 else "strace may not trace here"


def record(command: Sequence[str | Path], log: Path, folder: Path) -> None:
    """Run a command in a folder and record its calls."""
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "100000000"]
    ran = subprocess.run(
        [*strace, "-e", f"trace={TRACED}", "-e", "signal=none", "-o", log, *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert ran.returncode == 0, ran.stderr


def calls(log: Path) -> Iterator[Call]:
    """What was recorded, in the order in which the calls returned; failed ones are left out."""
    begun: dict[str, tuple[int, str]] = {}
    with log.open(encoding="ascii") as lines:
        for number, line in enumerate(lines):
            if found := _BEGUN.match(line):
                begun[found[1]] = number, found[3]
                continue
            if found := _RESUMED.match(line):
                began, arguments = begun.pop(found[1])
                arguments += found[3]
            elif found := _WHOLE.match(line):
                began, arguments = number, found[3]
            else:
                continue
            if int(found[4]) >= 0:
                split = tuple(each.strip() for each in arguments.split(", "))
                yield Call(began, number, found[2], split, int(found[4]))
