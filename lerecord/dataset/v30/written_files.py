"""Which files of an export are whole, so that the one after a kill goes on behind them."""

import json
from collections.abc import Mapping
from contextlib import suppress

from lerecord.dataset.storage import NewFolder, fingerprint_of, inside, sync_file

_NAME = ".exported"
_LIMIT_BYTES = 1 << 27


class WrittenFiles:
    """A list in the new folder, for as long as that has its hidden name.

    Args:
        folder: whatever else is in it is removed.
        identity: of all that its files depend on; what was written for another does not count.

    Raises:
        OSError: the disk refuses.
    """

    def __init__(self, folder: NewFolder, identity: str) -> None:
        self._root = folder.draft
        self._identity = identity
        inside.remove_strange(self._root)
        self._prints = {name: each for name, each in self._listed().items() if self._is(name, each)}
        folder.keep_only([_NAME, *self._prints])

    def __contains__(self, name: str) -> bool:
        return name in self._prints

    def add(self, name: str) -> None:
        """A file is whole; it is on the disk then."""
        sync_file(self._root / name)
        self._prints[name] = fingerprint_of(self._root / name)
        told = {"identity": self._identity, "files": self._prints}
        inside.write(self._root, _NAME, json.dumps(told).encode())

    def end(self) -> None:
        """All are; the list is no part of the new dataset."""
        inside.remove(self._root, _NAME)

    def _listed(self) -> Mapping[str, str]:
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            told = json.loads(inside.read(self._root, _NAME, _LIMIT_BYTES))
            if told["identity"] == self._identity:
                return dict(told["files"])
        return {}

    def _is(self, name: str, fingerprint: str) -> bool:
        with suppress(OSError):
            return fingerprint_of(self._root / name) == fingerprint
        return False
