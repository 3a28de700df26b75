"""A finished dataset as a copy elsewhere: file by file, info.json last, each compared with its own.

A store knows no rename, so a dataset is there once its info.json is. A copy that was broken off is
gone on with by sending again: what is there already is not sent.
"""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lerecord.dataset.format import layout
from lerecord.errors import DatasetError
from lerecord.fleet.state import State
from lerecord.fleet.store import AT_ONCE, Object, attempted, listed, opened, plain, version_of
from lerecord.secrets import without_secrets

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sent:
    """What was done for a copy.

    Attributes:
        address: where it is.
        files: that were sent; the others were there.
        size_bytes: of these.
    """

    address: str
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the dataset: its name in it, where it is, its size and the MD5 of its content."""

    here: str
    path: Path
    size: int
    digest: str


def send(root: Path, url: str, state: State) -> Sent:
    """Make the copy at an address equal to a dataset that nobody changes.

    Args:
        root: the dataset's folder.
        url: whatever fsspec opens, such as `s3://bucket/tonight`; nothing is there yet, or a copy
            of this dataset that was broken off.
        state: remembers what was sent, for stores that do not tell the MD5 of a file.

    Raises:
        ConfigError: the address cannot be opened.
        DatasetError: something else is there, or a file could not be sent; the copy has no
            info.json then.
    """
    store, path = opened(url)
    copy = _Copy(store, path.rstrip("/"), without_secrets(url))
    there = {each.here: each for each in listed(store, path, url)}
    name = f"sent/{hashlib.sha256(url.encode()).hexdigest()[:24]}.json"
    known = dict(state.read(name))
    files = sorted(_files(root), key=lambda each: each.here == layout.INFO)
    copy.require_ours(files, there)
    missing = [each for each in files if not _is_there(each, there, known)]
    try:
        for part in (
            [each for each in missing if each.here != layout.INFO],
            [each for each in missing if each.here == layout.INFO],
        ):
            copy.put(part, known)
    finally:
        state.write(name, known)
    return Sent(copy.address, len(missing), sum(each.size for each in missing))


def outbox(url: str, state: State) -> Path:
    """Where a dataset is made that is sent to an address."""
    return state.folder / "outbox" / plain(url)


def _files(root: Path) -> Iterator[_File]:
    for path in sorted(root.rglob("*")):
        here = path.relative_to(root).as_posix()
        if path.is_file() and not any(each.startswith(".") for each in here.split("/")):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "md5").hexdigest()
            yield _File(here, path, path.stat().st_size, digest)


def _is_there(file: _File, there: Mapping[str, Object], known: Mapping[str, Any]) -> bool:
    found = there.get(file.here)
    if found is None or found.size != file.size:
        return False
    return _says_md5(found.version, file) or known.get(file.here) == [file.digest, found.version]


def _says_md5(version: str, file: _File) -> bool:
    return version.strip('"') == file.digest


class _Copy:
    """The copy elsewhere."""

    def __init__(self, store: Any, path: str, address: str) -> None:
        self._store = store
        self._path = path
        self.address = address

    def require_ours(self, files: list[_File], there: Mapping[str, Object]) -> None:
        """Refuse to write where something else is."""
        names = {each.here for each in files}
        if strange := sorted(there.keys() - names):
            raise DatasetError(
                f"{self.address} has {strange[0]}, which is none of this dataset's; name an "
                f"address where nothing is."
            )
        if layout.INFO not in there:
            return
        for file in files:
            if file.here in (layout.INFO, layout.STATS) and file.here in there:
                self._require_same(file, there[file.here].name)

    def _require_same(self, file: _File, name: str) -> None:
        found: list[str] = []
        if reason := attempted(lambda: found.append(self._digest(name))):
            raise DatasetError(f"{self.address} cannot be read: {file.here} ({reason}).")
        if found[-1] != file.digest:
            raise DatasetError(
                f"{self.address} has another dataset; name an address where nothing is."
            )

    def put(self, files: list[_File], known: dict[str, Any]) -> None:
        """Send some files, several at a time; what the store says of each is noted."""
        if not files:
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            reasons = list(pool.map(lambda file: attempted(lambda: self._put(file)), files))
        there = {each.here: each.version for each in listed(self._store, self._path, self.address)}
        failed: list[str] = []
        for file, reason in zip(files, reasons, strict=True):
            if reason:
                failed.append(f"{file.here} ({reason})")
            else:
                known[file.here] = [file.digest, there.get(file.here)]
        if failed:
            more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
            raise DatasetError(
                f"{self.address} is not whole: {failed[0]} could not be sent{more}; run the same "
                f"command again, which goes on from there."
            )

    def _put(self, file: _File) -> None:
        name = f"{self._path}/{file.here}"
        self._store.put_file(str(file.path), name)
        facts = self._store.info(name)
        if facts["size"] != file.size:
            raise OSError(f"{facts['size']} of {file.size} bytes arrived")
        # What was encrypted, or came in several parts, has another ETag.
        if not _says_md5(version_of(facts), file) and self._digest(name) != file.digest:
            raise OSError("other bytes arrived")

    def _digest(self, name: str) -> str:
        """The MD5 of a file, by reading it."""
        digest = hashlib.md5(usedforsecurity=False)
        with self._store.open(name, "rb") as file:
            while data := file.read(_CHUNK):
                digest.update(data)
        return digest.hexdigest()
