"""Which datasets lie below some folders, and what stands in the way of looking at one."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from lerecord.dataset.format import layout
from lerecord.dataset.read import Stored, StoredV30
from lerecord.errors import DatasetError, LerecordError
from lerecord.fleet.mirror import mirrored
from lerecord.fleet.state import State
from lerecord.fleet.store import is_remote
from lerecord.refusals import said
from lerecord.secrets import without_secrets

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset that was found.

    Attributes:
        root: its folder, absolute.
    """

    root: Path

    @property
    def station(self) -> str:
        """The name of the folder that it lies in: each station records into one of its own."""
        return self.root.parent.name


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something could not be looked at.

    Attributes:
        place: the folder.
        reason: a sentence.
    """

    place: Path
    reason: str

    def __str__(self) -> str:
        return self.reason if str(self.place) in self.reason else f"{self.place}: {self.reason}"


Root = str | Path
"""A folder, or an address that is mirrored."""


def find(roots: Sequence[Root], state: State) -> tuple[list[Source], list[Trouble]]:
    """The datasets in some folders and below, each once, in the order of their paths.

    Hidden folders and what lies in a dataset are not looked into, links are not followed.

    Args:
        roots: the folders, or addresses such as `s3://bucket/lab`; each may be a dataset itself.
        state: copies of what lies elsewhere are in its folder.
    """
    found: dict[Path, Source] = {}
    troubles: list[Trouble] = []
    failed: dict[Path, str] = {}
    for place in _here(roots, state, troubles, failed):
        if not place.is_dir():
            fact = "is no folder" if place.exists() else "is not there"
            troubles.append(Trouble(place, f"{place} {fact}; check the path."))
            continue
        before = len(troubles)
        sources = {each.resolve(): Source(each) for each in _below(place, troubles)}
        if not sources and len(troubles) == before:
            troubles.append(Trouble(place, f"There is no dataset in {place}; check the path."))
        found = {**sources, **found}
    troubles += [Trouble(place, reason) for place, reason in failed.items()]
    whole = [each for each in found.values() if each.root not in failed]
    return sorted(whole, key=lambda each: each.root), troubles


def _here(
    roots: Sequence[Root], state: State, troubles: list[Trouble], failed: dict[Path, str]
) -> Iterator[Path]:
    """Each root as a folder of this machine."""
    for root in roots:
        if not is_remote(str(root)):
            yield Path(root).absolute()
            continue
        try:
            mirror = mirrored(str(root), state)
        except DatasetError as error:
            troubles.append(Trouble(Path(without_secrets(str(root))), str(error)))
        else:
            failed.update(mirror.failures)
            yield mirror.folder


def _below(place: Path, troubles: list[Trouble]) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        path = Path(error.filename or place)
        troubles.append(Trouble(path, said(error, str(path)) or f"{error.strerror}."))

    for folder, names, _ in os.walk(place, onerror=refused):
        if is_dataset(Path(folder)):
            yield Path(folder)
            names.clear()
        names[:] = sorted(name for name in names if not name.startswith("."))


def is_dataset(folder: Path) -> bool:
    """True also of one that is only begun, or whose info.json is lost."""
    return (folder / layout.PRIVATE).is_dir() or (folder / layout.INFO).exists()


def tried(source: Source, look: Callable[[], _T]) -> _T | Trouble:
    """What a look at a dataset gives; why it gives nothing where it fails."""
    try:
        return look()
    except LerecordError as error:
        return Trouble(source.root, str(error))
    except OSError as error:
        place = str(source.root)
        return Trouble(source.root, said(error, place) or f"{place}: {error.strerror or error}.")


def tried_all(
    sources: Iterable[Source], look: Callable[[Source], _T]
) -> tuple[list[_T], list[Trouble]]:
    """What a look at each dataset gives, and why others give nothing; both in their order."""
    found: list[_T] = []
    troubles: list[Trouble] = []
    for source in sources:
        each = tried(source, partial(look, source))
        if isinstance(each, Trouble):
            troubles.append(each)
        else:
            found.append(each)
    return found, troubles


def digest_of(stored: Stored) -> str:
    """What tells a dataset at one moment from any other: a digest of its metadata."""
    digest = hashlib.sha256(stored.info.to_bytes())
    if isinstance(stored, StoredV30):
        digest.update(json.dumps(sorted(stored.seen.items())).encode())
    for name, data in stored.meta.items():
        digest.update(f"{name} {-1 if data is None else len(data)}\n".encode())
        digest.update(data or b"")
    return digest.hexdigest()


def is_being_changed(root: Path) -> bool:
    """True while a process of this machine holds the dataset's lock; where the system tells.

    The lock is not tried for it: a recorder that starts just then would find it taken.
    """
    try:
        status = (root / layout.LOCK).stat()
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    major, minor = os.major(status.st_dev), os.minor(status.st_dev)
    name = f"{major:02x}:{minor:02x}:{status.st_ino}"
    return any(" FLOCK " in line and name in line.split() for line in lines)
