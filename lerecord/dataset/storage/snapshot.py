"""A dataset as its readers see it: the last committed state, without the lock and unchanged.

A change that a killed process left marked is looked through: readers show the dataset as it is once
the change is finished, and write nothing. The next command that changes the dataset finishes it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lerecord.dataset.format import (
    CODEBASE_VERSION,
    DatasetSpec,
    EpisodeRecord,
    Info,
    Stats,
    layout,
    metadata,
    spec_of,
)
from lerecord.dataset.storage.episode_files import EpisodeFiles
from lerecord.dataset.storage.pending_view import PendingView
from lerecord.dataset.storage.state import holds_dataset
from lerecord.errors import DatasetError

_ATTEMPTS = 20  # a recorder that commits meanwhile does so every few seconds


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The metadata of one moment, as bytes where it may be wrong, and where the files are.

    Attributes:
        view: finds the files.
        info: meta/info.json.
        meta: the other files below meta/ and those of annotations, by path; None when missing.
        versions: what tells this moment from every other.
    """

    view: PendingView
    info: Info
    meta: dict[str, bytes | None]
    versions: list[tuple[int, ...] | None]

    @classmethod
    def of(cls, root: Path) -> Self:
        """Look at a dataset.

        Raises:
            DatasetError: it is none, or its info.json is not of v2.1.
        """
        if not holds_dataset(root):
            raise DatasetError(
                f"{root} is not a dataset: {layout.INFO} is missing; check the path."
            )
        for _ in range(_ATTEMPTS):
            view = PendingView.of(root)
            before = _versions(view)
            info = view.read(layout.INFO)
            meta = {name: _read(view, name) for name in _meta_names()}
            if _versions(PendingView.of(root)) == before:
                return cls(view, Info.from_bytes(info, root), meta, before)
        raise restless(root)

    def is_current(self) -> bool:
        """False once the dataset has changed."""
        return _versions(PendingView.of(self.root)) == self.versions

    def require_unchanged(self) -> None:
        """Refuse what was changed while it was read: readers take no lock.

        Raises:
            DatasetError: it was; every change of a dataset changes some of its metadata.
        """
        now = Snapshot.of(self.root)
        if (now.info, now.meta) != (self.info, self.meta):
            raise changed_meanwhile(self.root)

    @property
    def version(self) -> str:
        """Of the format."""
        return CODEBASE_VERSION

    @property
    def moment(self) -> str:
        """Another word once the dataset has changed, and the same in every process until then."""
        return moment_of(self.versions)

    @property
    def root(self) -> Path:
        """The dataset's folder."""
        return self.view.root

    @property
    def files(self) -> EpisodeFiles:
        """Where the files of its episodes are."""
        return EpisodeFiles(self.view)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What it holds and readers are not given: nothing."""
        return ()

    def required(self, name: str) -> bytes:
        """One of the files in `meta`.

        Raises:
            DatasetError: it is missing.
        """
        data = self.meta[name]
        if data is None:
            raise DatasetError(f"{name} is missing.")
        return data

    def tasks(self) -> dict[int, str]:
        """By task_index, which may leave numbers out; raises DatasetError.

        LeRobot reads every line, whatever total_tasks says.
        """
        return metadata.parse_tasks(self.required(layout.TASKS))

    def episodes(self) -> list[EpisodeRecord]:
        """By episode_index; raises DatasetError.

        An episode that names no task has those of its frames.
        """
        records = metadata.parse_episodes(self.required(layout.EPISODES), self.info.episodes)
        if all(record.tasks for record in records):
            return records
        from lerecord.dataset.storage.episode_tasks import (
            named_by_frames,  # most never need pyarrow
        )

        return named_by_frames(self.view, self.tasks(), records)

    def stats(self) -> Sequence[Stats]:
        """Of each episode; raises DatasetError.

        Not of meta/stats.json: a dataset that LeRobot appended to has an old one.
        """
        data = self.required(layout.EPISODES_STATS)
        return metadata.parse_episodes_stats(data, self.info.episodes)

    def spec(self) -> DatasetSpec:
        """The rig that it came from; raises DatasetError."""
        return spec_of(self.info, self.required(layout.HARDWARE))


def moment_of(versions: object) -> str:
    """A word for what tells one moment of a dataset from every other."""
    return hashlib.sha256(repr(versions).encode()).hexdigest()[:16]


def changed_meanwhile(root: Path) -> DatasetError:
    """The refusal of what was read while it changed."""
    return DatasetError(
        f"{root} was changed while it was read; try again when nothing records into it."
    )


def restless(root: Path) -> DatasetError:
    """The refusal to judge a dataset that never keeps still."""
    return DatasetError(f"{root} keeps changing; stop what records into it.")


def _meta_names() -> tuple[str, ...]:
    once = (layout.TASKS, layout.EPISODES, layout.EPISODES_STATS, layout.STATS, layout.HARDWARE)
    return (*once, *layout.ANNOTATIONS.values())


def _versions(view: PendingView) -> list[tuple[int, ...] | None]:
    """What changes with each file of lines and of info: a new file, or a longer one.

    A staged file is the same one once it is moved into place.
    """
    found: list[tuple[int, ...] | None] = []
    for name in (layout.INFO, *_meta_names()):
        try:
            status = view.path(name).stat()
        except (FileNotFoundError, NotADirectoryError):
            found.append(None)
        else:
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return found


def _read(view: PendingView, name: str) -> bytes | None:
    try:
        return view.read(name)
    except (FileNotFoundError, NotADirectoryError):
        return None
