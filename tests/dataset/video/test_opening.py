from collections.abc import Iterator
from typing import Any, cast

import av
import pytest

from lerecord.dataset.video.opening import packets_of
from lerecord.errors import DatasetError


class FailingDisk:
    """A container whose file cannot be read behind its first packet."""

    name = "front.mp4"

    def demux(self, _: object) -> "Iterator[av.Packet[Any]]":
        yield av.Packet(b"first")
        raise av.OSError(5, "Input/output error", self.name)


def test_packets_that_cannot_be_read_are_said() -> None:
    packets = packets_of(cast("Any", FailingDisk()), cast("Any", None))
    assert bytes(next(packets)) == b"first"
    with pytest.raises(DatasetError, match=r"front\.mp4 cannot be read as a video"):
        next(packets)
