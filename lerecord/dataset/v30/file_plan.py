"""Which episodes share a file of v3.0, and where in it they are: pure, from their sizes alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from lerecord.dataset.v30 import files as v30
from lerecord.dataset.v30.files import FileNumber


@dataclass(frozen=True, slots=True)
class Bounds:
    """What files may grow to.

    Attributes:
        data_file_mb: size that a parquet file stays below, of its frames in memory.
        video_file_mb: size that an mp4 stays below.
    """

    data_file_mb: float = v30.DATA_FILE_MB
    video_file_mb: float = v30.VIDEO_FILE_MB


AS_LEROBOT = Bounds()


@dataclass(frozen=True, slots=True)
class Part:
    """What an episode adds to a file.

    Attributes:
        size_bytes: of its frames in memory, or of its video.
        header: only parts of the same header can be in one file.
    """

    size_bytes: int
    header: str = ""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to be, of episodes that follow each other.

    Attributes:
        key: of the camera whose images it has; empty for frames.
        number: its place among those of its kind.
        first: its first episode.
        end: the episode behind its last.
        frames: of all of them.
    """

    key: str
    number: FileNumber
    first: int
    end: int
    frames: int

    @property
    def name(self) -> str:
        """Its path in the dataset."""
        return self.number.path(v30.VIDEO_PATH if self.key else v30.DATA_PATH, self.key)

    @property
    def episodes(self) -> range:
        """Those that it has."""
        return range(self.first, self.end)

    def to_data(self) -> list[Any]:
        """As JSON knows it."""
        number = self.number
        return [self.key, number.chunk, number.file, self.first, self.end, self.frames]

    @classmethod
    def from_data(cls, data: Sequence[Any]) -> "PlannedFile":
        """The inverse."""
        key, chunk, file, *episodes = data
        return cls(key, FileNumber(chunk, file), *episodes)


def planned_files(
    parts: Mapping[str, Sequence[Part]], lengths: Sequence[int], fps: int, bounds: Bounds
) -> list[PlannedFile]:
    """All files of a dataset, one kind behind the other.

    Args:
        parts: of each episode, by camera; those of frames have an empty key.
        lengths: frames of each episode.
        fps: frames a second.
        bounds: what files may grow to.
    """
    return [each for key in parts for each in _of_kind(key, parts[key], lengths, fps, bounds)]


def _of_kind(
    key: str, parts: Sequence[Part], lengths: Sequence[int], fps: int, bounds: Bounds
) -> Iterator[PlannedFile]:
    most_bytes = (bounds.video_file_mb if key else bounds.data_file_mb) * v30.MB
    most_frames = v30.VIDEO_FILE_S * fps if key else float("inf")
    number = FileNumber()
    first = size = frames = 0
    for episode, (part, length) in enumerate(zip(parts, lengths, strict=True)):
        if episode > first and (
            part.header != parts[first].header
            or size + part.size_bytes >= most_bytes
            or frames + length > most_frames
        ):
            yield PlannedFile(key, number, first, episode, frames)
            number, first, size, frames = number.next(), episode, 0, 0
        size += part.size_bytes
        frames += length
    yield PlannedFile(key, number, first, len(parts), frames)


def places_of(
    files: Sequence[PlannedFile], lengths: Sequence[int], fps: int
) -> list[dict[str, Any]]:
    """What meta/episodes says of each episode about where its frames and images are."""
    ends = list(accumulate(lengths))
    found: list[dict[str, Any]] = [{} for _ in lengths]
    for file in files:
        before = ends[file.first] - lengths[file.first]
        for episode in file.episodes:
            end = ends[episode]
            found[episode] |= _place(file, end - lengths[episode], end, before, fps)
    return found


def _place(file: PlannedFile, start: int, end: int, before: int, fps: int) -> dict[str, Any]:
    """Of frames from `start` on and before `end`, in a file that begins with `before`."""
    prefix = f"videos/{file.key}" if file.key else "data"
    place = {
        f"{prefix}/chunk_index": file.number.chunk,
        f"{prefix}/file_index": file.number.file,
    }
    if not file.key:
        return {**place, "dataset_from_index": start, "dataset_to_index": end}
    return {
        **place,
        f"{prefix}/from_timestamp": (start - before) / fps,
        f"{prefix}/to_timestamp": (end - before) / fps,
    }
