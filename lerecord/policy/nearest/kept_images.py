"""Small images that were taken out of a dataset, kept in the user's cache for the next start.

Finding them means decoding videos, some 10 s for 50 episodes, each time that a policy is served. A
file that is lost, damaged or of another content is made anew, and never an error.
"""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.read import Dataset
from lerecord.user_folders import cache_folder

_FORM = 1
"""Another number when `images.chroma` or the choice of frames gives something else."""
_DIGEST = "digest"
_DAMAGED = (
    *(OSError, ValueError, KeyError, EOFError, RuntimeError, TypeError),
    *(zlib.error, zipfile.BadZipFile),
)

SmallImages = Mapping[str, NDArray[np.uint8]]
"""Feature of a camera to (PHASES, E, 48, 64, 2)."""


def kept_folder(environ: Mapping[str, str]) -> Path | None:
    """Where they are kept; None where the user has no home."""
    cache = cache_folder(environ)
    return None if cache is None else cache / "nearest"


@dataclass(frozen=True, slots=True)
class KeptImages:
    """The file with the images of some episodes.

    Attributes:
        path: of the file, which is that of the dataset's folder and the task.
        digest: of what the images are made of.
    """

    path: Path
    digest: str

    @classmethod
    def of(cls, folder: Path, dataset: Dataset, frames: Mapping[int, NDArray[np.int64]]) -> Self:
        """Of a dataset.

        Args:
            folder: the cache.
            dataset: whose videos tell by size and time whether they have changed.
            frames: the place of each episode in the dataset to the numbers of its frames.
        """
        first, *_ = frames
        task = int(dataset.rows.columns["task_index"][dataset.episode_data_index["from"][first]])
        videos = [
            [
                str(video.path.resolve()),
                video.stamp.size_bytes,
                video.stamp.changed_ns,
                video.from_s,
            ]
            for place in frames
            for video in (dataset.video(place, key) for key in dataset.camera_keys)
        ]
        content = [_FORM, dataset.fps, videos, [each.tolist() for each in frames.values()]]
        name = _digest([str(dataset.root.resolve()), task])[:32]
        return cls(folder / f"{name}.npz", _digest(content))

    def load(self, keys: Sequence[str]) -> dict[str, NDArray[np.uint8]] | None:
        """The images of these cameras; None when they are not there, or not of this content."""
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                if str(stored[_DIGEST]) != self.digest:
                    return None
                found = {key: stored[key] for key in keys}
        except _DAMAGED:
            return None
        return found if all(each.dtype == np.uint8 for each in found.values()) else None

    def store(self, images: SmallImages) -> None:
        """Put them there for the next start, as a whole; nothing where the disk refuses."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(dir=self.path.parent, suffix=".draft")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    given: dict[str, Any] = {**images, _DIGEST: np.array(self.digest)}
                    np.savez_compressed(file, **given)
                Path(draft).replace(self.path)
            finally:
                Path(draft).unlink(missing_ok=True)


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
