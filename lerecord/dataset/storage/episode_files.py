"""Where the frames, images and sidecar of an episode of v2.1 are: a file of its own each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lerecord.dataset.format import layout
from lerecord.dataset.storage.pending_view import PendingView

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a video that shows an episode.

    Attributes:
        path: of the mp4.
        from_s: when its first image is shown, in seconds.
        to_s: when the first image behind it would be; None when the video is all the episode's.
    """

    path: Path
    from_s: float = 0.0
    to_s: float | None = None


@dataclass(frozen=True, slots=True)
class EpisodeFiles:
    """The files of the episodes of v2.1."""

    view: PendingView

    def data(self, episode: int) -> Path:
        """The parquet file with its frames."""
        return self.view.path(layout.data_file(episode))

    def frames(
        self, episode: int, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> "pa.Table":
        """Its frames; `columns` and `rows` as of `format.read_parquet`, which raises, too."""
        from lerecord.dataset.format import read_parquet  # most never need pyarrow

        return read_parquet(self.data(episode), columns, rows)

    def video(self, episode: int, key: str) -> Segment:
        """Its images of a camera, by the camera's feature."""
        return Segment(self.view.path(layout.video_file(episode, key)))

    def sidecar(self, episode: int) -> Path:
        """What lerecord keeps of its capture; there is none of another recorder's."""
        return self.view.path(layout.capture_file(episode))

    def is_removed(self, name: str) -> bool:
        """True when a change that is not finished takes this file away."""
        return self.view.removed(name)

    def names(self, episode: int, keys: Sequence[str]) -> list[str]:
        """The paths of its files below the dataset's folder; `keys` are the cameras' features."""
        videos = [layout.video_file(episode, key) for key in keys]
        return [layout.data_file(episode), layout.capture_file(episode), *videos]
