"""What is counted of some episodes, so that the statistics of all of them are exact."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from lerecord.dataset.format import (
    NUMBERS,
    FeatureStats,
    Histogram,
    Info,
    cameras_of,
    of_pictures,
    read_sidecar,
)
from lerecord.dataset.read import Stored, column_of
from lerecord.dataset.v30 import SHARES
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.video import Colours, frames_within, histogram_of, is_depth
from lerecord.fleet.distribution import Distribution

FullStats = v30.FullStats


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """The values of some episodes.

    Attributes:
        episodes: how many.
        frames: of them.
        vectors: of each feature, the distribution of each of its numbers.
        images: of each camera, the histogram of its pixels.
    """

    episodes: int
    frames: int
    vectors: Mapping[str, Sequence[Distribution]]
    images: Mapping[str, Histogram]

    @classmethod
    def joined(cls, parts: Sequence["Tally"]) -> Self:
        """Of the episodes of all parts, which have the same features."""
        return cls(
            sum(each.episodes for each in parts),
            sum(each.frames for each in parts),
            {
                key: [
                    Distribution.joined([each.vectors[key][place] for each in parts])
                    for place in range(len(numbers))
                ]
                for key, numbers in parts[0].vectors.items()
            },
            {key: sum(each.images[key] for each in parts) for key in parts[0].images},  # type: ignore[misc]
        )

    @classmethod
    def of_all(cls, parts: Iterable["Tally"]) -> "Tally":
        """The same of at least one part, of which only a few are in memory at a time."""
        joined: list[tuple[int, Tally]] = []
        # Each is of twice as many parts as the next one, at least: so they are few.
        for part in parts:
            height, whole = 0, part
            while joined and joined[-1][0] == height:
                whole = cls.joined([joined.pop()[1], whole])
                height += 1
            joined.append((height, whole))
        return cls.joined([each for _, each in joined])

    def statistics(self) -> dict[str, FullStats]:
        """Of each feature, as LeRobot v3.0 has them."""
        vectors = {key: _of_vector(numbers) for key, numbers in self.vectors.items()}
        images = {
            key: FullStats.of_pictures(of_pictures(each, self.frames), each)
            for key, each in self.images.items()
        }
        return {**vectors, **images}

    def save(self, path: Path) -> None:
        """Write it; the file is there as a whole or not at all."""
        arrays = {
            f"{number}.{place}.{name}": getattr(each, name)
            for number, numbers in enumerate(self.vectors.values())
            for place, each in enumerate(numbers)
            for name in ("values", "counts")
        }
        arrays |= {f"image.{number}": each for number, each in enumerate(self.images.values())}
        about = {
            "episodes": self.episodes,
            "frames": self.frames,
            "vectors": {key: len(numbers) for key, numbers in self.vectors.items()},
            "images": list(self.images),
        }
        draft = path.with_name(f".{path.name}")
        with draft.open("wb") as file:
            np.savez(file, about=np.array(json.dumps(about)), **arrays)
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The inverse of `save`."""
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            vectors = {
                key: [
                    Distribution(*(arrays[f"{number}.{place}.{n}"] for n in ("values", "counts")))
                    for place in range(size)
                ]
                for number, (key, size) in enumerate(about["vectors"].items())
            }
            images = {key: arrays[f"image.{n}"] for n, key in enumerate(about["images"])}
        return cls(about["episodes"], about["frames"], vectors, images)


def _of_vector(numbers: Sequence[Distribution]) -> FullStats:
    low, high = np.array([each.extremes for each in numbers]).T
    mean, std = np.array([each.moments for each in numbers]).T
    quantiles = {
        name: np.array([each.quantile(share) for each in numbers]) for name, share in SHARES.items()
    }
    return FullStats(FeatureStats(low, high, mean, std, numbers[0].total), quantiles)


def counted(info: Info) -> tuple[list[str], list[str]]:
    """The features that are counted: vectors, but no numbers of places, and cameras of colour."""
    vectors = [
        key
        for key, each in info.features.items()
        if each.is_vector and each.has_statistics and key not in NUMBERS
    ]
    return vectors, [each.key for each in info.videos if not is_depth(each)]


def tally_of(stored: Stored, episode: int) -> Tally:
    """What is counted of one episode; raises DatasetError where it cannot be read."""
    info, record = stored.info, stored.episodes()[episode]
    vectors, cameras = counted(info)
    table = stored.files.frames(episode, vectors, record.length)
    columns = {key: column_of(table, info.features[key]) for key in vectors}
    return Tally(
        1,
        record.length,
        {
            key: [Distribution.of(each) for each in column.reshape(record.length, -1).T]
            for key, column in columns.items()
        },
        {key: _histogram(stored, episode, key) for key in cameras},
    )


def _histogram(stored: Stored, episode: int, key: str) -> Histogram:
    """Of all images of a camera: as captured, or decoded where that is lost."""
    sidecar = stored.files.sidecar(episode)
    if sidecar.exists():
        cameras = cameras_of(stored.info)
        name = next(each.name for each in cameras if each.key == key)
        return read_sidecar(sidecar, cameras).tracks[name].histogram
    histogram, colours = np.zeros((3, 256), np.int64), Colours("bgr24")
    for frame in frames_within(stored.files.video(episode, key), stored.info.fps):
        histogram += histogram_of(colours.of(frame))
    return histogram
