"""The images of one camera in one take, encoded as their frames come.

It runs in the camera's process, below the staging folder, and never lets a frame pass without an
image: an image that does not decode shows the one before it, and says so.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import CameraSpec, TakeFolder, TrackSummary, VideoSettings
from lerecord.dataset.staging.capture_journal import CaptureJournal, PictureFacts, finished_track
from lerecord.dataset.staging.look import Looking
from lerecord.dataset.staging.staged_take import cut_short
from lerecord.dataset.storage import sync_file
from lerecord.dataset.video import FragmentedVideo, Picture, PictureMaker
from lerecord.errors import DeviceError
from lerecord.frame import Image
from lerecord.jpeg import CorruptImageError

_SYNC_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """The image of the last frame, and the image that is shown for it.

    Attributes:
        unchanged: the image is a new one, and the same as the one before.
    """

    image: Image
    shown: Image
    picture: Picture
    unchanged: bool = False

    @property
    def corrupt(self) -> bool:
        return self.image is not self.shown

    def is_of(self, image: Image) -> bool:
        last = self.image
        return image is last or (
            (image.sequence, image.captured_at) == (last.sequence, last.captured_at)
        )


class TrackWriter:
    """Encodes one image a frame. Every file is synced once a second and when finished.

    Args:
        folder: of the staged take; it exists.
        camera: name and recorded size.
        fps: frames a second.
        settings: the encoder's.
        rotation: degrees clockwise by which every image is turned first.
        now: the clock of the syncs, seconds.

    Raises:
        ConfigError: the encoder does not open, or the rotation is none.
        FileExistsError: the folder has this track already.
        DatasetError: the disk refuses.
    """

    def __init__(
        self,
        folder: Path,
        camera: CameraSpec,
        fps: int,
        settings: VideoSettings,
        rotation: int = 0,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._camera = camera
        self._now = now
        self._maker = PictureMaker(camera, rotation)
        files = TakeFolder(folder)
        try:
            self._open(files, fps, settings)
            sync_file(folder)  # else a power cut takes the names of files whose data is synced
        except FileExistsError:
            raise
        except OSError as error:
            raise cut_short(folder, error) from error
        self._last: _Chosen | None = None
        self._looking = Looking()
        self._histogram = np.zeros((3, 256), dtype=np.int64)
        self._rows = 0
        self._synced_at = now()

    def _open(self, files: TakeFolder, fps: int, settings: VideoSettings) -> None:
        path = files.video(self._camera.name)
        self._video = FragmentedVideo(path, self._camera, fps, settings.live())
        try:
            self._journal = CaptureJournal(files, self._camera)
        except BaseException:
            self._video.close()
            raise

    @property
    def rows(self) -> int:
        """Images so far."""
        return self._rows

    def add(self, image: Image) -> None:
        """Encode the image of the next frame; an image given again is only encoded again.

        Raises:
            DeviceError: the image has another size, or is the first and does not decode.
            DatasetError: the disk refuses; what is complete stays to be salvaged.
        """
        try:
            self._add(image)
        except OSError as error:
            raise cut_short(self._folder, error) from error

    def _add(self, image: Image) -> None:
        last = self._last
        chosen = last if last is not None and last.is_of(image) else self._choose(image)
        self._last = chosen
        self._looking.at(chosen.picture.frame, image.captured_at)
        self._video.encode(chosen.picture.frame)
        self._histogram += chosen.picture.histogram
        self._journal.add(
            PictureFacts(
                captured_at=chosen.shown.captured_at,
                sequence=chosen.shown.sequence,
                repeated=chosen is last or chosen.corrupt,
                corrupt=chosen.corrupt,
                unchanged=chosen is not last and chosen.unchanged,
                blank=chosen.picture.blank,
            ),
            self._video.so_far(),
        )
        self._rows += 1
        if self._now() - self._synced_at >= _SYNC_S:
            self._sync()

    def finish(self) -> TrackSummary:
        """Close and sync everything; the track is complete.

        Raises:
            DatasetError: the disk refuses; what is complete stays to be salvaged.
        """
        try:
            self._video.close()
            self._looking.write(TakeFolder(self._folder), self._camera.name)
            self._journal.finish(self._rows, self._histogram)
        except OSError as error:
            raise cut_short(self._folder, error) from error
        return finished_track(self._folder, self._camera)

    def abort(self) -> None:
        """Close and remove everything of this track; a folder that is then empty goes too.

        A take that has its facts is discarded as a whole, by whoever staged it: a power cut in
        between must not leave one without its videos.
        """
        self.close()
        files = TakeFolder(self._folder)
        if files.facts.exists():
            return
        name = self._camera.name
        for path in (files.video(name), files.capture(name), files.histogram(name)):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others still have files in it, or it is gone
            self._folder.rmdir()

    def close(self) -> None:
        """Close the files as a kill would leave them; may be called after finish or abort."""
        try:
            self._video.close()
        finally:
            self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _choose(self, image: Image) -> _Chosen:
        last = self._last
        if last is not None and _is_same(image.data, last.shown.data):
            return _Chosen(image, image, last.picture, unchanged=True)
        try:
            return _Chosen(image, image, self._maker.make(image))
        except CorruptImageError as error:
            if last is None:
                raise DeviceError(
                    f"The first image of camera {self._camera.name} cannot be used: {error}; "
                    f"check its cable and its format."
                ) from error
            return _Chosen(image, last.shown, last.picture)

    def _sync(self) -> None:
        self._synced_at = self._now()
        self._video.sync()
        self._journal.snapshot(self._rows, self._histogram)


def _is_same(data: bytes | NDArray[np.uint8], last: bytes | NDArray[np.uint8]) -> bool:
    """Whether two images are equal; ends at the first difference, which noise puts early."""
    if isinstance(data, bytes) or isinstance(last, bytes):
        return data is last or (isinstance(data, type(last)) and bool(data == last))
    return np.array_equal(data[:1], last[:1]) and np.array_equal(data, last)
