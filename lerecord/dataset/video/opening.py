"""How every mp4 is opened, and its packets and codec read."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import SEEK_END, SEEK_SET, FileIO
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from lerecord.dataset.format import require_regular
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

_CODEC_NAMES = {"libdav1d": "av1", "libaom-av1": "av1"}


@contextmanager
def opened_video(
    path: Path, probe_bytes: int | None = None, size_bytes: int | None = None
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A video to be read, and its stream of images.

    Args:
        path: of the mp4.
        probe_bytes: how much is looked through for what its header does not say, such as the
            rate; None as FFmpeg has it, which takes 7 ms of a fragmented video.
        size_bytes: as if the file ended there; None for where it does.

    Raises:
        DatasetError: it is missing or no video.
    """
    require_regular(path)
    options = {} if probe_bytes is None else {"probesize": str(probe_bytes)}
    with ExitStack() as stack:
        try:
            source: str | FileIO = str(path)
            if size_bytes is not None:
                source = stack.enter_context(_FirstBytes(path, size_bytes))
            container = stack.enter_context(av.open(source, "r", format="mp4", options=options))
        except (av.FFmpegError, OSError) as error:
            raise DatasetError(
                f"{path} cannot be read as a video ({error}); {to_read(error)}."
            ) from error
        if not container.streams.video:
            raise DatasetError(f"{path} has no image in it; restore it from a copy.")
        yield container, container.streams.video[0]


def packets_of(container: InputContainer, stream: VideoStream) -> "Iterator[Packet[Any]]":
    """The packets of a video in the order of decoding, without the empty one that ends them.

    Raises:
        DatasetError: the file cannot be read on.
    """
    try:
        yield from (packet for packet in container.demux(stream) if packet.size)
    except (av.FFmpegError, OSError) as error:
        raise DatasetError(
            f"{container.name} cannot be read as a video ({error}); {to_read(error)}."
        ) from error


def codec_of(path: Path) -> str:
    """The codec of a video, as info.json says it; nothing but its header is read.

    Raises:
        DatasetError: it is missing or no video.
    """
    with opened_video(path) as (_, stream):
        return codec_name(stream)


def codec_name(stream: VideoStream) -> str:
    """The codec of a stream, as info.json says it, whichever decoder FFmpeg takes for it."""
    name = stream.codec_context.name
    return _CODEC_NAMES.get(name, name)


def header_of(path: Path) -> tuple[str, bytes]:
    """Codec and stream header; videos of which both are the same may be one stream.

    Raises:
        DatasetError: the file is missing or no video.
    """
    with opened_video(path) as (_, stream):
        context = stream.codec_context
        return context.name, bytes(context.extradata or b"")


class _FirstBytes(FileIO):
    """A file as if it ended after its first bytes."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        super().__init__(path)
        self._size_bytes = size_bytes

    def read(self, size: int | None = -1) -> bytes:
        """As of any file."""
        left = max(0, self._size_bytes - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """As of any file."""
        if whence == SEEK_END:
            return super().seek(self._size_bytes + offset)
        return super().seek(offset, whence)
