"""A dataset as a trainer reads it: frames, windows of time and decoded images, as NumPy."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import (
    EpisodeRecord,
    Info,
    LabelChoice,
    Stats,
    StoredStats,
    has_rollouts,
    stats,
)
from lerecord.dataset.read.chosen import WHO_ACTS, ChosenFrames, FrameChoice
from lerecord.dataset.read.episode_choice import chosen_episodes
from lerecord.dataset.read.placed_images import PlacedImages
from lerecord.dataset.read.rows import Rows, load_rows, require_known_tasks
from lerecord.dataset.read.samples import Batch, ImageForm, Samples
from lerecord.dataset.read.stored import Stored, stored_at
from lerecord.dataset.read.windows import DeltaTimestamps, Windows, expanded
from lerecord.dataset.video import Clock, PictureSource, Stamp, Video, is_depth
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

TOLERANCE_S = 1e-4
"""LeRobot's."""


class Dataset(Samples):
    """The episodes of a LeRobot dataset of v2.1 or v3.0; lerecord's own or LeRobot's.

    `dataset[i]` is a dict: every feature of frame i, the images decoded, and `task`, the sentence.
    A feature in `delta_timestamps` is a window instead, (T, ...), with `<feature>_is_pad`, (T,)
    bool. As in LeRobot 0.3.3, places outside the episode repeat its first or last frame and are
    flagged, and a window of one image has no time axis.

    It may be pickled, forked and used by many processes; each opens its own decoders.

    Args:
        root: the dataset's folder.
        episodes: which, in this order; None means all. Frames are numbered anew from 0.
        delta_timestamps: feature to offsets in seconds; `observation.*` means all that begin so.
        tolerance_s: of offsets from multiples of 1 / fps, and of images from their times.
        images: `uint8`: (H, W, 3) RGB, a quarter of the memory, for training loops that scale on
            the GPU. `float32`: (3, H, W) RGB in [0, 1], as LeRobot's policies take it. Depth is
            read with `uint8` only, as (H, W, 1) uint16, the values as they are stored.
        where: of these only the episodes whose label says `success` or `failure`, or that are
            `unlabelled`.

    Raises:
        DatasetError: there is no dataset, it disagrees with itself, or it has not what is asked
            for.
    """

    def __init__(
        self,
        root: str | PathLike[str],
        episodes: Sequence[int] | None = None,
        delta_timestamps: DeltaTimestamps | None = None,
        tolerance_s: float = TOLERANCE_S,
        images: ImageForm = "uint8",
        where: LabelChoice | None = None,
    ) -> None:
        stored = stored_at(Path(root))
        self._root = stored.root
        self._files = stored.files
        self._info = stored.info
        self._images = _known_form(images)
        if images == "float32":
            _require_colour(self._info)
        self._tasks = stored.tasks()
        self._windows = Windows.of(
            expanded(delta_timestamps or {}, self._info.features), self.fps, tolerance_s
        )
        records = chosen_episodes(stored, episodes, where)
        self._rows = load_rows(stored.files, self._info, records, tolerance_s)
        require_known_tasks(self._rows, self._tasks)
        self._episode_stats = _stats_of(stored, records)
        self._stamps = self._stamped(records)
        self._pictures = PictureSource(Clock(self.fps, tolerance_s))

    @property
    def root(self) -> Path:
        """The dataset's folder."""
        return self._root

    @property
    def fps(self) -> int:
        """Frames a second."""
        return self._info.fps

    @property
    def robot_type(self) -> str | None:
        """Of the rig; None when nobody said it."""
        return self._info.robot_type

    @property
    def features(self) -> Mapping[str, Any]:
        """As in meta/info.json: name to dtype, shape and names."""
        return self._info.features_data()

    @property
    def camera_keys(self) -> list[str]:
        """The features that are videos."""
        return self._info.camera_keys

    @property
    def tasks(self) -> tuple[str, ...]:
        """Every sentence of the dataset, in the order of task_index."""
        return tuple(self._tasks.values())

    @property
    def numbered_tasks(self) -> Mapping[int, str]:
        """Every sentence of the dataset by its task_index; other recorders leave numbers out."""
        return self._tasks

    @property
    def episodes(self) -> tuple[EpisodeRecord, ...]:
        """The chosen episodes."""
        return self._rows.episodes

    @property
    def stats(self) -> Stats:
        """Statistics over the chosen episodes; of images in [0, 1], whatever `images` is."""
        return stats.fold(self._episode_stats) or {}

    @property
    def episode_stats(self) -> Sequence[Stats]:
        """Statistics of each chosen episode."""
        return self._episode_stats

    @property
    def episode_data_index(self) -> dict[str, NDArray[np.int64]]:
        """`from` and `to`, (E,) each: each episode's first frame here, and one past its last."""
        return {"from": self._rows.first, "to": self._rows.end}

    @property
    def rows(self) -> Rows:
        """All columns but images, in memory; not to be changed."""
        return self._rows

    def video(self, place: int, key: str) -> Video:
        """The images of a camera in the episode at this place of `episodes`."""
        number = self._rows.episodes[place].index
        segment = self._files.video(number, key)
        return Video(segment.path, self._stamps[number, key], key, segment.from_s)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"Dataset({str(self.root)!r}, {len(self.episodes)} episodes, {len(self)} frames)"

    def only(self, frames: FrameChoice) -> ChosenFrames:
        """The samples of frames in which a person acts (`corrections`), or a policy (`policy`).

        A window still takes what follows in the episode.

        Raises:
            DatasetError: the dataset does not say who acts.
        """
        if not has_rollouts(self._info.features):
            raise DatasetError(
                f"{self.root} does not say who acts: it has no rollout, nor was merged with one."
            )
        return ChosenFrames(self, np.flatnonzero(self._rows.columns[WHO_ACTS[frames]]))

    def gather(self, rows: NDArray[np.int64]) -> Batch:
        """Samples by number, stacked; raises DatasetError when an image cannot be read."""
        episode = self._rows.episode_at(rows)
        first, end = self._rows.first[episode], self._rows.end[episode]
        batch: Batch = {}
        pads: Batch = {}
        for key in self._info.features:
            if key in self._windows:
                taken = self._windows.at(key, rows, first, end)
                pads[f"{key}_is_pad"] = taken.padded
                batch[key] = self._values(key, taken.rows)
            else:
                batch[key] = self._values(key, rows[:, None])[:, 0]
        for key in self.camera_keys:
            if key in self._windows and batch[key].shape[1] == 1:
                batch[key] = batch[key][:, 0]
        tasks = [self._tasks[each] for each in self._rows.columns["task_index"][rows].tolist()]
        return batch | pads | {"task": tasks}

    def _values(self, key: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """(N, T, ...) of (N, T) frames."""
        if key in self._rows.columns:
            return self._rows.columns[key][rows]
        return self._decoded(key, rows)

    def _decoded(self, key: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """The images of (N, T) frames; every one is decoded once, however often it is asked for."""
        places = PlacedImages(rows.ravel(), self._images, self._info.features[key])
        episodes = self._rows.episode_at(places.rows)
        for episode in np.unique(episodes):
            first = int(self._rows.first[episode])
            self._pictures.pictures(
                self.video(episode, key),
                (places.rows[episodes == episode] - first).tolist(),
                places.taker(first),
            )
        return places.values.reshape(*rows.shape, *places.values.shape[1:])

    def _stamped(self, records: Sequence[EpisodeRecord]) -> dict[tuple[int, str], Stamp]:
        """Which content each video has now: frames and images of different takes never mix."""
        found: dict[tuple[int, str], Stamp] = {}
        before: dict[str, tuple[Path, Stamp]] = {}
        for record in records:
            for key in self.camera_keys:
                path = self._files.video(record.index, key).path
                if key not in before or before[key][0] != path:
                    before[key] = path, _stamp_of(path)
                found[record.index, key] = before[key][1]
        return found


def _known_form(images: ImageForm) -> ImageForm:
    if images not in get_args(ImageForm):
        raise DatasetError(
            f"Images are given as {' or '.join(get_args(ImageForm))}, not as {images!r}."
        )
    return images


def _require_colour(info: Info) -> None:
    """Depth has no values in [0, 1]: how it is scaled is for those who know the camera."""
    if depth := [each.key for each in info.videos if is_depth(each)]:
        raise DatasetError(
            f"{depth[0]} is a depth camera, which has no float32 form; open the dataset with "
            f'images="uint8" to get its values as they are stored, in uint16.'
        )


def _stamp_of(path: Path) -> Stamp:
    try:
        return Stamp.of(path.stat())
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read ({error.strerror}); {to_read(error)}."
        ) from error


def _stats_of(stored: Stored, records: Sequence[EpisodeRecord]) -> Sequence[Stats]:
    each = stored.stats()
    episodes = [record.index for record in records]
    if isinstance(each, StoredStats):
        return each.chosen(episodes)
    return tuple(each[episode] for episode in episodes)
