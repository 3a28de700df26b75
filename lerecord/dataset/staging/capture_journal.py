"""What a camera truly did, frame by frame, kept beside its video: when each image was captured.

Two record files a camera: one record a frame, and once a second the histogram of every image so
far, so that statistics stay exact without decoding a video. A last record marks a finished track;
counts that agree do not, for they also agree right after a sync.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import CameraSpec, Histogram, TakeFolder, TrackSummary
from lerecord.dataset.storage import RecordFile, read_header, read_records
from lerecord.dataset.video import NOTHING_SO_FAR, VideoSoFar, WholePart, whole_part
from lerecord.errors import DatasetError

_FORMAT, _OLD_FORMAT = "lerecord capture 2", "lerecord capture 1"
_OLD_FACTS = [("captured_at", "<f8"), ("sequence", "<u4"), ("flags", "u1")]
_FACTS = [*_OLD_FACTS, ("video_bytes", "<u8"), ("video_crc", "<u4")]
_HISTOGRAM = np.dtype([("rows", "<u4"), ("counts", "<i8", (3, 256))])
_REPEATED, _CORRUPT, _UNCHANGED, _BLANK, _END = 1, 2, 4, 8, 128


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What is kept of the image of one frame.

    Attributes:
        captured_at: CLOCK_MONOTONIC seconds of the capture.
        sequence: the camera's own count.
        repeated: it is the image of the frame before once more.
        corrupt: the chosen image did not decode and the image before it stands in for it;
            captured_at and sequence are then those of the image that is seen.
        unchanged: a new image, and the same as the one before to the last bit.
        blank: it is of one shade.
    """

    captured_at: float
    sequence: int
    repeated: bool
    corrupt: bool
    unchanged: bool = False
    blank: bool = False


class CaptureJournal:
    """The writing end of both files; they must not exist yet."""

    def __init__(self, folder: TakeFolder, camera: CameraSpec) -> None:
        self._rows = RecordFile(folder.capture(camera.name), np.dtype(_FACTS), {"format": _FORMAT})
        self._histograms = RecordFile(
            folder.histogram(camera.name), _HISTOGRAM, {"format": "lerecord histogram 1"}
        )

    def add(self, facts: PictureFacts, video: VideoSoFar = NOTHING_SO_FAR) -> None:
        """Append the facts of the next frame's image, and what the video is by now."""
        flags = _REPEATED * facts.repeated | _CORRUPT * facts.corrupt
        flags |= _UNCHANGED * facts.unchanged | _BLANK * facts.blank
        captured = facts.captured_at, facts.sequence % 2**32, flags
        self._rows.append(*captured, video.size_bytes, video.crc)

    def snapshot(self, rows: int, histogram: Histogram) -> None:
        """Append the histogram of the first `rows` images, and sync both files."""
        self._histograms.append(rows, histogram)
        self._rows.sync()
        self._histograms.sync()

    def finish(self, rows: int, histogram: Histogram) -> None:
        """Append the last histogram and the mark that the track is complete, and close.

        Everything else must be on the disk already, the video above all: with the mark a take is
        committed without a look at its images.
        """
        self._histograms.append(rows, histogram)
        self._histograms.close()
        self._rows.append(0.0, 0, _END, 0, 0)
        self._rows.close()

    def close(self) -> None:
        """Sync and close as a kill would leave the files; may be called twice."""
        try:
            self._rows.close()
        finally:
            self._histograms.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load_track(folder: Path, camera: CameraSpec, limit: int | None = None) -> TrackSummary:
    """What was kept of a camera in a staged take, finished or killed.

    Args:
        folder: of the take.
        camera: which.
        limit: frames that are looked at; None is all.

    Raises:
        DatasetError: a file is missing or ends within its header.
    """
    files = TakeFolder(folder)
    rows = _without_end(_read_facts(files.capture(camera.name)))[:limit]
    histograms = read_records(files.histogram(camera.name), _HISTOGRAM)
    known = histograms[histograms["rows"] <= len(rows)]
    return TrackSummary(
        captured_at=np.ascontiguousarray(rows["captured_at"]),
        sequence=np.ascontiguousarray(rows["sequence"]),
        repeated=rows["flags"] & _REPEATED != 0,
        corrupt=rows["flags"] & _CORRUPT != 0,
        histogram=known["counts"][-1].copy() if len(known) else np.zeros((3, 256), np.int64),
        histogram_rows=int(known["rows"][-1]) if len(known) else 0,
        unchanged=rows["flags"] & _UNCHANGED != 0,
        blank=rows["flags"] & _BLANK != 0,
    )


def captured_rows(path: Path) -> int:
    """How many frames a file of capture facts has, whole.

    Raises:
        DatasetError: it is missing or ends within its header.
    """
    return len(_without_end(_read_facts(path)))


def whole_video(folder: Path, camera: CameraSpec) -> WholePart:
    """The part of a staged video that is what was written, as far as that is known.

    Raises:
        DatasetError: a file is missing or ends within its header.
    """
    files = TakeFolder(folder)
    facts = _without_end(_read_facts(files.capture(camera.name)))
    known: dict[int, int] = {}
    if "video_bytes" in (facts.dtype.names or ()):
        known = dict(zip(facts["video_bytes"].tolist(), facts["video_crc"].tolist(), strict=True))
    so_far = [VideoSoFar(size, crc) for size, crc in known.items() if size]
    return whole_part(files.video(camera.name), so_far)


def _read_facts(path: Path) -> NDArray[Any]:
    is_old = read_header(path).get("format") == _OLD_FORMAT
    return read_records(path, np.dtype(_OLD_FACTS if is_old else _FACTS))


def _without_end(records: NDArray[Any]) -> NDArray[Any]:
    return records[:-1] if _is_finished(records) else records


def _is_finished(records: NDArray[Any]) -> bool:
    return len(records) > 0 and bool(records["flags"][-1] & _END)


def finished_track(folder: Path, camera: CameraSpec) -> TrackSummary:
    """As `load_track`, of a track that was finished.

    Raises:
        DatasetError: also when it was not.
    """
    track = load_track(folder, camera)
    records = _read_facts(TakeFolder(folder).capture(camera.name))
    if not _is_finished(records) or track.histogram_rows != track.rows:
        raise DatasetError(
            f"Camera {camera.name} has not finished the take in {folder}; salvage it instead."
        )
    return track
