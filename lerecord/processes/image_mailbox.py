"""The newest images of a camera, for whoever wants to look: a preview, a station, a policy.

A mailbox is a piece of shared memory without a name. Its owner makes it and hands its descriptor
to one writer and to any number of readers when they are started; it is gone when the last of them
is, however they end. Nobody waits for anybody: the writer writes over the oldest of a few slots,
and a reader that was too slow for its slot takes another one.

Readers say until when they want images; while none does, an image costs the writer one look at a
number.
"""

import fcntl
import mmap
import os
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable

from lerecord.frame import Image

_SLOTS = 4
_WANTED_S = 2.0
# Native, so that a number is written at once and not byte by byte.
_WANTED = struct.Struct("@d")  # until when images are wanted, CLOCK_MONOTONIC s
_FIELDS = struct.Struct("@QdQI")  # place in the order of writing, captured_at, sequence, size
_CHECKSUM = struct.Struct("@I")  # of the fields and the image
_SLOT_HEAD_BYTES = _FIELDS.size + _CHECKSUM.size


class ImageMailbox:
    """The owner's end: the descriptor, which children inherit."""

    def __init__(self, largest_bytes: int) -> None:
        """Make an empty mailbox for images of up to that many bytes; only used pages cost memory.

        It can never shrink, whoever holds it, as that would kill the writer at its next image.
        """
        slot_bytes = -(-(_SLOT_HEAD_BYTES + largest_bytes) // 8) * 8
        self._descriptor = _unnamed_memory(_WANTED.size + _SLOTS * slot_bytes)

    def fileno(self) -> int:
        """Descriptor of the shared memory, to be inherited."""
        return self._descriptor

    def close(self) -> None:
        """Let go of it; those who have it open keep it."""
        os.close(self._descriptor)


def _unnamed_memory(size: int) -> int:
    if sys.platform == "linux":  # needs no room in /dev/shm, which containers keep small
        memory = os.memfd_create("lerecord images", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(memory, size)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
        return memory
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(bytes(size))  # a disk that fills up later must not kill the writer
        return os.dup(file.fileno())


class _Shared:
    """The memory as both ends see it."""

    def __init__(self, descriptor: int, now: Callable[[], float] = time.monotonic) -> None:
        self._memory = mmap.mmap(descriptor, 0)
        self._now = now
        slot_bytes = (len(self._memory) - _WANTED.size) // _SLOTS
        self._room = slot_bytes - _SLOT_HEAD_BYTES
        self._slots = [_WANTED.size + place * slot_bytes for place in range(_SLOTS)]

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()

    def _order_of(self, slot: int) -> int:
        order: int = _FIELDS.unpack_from(self._memory, slot)[0]
        return order

    def _read(self, slot: int) -> Image | None:
        """The image in the slot; None while it is empty or being written over.

        In which order another processor sees what was written is not certain; the checksum is.
        """
        fields = self._memory[slot : slot + _FIELDS.size]
        (checksum,) = _CHECKSUM.unpack_from(self._memory, slot + _FIELDS.size)
        _, captured_at, sequence, size = _FIELDS.unpack(fields)
        begin = slot + _SLOT_HEAD_BYTES
        jpeg = self._memory[begin : begin + min(size, self._room)]
        if zlib.crc32(jpeg, zlib.crc32(fields)) != checksum:
            return None
        return Image(jpeg, captured_at, sequence)


class MailboxWriter(_Shared):
    """The camera's end; one at a time. A successor goes on where the one before was killed."""

    def __init__(self, descriptor: int, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(descriptor, now)
        whole = [slot for slot in self._slots if self._read(slot) is not None]
        self._order = max(map(self._order_of, whole), default=0)

    @property
    def wanted(self) -> bool:
        """Somebody has looked within the last seconds."""
        until: float = _WANTED.unpack_from(self._memory)[0]
        return 0 < until - self._now() <= _WANTED_S

    def put(self, jpeg: bytes, captured_at: float, sequence: int) -> bool:
        """Write an image over the oldest one; False when it is too large for the mailbox."""
        if len(jpeg) > self._room:
            return False
        self._order += 1
        slot = self._slots[self._order % _SLOTS]
        fields = _FIELDS.pack(self._order, captured_at, sequence, len(jpeg))
        head = fields + _CHECKSUM.pack(zlib.crc32(jpeg, zlib.crc32(fields)))
        self._memory[slot : slot + _SLOT_HEAD_BYTES + len(jpeg)] = head + jpeg
        return True


class MailboxReader(_Shared):
    """The end of whoever looks; any number at a time."""

    def newest(self, until: float | None = None) -> Image | None:
        """The newest image, or the newest one captured at or before `until`.

        Returns:
            The camera's JPEG, not yet rotated. Its sequence begins anew with each process of the
            camera; its capture time does not. None when there is none: nobody looked in the last
            seconds, the camera has given none, or all that are kept are newer than `until`.
        """
        _WANTED.pack_into(self._memory, 0, self._now() + _WANTED_S)
        for slot in sorted(self._slots, key=self._order_of, reverse=True):
            image = self._read(slot)
            if image is not None and (until is None or image.captured_at <= until):
                return image
        return None
