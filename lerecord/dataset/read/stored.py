"""A dataset on disk as every reader sees it, whichever of LeRobot's versions it is of.

v2.1 has files of its own for each episode, v3.0 has episodes share files; what both say is the
same, and is given here in the same types. `Snapshot` is a `Stored` of v2.1, `StoredV30` of v3.0.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lerecord.dataset.format import (
    DatasetSpec,
    DatasetVersionError,
    EpisodeRecord,
    Info,
    Stats,
    layout_v30,
)
from lerecord.dataset.storage import Segment, Snapshot

if TYPE_CHECKING:
    import pyarrow as pa


class Files(Protocol):
    """Where the frames, images and sidecars of the episodes are.

    It may be pickled, and keeps at most one table of frames in memory.
    """

    def data(self, episode: int) -> Path:
        """The parquet file with an episode's frames, of v3.0 with those of others."""

    def frames(
        self, episode: int, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> "pa.Table":
        """The frames of an episode.

        Args:
            episode: its number.
            columns: their names in the order in which they are wanted; None means all.
            rows: how many there have to be; None means any number.

        Raises:
            DatasetError: the file is missing, cannot be read, lacks a column or has another number
                of frames.
        """

    def video(self, episode: int, key: str) -> Segment:
        """The images of an episode and a camera, by the camera's feature."""

    def sidecar(self, episode: int) -> Path:
        """What lerecord keeps of an episode's capture; nothing is there of another recorder's."""

    def names(self, episode: int, keys: Sequence[str]) -> list[str]:
        """The paths of these below the dataset's folder, the data file first.

        Args:
            episode: its number.
            keys: the features of the cameras.
        """

    def is_removed(self, name: str) -> bool:
        """True when a change that is not finished takes this file away."""


class Stored(Protocol):
    """The metadata of one moment, and where the files are; the dataset is never changed by it."""

    @property
    def root(self) -> Path:
        """The dataset's folder."""

    @property
    def version(self) -> str:
        """Of the format: `v2.1` or `v3.0`."""

    @property
    def moment(self) -> str:
        """Another word once the dataset has changed, and the same in every process until then."""

    @property
    def info(self) -> Info:
        """meta/info.json; of v3.0 as v2.1 says it, but for `found`."""

    @property
    def meta(self) -> Mapping[str, bytes | None]:
        """Further files by path, such as meta/hardware.json; None when missing."""

    @property
    def files(self) -> Files:
        """Where the files of its episodes are."""

    @property
    def left_out(self) -> Sequence[str]:
        """The names of what it holds and readers are not given."""

    def required(self, name: str) -> bytes:
        """One of the files in `meta`; raises DatasetError when it is missing."""

    def tasks(self) -> dict[int, str]:
        """By task_index, which may leave numbers out; raises DatasetError."""

    def episodes(self) -> list[EpisodeRecord]:
        """By episode_index, from 0; raises DatasetError."""

    def stats(self) -> Sequence[Stats]:
        """Of each episode; raises DatasetError."""

    def spec(self) -> DatasetSpec:
        """The rig that it came from; raises DatasetError, also where no rig is kept."""

    def is_current(self) -> bool:
        """False once the dataset has changed."""

    def require_unchanged(self) -> None:
        """Raises DatasetError once the dataset has changed."""


def stored_at(root: Path) -> Stored:
    """Look at a dataset of v2.1 or v3.0.

    Raises:
        DatasetError: there is none, or it is of another version or cannot be read.
    """
    try:
        return Snapshot.of(root)
    except DatasetVersionError as error:
        if error.version != layout_v30.CODEBASE_VERSION:
            raise
    from lerecord.dataset.read.stored_v30 import StoredV30  # with pyarrow, which v2.1 rarely needs

    return StoredV30.of(root)
