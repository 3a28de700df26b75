"""How much of a staged video is whole, read from its structure.

A staged video is a fragmented mp4: `ftyp` and `moov`, then a `moof` and an `mdat` for each group of
images (ISO/IEC 14496-12, 8.8). FFmpeg does not open one that ends within a `moof`, however much is
whole before it, so a take is salvaged from a video that ends with its last whole fragment.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import BinaryIO

from lerecord.errors import DatasetError

_BOX = Struct(">I4s")
_WORD = Struct(">I")
_HEADER = (b"ftyp", b"moov")
_LIMIT_BYTES = 1 << 20  # of a header's box or a moof: one of a group of images is far smaller

# Fields that stand in a box when their flag is set, each of four bytes, or two times four.
_TFHD = ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4), (0x20, 4))
_TRUN = ((0x1, 4), (0x4, 4))
_TRUN_SAMPLE = ((0x100, 4), (0x200, 4), (0x400, 4), (0x800, 4))
_DEFAULT_SIZE, _SAMPLE_SIZE = 0x10, 0x200


@dataclass(frozen=True, slots=True)
class WholePart:
    """The part of a staged video before what is torn.

    Attributes:
        size_bytes: where its last whole fragment ends; 0 when not even the header is whole.
        images: in its fragments.
        torn: something else follows that the muxer has not written so.
    """

    size_bytes: int
    images: int
    torn: bool = False


@dataclass(frozen=True, slots=True)
class VideoSoFar:
    """The first bytes of a video that grows.

    Attributes:
        size_bytes: how many.
        crc: their CRC-32.
    """

    size_bytes: int
    crc: int

    def grown(self, data: bytes) -> "VideoSoFar":
        """With the bytes behind them."""
        return VideoSoFar(self.size_bytes + len(data), zlib.crc32(data, self.crc))


NOTHING_SO_FAR = VideoSoFar(0, 0)


@dataclass(frozen=True, slots=True)
class _Fragment:
    """What a moof says of its mdat."""

    images: int
    data_bytes: int


def whole_part(path: Path, known: Sequence[VideoSoFar] = ()) -> WholePart:
    """Walk a staged video up to its first fragment that is not whole.

    Args:
        path: of the video.
        known: what it was while it grew. Not every decoder notices that data is not what was
            written, so what disagrees is torn; so is what is behind the last that is known, unless
            the muxer has closed the file.

    Raises:
        DatasetError: it is missing.
    """
    try:
        with path.open("rb") as file:
            total = path.stat().st_size
            ends = list(_ends(file, total))
            sound = _sound_bytes(file, known)
            closed = bool(ends) and _read(file, ends[-1][0], b"mfra") is not None
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing; the take is not complete.") from None
    if known and not (closed and sound == known[-1].size_bytes):
        ends = [each for each in ends if each[0] <= sound]
    size = ends[-1][0] if ends else 0
    torn = size < total and not closed
    return WholePart(size, sum(count for _, count in ends), torn)


def _sound_bytes(file: BinaryIO, known: Sequence[VideoSoFar]) -> int:
    """How much of a file is what it was known to be."""
    found = NOTHING_SO_FAR
    file.seek(0)
    for each in known:
        grown = found.grown(file.read(each.size_bytes - found.size_bytes))
        if grown != each:
            break
        found = grown
    return found.size_bytes


def _ends(file: BinaryIO, total: int) -> Iterator[tuple[int, int]]:
    """Where the header ends, and each whole fragment behind it; and how many images are in it."""
    at = 0
    for kind in _HEADER:
        if (body := _read(file, at, kind)) is None:
            return
        at += _BOX.size + len(body)
    yield at, 0
    number = 1
    while (moof := _read(file, at, b"moof")) is not None:
        fragment = _parsed(moof, number)
        at += _BOX.size + len(moof)
        if fragment is None or _box_at(file, at) != (fragment.data_bytes + _BOX.size, b"mdat"):
            return
        at += _BOX.size + fragment.data_bytes
        if at > total:
            return
        yield at, fragment.images
        number += 1


def _box_at(file: BinaryIO, at: int) -> tuple[int, bytes]:
    """The size and the kind of the box there; a size of 0 where the file ends within it."""
    file.seek(at)
    head = file.read(_BOX.size)
    size, kind = _BOX.unpack(head) if len(head) == _BOX.size else (0, b"")
    return size, kind


def _read(file: BinaryIO, at: int, kind: bytes) -> bytes | None:
    """The content of the box there; None when it is not whole or of another kind."""
    size, found = _box_at(file, at)
    if found != kind or not _BOX.size <= size <= _LIMIT_BYTES:
        return None
    body = file.read(size - _BOX.size)
    return body if len(body) == size - _BOX.size else None


def _parsed(moof: bytes, number: int) -> _Fragment | None:
    """What a moof says; None when it is not that of the n-th fragment, whole, of one track."""
    match _boxes(moof):
        case [(b"mfhd", mfhd), (b"traf", traf)] if mfhd == _WORD.pack(0) + _WORD.pack(number):
            match _boxes(traf):
                case [(b"tfhd", tfhd), (b"tfdt", _), (b"trun", trun)]:
                    return _of_run(trun, _default_size(tfhd))
    return None


def _boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes that some bytes consist of; none when they do not."""
    found, at = [], 0
    while at < len(data):
        size, kind = _BOX.unpack_from(data, at) if at + _BOX.size <= len(data) else (0, b"")
        if size < _BOX.size or at + size > len(data):
            return []
        found.append((kind, data[at + _BOX.size : at + size]))
        at += size
    return found


def _flags(box: bytes) -> int:
    return int.from_bytes(box[1:4], "big")


def _width(fields: tuple[tuple[int, int], ...], flags: int, before: int = 1 << 24) -> int:
    """Bytes of the fields that are there, up to one of them."""
    return sum(size for flag, size in fields if flags & flag and flag < before)


def _default_size(tfhd: bytes) -> int | None:
    flags = _flags(tfhd)
    at = 8 + _width(_TFHD, flags, _DEFAULT_SIZE)
    if not flags & _DEFAULT_SIZE or len(tfhd) < at + _WORD.size:
        return None
    return int(_WORD.unpack_from(tfhd, at)[0])


def _of_run(trun: bytes, default_size: int | None) -> _Fragment | None:
    """The images of a run and the bytes that they take; None when it is torn."""
    if len(trun) < 8:
        return None
    flags, images = _flags(trun), int(_WORD.unpack_from(trun, 4)[0])
    first, stride = 8 + _width(_TRUN, flags), _width(_TRUN_SAMPLE, flags)
    if images == 0 or len(trun) != first + images * stride:
        return None
    if not flags & _SAMPLE_SIZE:
        return None if default_size is None else _Fragment(images, images * default_size)
    first += _width(_TRUN_SAMPLE, flags, _SAMPLE_SIZE)
    sizes = (_WORD.unpack_from(trun, first + image * stride)[0] for image in range(images))
    return _Fragment(images, sum(sizes))
