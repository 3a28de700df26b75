"""A dataset of v3.0, the layout of LeRobot 0.4 and later, as every reader sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from lerecord.dataset.format import (
    DatasetSpec,
    EpisodeRecord,
    Info,
    Stats,
    layout,
    layout_v30,
    read_meta_file,
    spec_of,
)
from lerecord.dataset.read.files_v30 import FilesV30
from lerecord.dataset.read.meta_v30 import EpisodeTables, read_episodes, read_info, read_tasks
from lerecord.dataset.read.rows import column_of
from lerecord.dataset.read.stats_v30 import read_stats
from lerecord.dataset.storage import changed_meanwhile, moment_of, restless
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

_ATTEMPTS = 3  # LeRobot, which may be recording into it, keeps no moment for readers
_META = (layout.STATS, layout.HARDWARE, *layout.ANNOTATIONS.values())
_FOLDERS = ("meta", "data", layout.VIDEOS, layout.CAPTURE)

_Seen = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class StoredV30:
    """A dataset of v3.0: `Stored`.

    Attributes:
        root: its folder.
        info: as v2.1 says it; `found` has what both versions count.
        meta: the files that v2.1 has, too, by path; None when missing.
        tables: meta/episodes.
        sentences: the tasks by task_index.
        seen: every file, its size and when it was changed.
    """

    root: Path
    info: Info
    meta: Mapping[str, bytes | None]
    tables: EpisodeTables
    sentences: Sequence[str]
    seen: _Seen

    @classmethod
    def of(cls, root: Path) -> Self:
        """Read the metadata.

        Raises:
            DatasetError: it is none of v3.0, or a file below meta/ cannot be read.
        """
        for _ in range(_ATTEMPTS):
            before = _files_seen(root)
            info, places = read_info(root)
            stored = cls(
                root=root,
                info=info,
                meta={name: _read(root, name) for name in _META},
                tables=read_episodes(root, info, places),
                sentences=read_tasks(root),
                seen=before,
            )
            if stored.is_current():
                return stored
        raise restless(root)

    @property
    def version(self) -> str:
        """Of the format."""
        return layout_v30.CODEBASE_VERSION

    @property
    def moment(self) -> str:
        """As of `Stored`."""
        return moment_of(sorted(self.seen.items()))

    @property
    def files(self) -> FilesV30:
        """Where the files of its episodes are; each keeps a table of its own."""
        return FilesV30(self.root, self.info, self.tables.episodes)

    @property
    def left_out(self) -> Sequence[str]:
        """Columns of meta/episodes that are not LeRobot's."""
        return [f"{each} in {layout_v30.EPISODES}" for each in self.tables.further]

    def required(self, name: str) -> bytes:
        """As of `Stored`."""
        data = self.meta[name]
        if data is None:
            raise DatasetError(f"{name} is missing.")
        return data

    def tasks(self) -> dict[int, str]:
        """As of `Stored`."""
        return dict(enumerate(self.sentences))

    def episodes(self) -> list[EpisodeRecord]:
        """As of `Stored`; an episode that names no task has those of its frames."""
        files = self.files
        return [
            each.record if each.record.tasks else self._named(each.record, files)
            for each in self.tables.episodes
        ]

    def _named(self, record: EpisodeRecord, files: FilesV30) -> EpisodeRecord:
        try:
            table = files.frames(record.index, ["task_index"], record.length)
            numbers = column_of(table, self.info.features["task_index"]).tolist()
        except (DatasetError, ValueError):
            return record
        known = range(len(self.sentences))
        found = dict.fromkeys(self.sentences[each] for each in numbers if each in known)
        return replace(record, tasks=tuple(found))

    def stats(self) -> Sequence[Stats]:
        """As of `Stored`."""
        return read_stats(self.info, self.tables.rows)

    def spec(self) -> DatasetSpec:
        """As of `Stored`."""
        return spec_of(self.info, self.required(layout.HARDWARE))

    def is_current(self) -> bool:
        """As of `Stored`."""
        return _files_seen(self.root) == self.seen

    def require_unchanged(self) -> None:
        """As of `Stored`."""
        if not self.is_current():
            raise changed_meanwhile(self.root)


def _read(root: Path, name: str) -> bytes | None:
    try:
        return read_meta_file(root / name, name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DatasetError(
            f"{root / name} cannot be read ({error.strerror}); {to_read(error)}."
        ) from error


def _files_seen(root: Path) -> dict[str, tuple[int, int]]:
    """Every file below meta/, data/, videos/ and capture/: its size and when it was changed."""
    try:
        return {
            str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns)
            for folder in _FOLDERS
            for path in (root / folder).rglob("*")
            if path.is_file()
        }
    except OSError as error:
        place = error.filename or root
        raise DatasetError(
            f"{place} cannot be read ({error.strerror}); {to_read(error)}."
        ) from error
