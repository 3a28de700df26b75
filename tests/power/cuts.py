"""The trees in which a power cut at one moment may leave the files."""

import random
from collections.abc import Callable, Iterator
from functools import partial

from tests.power.disk import DataChange, Disk, Names, Tree, renamed, tree

_BLOCK = 512
Content = Callable[[int], bytes]
HALVES = "halves of renames"


class _Contents:
    """What the files may hold."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._waiting: dict[int, list[DataChange]] = {}
        for change in disk.waiting_data:
            self._waiting.setdefault(change.file, []).append(change)

    def lost(self, file: int) -> bytes:
        """Only what was synced."""
        return self._disk.sure_data[file]

    def kept(self, file: int) -> bytes:
        """Everything."""
        return self._disk.data[file]

    def zeros(self, file: int) -> bytes:
        """The file has its length, but zeros for what was not synced."""
        data = self.lost(file)
        for change in self._waiting.get(file, ()):
            data = _zeroed(change).applied(data)
        return data

    def torn(self, rng: random.Random) -> Content:
        """Of each file the first writes, the last of them in part."""

        def content(file: int) -> bytes:
            waiting = self._waiting.get(file, [])
            data, whole = self.lost(file), rng.randint(0, len(waiting))
            for change in waiting[:whole]:
                data = change.applied(data)
            if whole < len(waiting) and (last := waiting[whole]).data:
                part = last.data[: rng.randrange(len(last.data))]
                data = DataChange(0, file, last.offset, part).applied(data)
            return data

        return self._once(content)

    def some(self, rng: random.Random) -> Content:
        """Of each file any of the writes, and of those only some blocks."""

        def content(file: int) -> bytes:
            data = self.lost(file)
            for change in self._waiting.get(file, ()):
                if rng.random() < 0.5:
                    data = _in_blocks(change, rng).applied(data)
            return data

        return self._once(content)

    @staticmethod
    def _once(content: Content) -> Content:
        """A file has two names at times, but one content."""
        known: dict[int, bytes] = {}

        def remembered(file: int) -> bytes:
            if file not in known:
                known[file] = content(file)
            return known[file]

        return remembered


def _zeroed(change: DataChange) -> DataChange:
    data = None if change.data is None else bytes(len(change.data))
    return DataChange(change.call, change.file, change.offset, data)


def _in_blocks(change: DataChange, rng: random.Random) -> DataChange:
    if change.data is None or rng.random() < 0.7:
        return change
    mixed = bytearray(change.data)
    for at in range(-(change.offset % _BLOCK), len(mixed), _BLOCK):
        if rng.random() < 0.3:
            first, end = max(0, at), min(len(mixed), at + _BLOCK)
            mixed[first:end] = bytes(end - first)
    return DataChange(change.call, change.file, change.offset, bytes(mixed))


def cuts(disk: Disk, rng: random.Random, randoms: int) -> Iterator[Tree]:
    """What may be left now: the extremes, and so many more of each of the other kinds."""
    contents = _Contents(disk)
    every, none = renamed(disk, disk.waiting_names), renamed(disk, ())
    of = partial(tree, disk=disk)
    yield of("only what was synced", names=none, content=contents.lost)
    yield of("everything", names=every, content=contents.kept)
    yield of("names, data lost", names=every, content=contents.lost)
    yield of("names, data zeros", names=every, content=contents.zeros)
    yield of("data, names lost", names=none, content=contents.kept)
    for _ in range(randoms):
        for kind, names in _some_names(disk, rng):
            yield of(f"{kind}, data kept", names=names, content=contents.kept)
            yield of(f"{kind}, data lost", names=names, content=contents.lost)
            yield of(f"{kind}, data zeros", names=names, content=contents.zeros)
            yield of(f"{kind}, data torn", names=names, content=contents.torn(rng))
            yield of(f"{kind}, data in part", names=names, content=contents.some(rng))


def _some_names(disk: Disk, rng: random.Random) -> Iterator[tuple[str, Names]]:
    waiting = disk.waiting_names
    yield "first names", renamed(disk, waiting[: rng.randint(0, len(waiting))])
    if disk.journal:
        return
    share = rng.random()
    yield "any names", renamed(disk, [each for each in waiting if rng.random() < share])
    folders = sorted({folder for each in waiting for folder, _, _ in each.entries})
    if folders:
        chosen = rng.choice(folders)
        mine = [each for each in waiting if chosen in {folder for folder, _, _ in each.entries}]
        yield "one folder's names", renamed(disk, mine)
        yield "all but one's names", renamed(disk, [each for each in waiting if each not in mine])


def halves(disk: Disk, rng: random.Random, randoms: int) -> Iterator[Tree]:
    """What a file system without a journal may leave of renames; counted, not required."""
    if any(len(each.entries) > 1 for each in disk.waiting_names):
        for _ in range(randoms):
            parts = [half for each in disk.waiting_names for half in each.halves()]
            names = renamed(disk, [half for half in parts if rng.random() < 0.5])
            yield tree(HALVES, disk, names, _Contents(disk).kept)
