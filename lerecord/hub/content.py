"""What is here and what is there, compared by hash: what has to be sent and what to be removed."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from lerecord.hub.frozen import CARD

FOLDERS = ("data", "videos", "capture", "meta")
"""What a push keeps equal on the Hub, beside the card; whatever else lies there is let be."""

BATCH_FILES = 100
BATCH_BYTES = 1 << 30
_BLOCK = 1 << 20
_LONGEST_NAME_BYTES = 255


@dataclass(frozen=True, eq=False)
class LocalFile:
    """A file that is to be on the Hub. Hashes are computed once, when they are asked for.

    Attributes:
        path: in the repository.
        source: on the disk; it does not change.
    """

    path: str
    source: Path

    @cached_property
    def size_bytes(self) -> int:
        """Its size."""
        return self.source.stat().st_size

    @cached_property
    def sha256(self) -> str:
        """The name that LFS and Xet give its content."""
        return self._digest(hashlib.sha256())

    @cached_property
    def git_oid(self) -> str:
        """The name that git gives its content."""
        return self._digest(hashlib.sha1(b"blob %d\0" % self.size_bytes, usedforsecurity=False))

    def _digest(self, digest: "hashlib._Hash") -> str:
        with self.source.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the Hub.

    Attributes:
        size_bytes: of the content.
        oid: sha256 of the content when it is in LFS or Xet, else git's.
        large: it is in LFS or Xet.
    """

    size_bytes: int
    oid: str
    large: bool

    def equals(self, local: LocalFile) -> bool:
        """True when both have the same content."""
        if self.size_bytes != local.size_bytes:
            return False
        return self.oid == (local.sha256 if self.large else local.git_oid)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit changes."""

    send: tuple[LocalFile, ...] = ()
    remove: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Of what is sent."""
        return sum(file.size_bytes for file in self.send)


def files_of(folder: Path) -> list[LocalFile]:
    """The files of a frozen dataset: episodes first, what refers to them behind, the card last."""
    return [
        LocalFile(path.relative_to(folder).as_posix(), path)
        for top in (*FOLDERS, CARD)
        for path in (sorted((folder / top).rglob("*")) if top != CARD else [folder / top])
        if path.is_file()
    ]


def compared(local: Sequence[LocalFile], remote: Mapping[str, RemoteFile]) -> Batch:
    """What makes the remote files equal to the local ones."""
    here = {file.path for file in local}
    return Batch(
        send=tuple(
            file for file in local if file.path not in remote or not remote[file.path].equals(file)
        ),
        remove=tuple(path for path in sorted(remote) if path not in here and _is_ours(path)),
    )


def _is_ours(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return len(parts) > 1 and parts[0] in FOLDERS


def strange_name(paths: Collection[str]) -> str | None:
    """A path that cannot be a file's below a folder, as a server may give it; None for none."""
    files = set(paths)
    for path in files:
        parts = path.split("/")
        if not all(map(_is_plain, parts)):
            return path
        if any("/".join(parts[:end]) in files for end in range(1, len(parts))):
            return path  # below what is a file
    return None


def _is_plain(part: str) -> bool:
    return (
        part not in ("", ".", "..")
        and part.isprintable()
        and not set(part) & set("\\:")
        and len(part.encode()) <= _LONGEST_NAME_BYTES
    )


def batches(whole: Batch) -> Iterator[Batch]:
    """Parts of it that are small enough for a commit each, in order; removals come last."""
    part: list[LocalFile] = []
    size_bytes = 0
    for file in whole.send:
        if part and (len(part) == BATCH_FILES or size_bytes + file.size_bytes > BATCH_BYTES):
            yield Batch(tuple(part))
            part, size_bytes = [], 0
        part.append(file)
        size_bytes += file.size_bytes
    # The last files sent are the metadata: what it no longer names goes with it, not before.
    first = max(0, BATCH_FILES - len(part))
    if part or whole.remove:
        yield Batch(tuple(part), whole.remove[:first])
    for start in range(first, len(whole.remove), BATCH_FILES):
        yield Batch(remove=whole.remove[start : start + BATCH_FILES])
