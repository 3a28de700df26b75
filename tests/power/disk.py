"""A model of a file system: what is on the disk for sure, and what may or may not be.

Data of a file is sure once the file was synced. Of names there are two models. POSIX: a name is
sure once its folder was synced, and every name that is not sure may be there or not, whatever the
others are. Journal (ext4, XFS): names are kept in order, so a power cut keeps some first ones, and
any sync makes all earlier names sure. A rename happens wholly or not at all in both.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

ROOT = 0
Names = dict[int, dict[str, int]]


@dataclass(frozen=True, slots=True)
class DataChange:
    """Bytes written to a file, or its end put at `offset` where data is None."""

    call: int
    file: int
    offset: int
    data: bytes | None

    def applied(self, content: bytes) -> bytes:
        """The content of the file behind it."""
        before = content[: self.offset].ljust(self.offset, b"\0")
        if self.data is None:
            return before
        return before + self.data + content[self.offset + len(self.data) :]


@dataclass(frozen=True, slots=True)
class NameChange:
    """Names that change together: folder, name, and what it stands for; None when it is gone."""

    call: int
    entries: tuple[tuple[int, str, int | None], ...]

    def apply(self, names: Names) -> None:
        """Change names."""
        for folder, name, inode in self.entries:
            if inode is None:
                names.setdefault(folder, {}).pop(name, None)
            else:
                names.setdefault(folder, {})[name] = inode

    def halves(self) -> Iterator["NameChange"]:
        """As file systems without a journal make it: name by name."""
        for entry in self.entries:
            yield NameChange(self.call, (entry,))


@dataclass(slots=True, eq=False)
class Disk:
    """The files below a folder: as they are seen now, as they are on the disk, and what is between.

    Attributes:
        top: the folder; nothing outside it is modelled.
        journal: how names are kept.
    """

    top: Path
    journal: bool
    names: Names = field(default_factory=lambda: {ROOT: {}})
    data: dict[int, bytes] = field(default_factory=dict)
    folders: set[int] = field(default_factory=lambda: {ROOT})
    sure_names: Names = field(default_factory=dict)
    sure_data: dict[int, bytes] = field(default_factory=dict)
    waiting_data: list[DataChange] = field(default_factory=list)
    waiting_names: list[NameChange] = field(default_factory=list)
    _inodes: Iterator[int] = field(default_factory=lambda: count(1))

    @classmethod
    def of(cls, top: Path, journal: bool) -> "Disk":
        """What is in a folder now, all of it sure."""
        disk, seen = cls(top, journal), dict[int, int]()
        for path in sorted(top.rglob("*")):
            inode = seen.setdefault(path.lstat().st_ino, len(seen) + 1)
            folder, name = disk._place(path)
            disk.names[folder][name] = inode
            if path.is_dir():
                disk.folders.add(inode)
                disk.names[inode] = {}
            else:
                disk.data[inode] = path.read_bytes()
        disk.sure_names = copied(disk.names)
        disk.sure_data = dict(disk.data)
        disk._inodes = count(len(seen) + 1)
        return disk

    def find(self, path: Path) -> int | None:
        """What a path stands for now."""
        inode: int | None = ROOT
        for part in path.relative_to(self.top).parts:
            inode = None if inode is None else self.names.get(inode, {}).get(part)
        return inode

    def _place(self, path: Path) -> tuple[int, str]:
        folder = self.find(path.parent)
        assert folder is not None, path
        return folder, path.name

    def make(self, path: Path, call: int, folder: bool) -> int:
        """A new file or folder; its inode."""
        inode = next(self._inodes)
        if folder:
            self.folders.add(inode)
            self.names[inode], self.sure_names[inode] = {}, {}
        else:
            self.data[inode] = self.sure_data[inode] = b""
        self._rename(call, (*self._place(path), inode))
        return inode

    def write(self, file: int, offset: int, data: bytes | None, call: int) -> None:
        """Write to a file, or cut it where data is None."""
        change = DataChange(call, file, offset, data)
        self.data[file] = change.applied(self.data[file])
        self.waiting_data.append(change)

    def move(self, old: Path, new: Path, call: int) -> None:
        """Rename."""
        self._rename(call, (*self._place(old), None), (*self._place(new), self.find(old)))

    def link(self, old: Path, new: Path, call: int) -> None:
        """A second name."""
        self._rename(call, (*self._place(new), self.find(old)))

    def remove(self, path: Path, call: int) -> None:
        """A name less."""
        self._rename(call, (*self._place(path), None))

    def _rename(self, call: int, *entries: tuple[int, str, int | None]) -> None:
        change = NameChange(call, entries)
        change.apply(self.names)
        self.waiting_names.append(change)

    def sync(self, inode: int, before: int) -> None:
        """Make sure what was done to a file or folder by calls that had ended before a line."""
        for each in self.waiting_data:
            if each.file == inode and each.call < before:
                self.sure_data[inode] = each.applied(self.sure_data[inode])
        self.waiting_data = [
            each for each in self.waiting_data if each.file != inode or each.call >= before
        ]
        settled = self._settled(inode, before)
        for change in self.waiting_names[:]:
            if change in settled:
                change.apply(self.sure_names)
                self.waiting_names.remove(change)

    def _settled(self, inode: int, before: int) -> list[NameChange]:
        earlier = [each for each in self.waiting_names if each.call < before]
        if self.journal:
            return earlier
        settled: list[NameChange] = []
        names: set[tuple[int, str]] = set()
        for change in reversed(earlier):  # what came before to the same names is past, too
            mine = {entry[:2] for entry in change.entries}
            if names & mine or inode in {folder for folder, _ in mine}:
                settled.append(change)
                names |= mine
        return settled


@dataclass(frozen=True, slots=True)
class Tree:
    """Files and folders as a power cut leaves them.

    Attributes:
        kind: how it came to be.
        files: path to inode and content.
        folders: paths, each behind the one that it is in.
    """

    kind: str
    files: dict[str, tuple[int, bytes]]
    folders: tuple[str, ...]

    @property
    def key(self) -> int:
        """Equal for equal trees."""
        contents = frozenset((path, data) for path, (_, data) in self.files.items())
        return hash((contents, frozenset(self.folders)))

    def put(self, top: Path) -> None:
        """Write it to a new folder; its files are old, for nobody goes on writing to them."""
        top.mkdir(parents=True)
        for folder in self.folders:
            (top / folder).mkdir()
        first: dict[int, Path] = {}
        for name, (inode, data) in self.files.items():
            if inode in first:
                (top / name).hardlink_to(first[inode])
            else:
                (top / name).write_bytes(data)
                os.utime(top / name, (1, 1))
                first[inode] = top / name


def tree(kind: str, disk: Disk, names: Names, content: Callable[[int], bytes]) -> Tree:
    """What is seen by these names, with this content."""
    files: dict[str, tuple[int, bytes]] = {}
    folders: list[str] = []

    def walk(folder: int, path: str) -> None:
        for name, inode in names.get(folder, {}).items():
            if inode in disk.folders:
                folders.append(f"{path}{name}")
                walk(inode, f"{path}{name}/")
            else:
                files[f"{path}{name}"] = inode, content(inode)

    walk(ROOT, "")
    return Tree(kind, files, tuple(folders))


def renamed(disk: Disk, changes: Iterable[NameChange]) -> Names:
    """The names that are sure, with some that are not."""
    names = copied(disk.sure_names)
    for change in changes:
        change.apply(names)
    return names


def copied(names: Names) -> Names:
    """A copy that may be changed."""
    return {folder: dict(entries) for folder, entries in names.items()}
