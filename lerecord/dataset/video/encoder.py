"""An encoder that writes a fragmented mp4: what is flushed can be read back after a kill."""

import os
import shutil
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lerecord.dataset.format import CameraSpec, VideoSettings
from lerecord.dataset.storage import datasync
from lerecord.dataset.video.fragments import NOTHING_SO_FAR, VideoSoFar
from lerecord.errors import ConfigError
from lerecord.priority import without_realtime


def probe(camera: CameraSpec, fps: int, settings: VideoSettings) -> None:
    """Open the encoder once, to know now rather than at the first take.

    Raises:
        ConfigError: it is not available or refuses the settings.
    """
    folder = Path(tempfile.mkdtemp(prefix="lerecord-"))
    try:
        FragmentedVideo(folder / "probe", camera, fps, settings, durable=False).close()
    finally:
        shutil.rmtree(folder)


# Without the flush a killed recorder leaves an empty file.
_SURVIVES_A_KILL = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "flush_packets": "1",
}


class FragmentedVideo:
    """One video in the making; image i is shown at i / fps.

    Args:
        path: must not exist yet.
        camera: its size.
        fps: images a second.
        settings: the encoder's.
        durable: False for a video that is thrown away again, which is never synced.

    Raises:
        ConfigError: the encoder is not available or refuses the settings.
    """

    def __init__(
        self,
        path: Path,
        camera: CameraSpec,
        fps: int,
        settings: VideoSettings,
        *,
        durable: bool = True,
    ) -> None:
        self._durable = durable
        self._time_base = Fraction(1, fps)
        self._pictures = 0
        self._so_far = NOTHING_SO_FAR
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            self._container = av.open(
                str(path), "w", format="mp4", container_options=_SURVIVES_A_KILL
            )
        except BaseException:
            os.close(self._descriptor)
            raise
        try:
            self._stream = self._open_stream(camera, fps, settings)
        except BaseException:
            self._container.close()
            os.close(self._descriptor)
            path.unlink()
            raise

    def _open_stream(self, camera: CameraSpec, fps: int, settings: VideoSettings) -> VideoStream:
        if settings.codec == "av1":
            os.environ.setdefault("SVT_LOG", "1")  # it prints its settings otherwise
        try:
            stream = self._container.add_stream(
                settings.encoder, rate=fps, options=settings.encoder_options()
            )
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = camera.width, camera.height, "yuv420p"
            stream.time_base = stream.codec_context.time_base = self._time_base
            stream.codec_context.thread_count = 1
            without_realtime(stream.codec_context.open)
        except (av.FFmpegError, ValueError) as error:  # an unknown encoder is a ValueError
            raise ConfigError(
                f"The encoder {settings.encoder} does not work with preset {settings.preset}, "
                f"{' '.join(map(str, settings.quality))} and {camera.width}x{camera.height} "
                f"({error}); choose another codec or preset under [video]."
            ) from error
        return stream

    def encode(self, frame: VideoFrame) -> None:
        """Encode the next image; a frame may be given again."""
        frame.pts, frame.time_base = self._pictures, self._time_base
        self._container.mux(self._stream.encode(frame))
        self._pictures += 1

    def so_far(self) -> VideoSoFar:
        """What is in the file by now."""
        new = os.fstat(self._descriptor).st_size - self._so_far.size_bytes
        if new:
            self._so_far = self._so_far.grown(
                os.pread(self._descriptor, new, self._so_far.size_bytes)
            )
        return self._so_far

    def sync(self) -> None:
        """Wait until what the encoder has given out is on the disk."""
        datasync(self._descriptor)

    def close(self) -> None:
        """Encode what is still inside, close the file and sync it; may be called twice."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        try:
            if self._pictures:
                self._container.mux(self._stream.encode(None))
        finally:
            try:
                self._container.close()
                if self._durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
