import os
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.processes import ImageMailbox, MailboxReader, MailboxWriter
from tests.mailbox_readers import readers_killed

KILLS = 100 if os.environ.get("LERECORD_CRASH_DEPTH") == "2" else 10
LARGEST = 4099

WHOLE = "image.data == bytes([image.sequence % 251]) * (1000 + image.sequence % 97)"


def picture(sequence: int) -> bytes:
    return bytes([sequence % 251]) * (1000 + sequence % 97)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Ends:
    def __init__(self) -> None:
        self.clock = Clock()
        self.mailbox = ImageMailbox(LARGEST)
        self.writer = MailboxWriter(self.mailbox.fileno(), self.clock)
        self.reader = MailboxReader(self.mailbox.fileno(), self.clock)

    def put(self, sequence: int) -> None:
        assert self.writer.put(picture(sequence), sequence / 30, sequence)

    def newest(self, until: float | None = None) -> int | None:
        image = self.reader.newest(until)
        return None if image is None else image.sequence

    def close(self) -> None:
        for each in (self.reader, self.writer, self.mailbox):
            each.close()


@pytest.fixture
def ends() -> Iterator[Ends]:
    with closing(Ends()) as made:
        yield made


def test_the_newest_image_is_read_whole(ends: Ends) -> None:
    assert ends.reader.newest() is None
    for sequence in range(3):
        ends.put(sequence)
    image = ends.reader.newest()
    assert image is not None
    assert (image.data, image.captured_at, image.sequence) == (picture(2), 2 / 30, 2)


def test_the_image_of_an_observations_time_is_found(ends: Ends) -> None:
    for sequence in range(10):
        ends.put(sequence)
    for sequence, found in ((9, 9), (7, 7), (6, 6), (5, None)):  # four images are kept
        assert ends.newest(until=sequence / 30 + 0.001) == found


def test_nobody_wants_images_until_somebody_looks_and_some_seconds_after(ends: Ends) -> None:
    assert not ends.writer.wanted
    ends.reader.newest()
    assert ends.writer.wanted
    ends.clock.now += 1.9
    assert ends.writer.wanted
    ends.clock.now += 0.2
    assert not ends.writer.wanted


def test_a_time_that_no_reader_can_have_written_is_no_wish(ends: Ends) -> None:
    for until in (float("nan"), float("inf"), ends.clock.now + 1e9):
        os.pwrite(ends.mailbox.fileno(), struct.pack("@d", until), 0)
        assert not ends.writer.wanted


def test_an_image_that_does_not_fit_is_left_out(ends: Ends) -> None:
    ends.put(0)
    assert not ends.writer.put(bytes(LARGEST + 9), 1.0, 1)
    assert ends.newest() == 0


@given(st.lists(st.tuples(st.binary(max_size=LARGEST), st.floats(0, 1e6)), max_size=12))
def test_what_was_put_last_is_what_is_read(images: list[tuple[bytes, float]]) -> None:
    with closing(Ends()) as ends:
        for sequence, (data, captured_at) in enumerate(images):
            assert ends.writer.put(data, captured_at, sequence)
            image = ends.reader.newest()
            assert image is not None
            assert (image.data, image.captured_at, image.sequence) == (data, captured_at, sequence)


@pytest.mark.parametrize("torn_bytes", [1, 20, 30, 32, 33, 800])
def test_an_image_that_was_being_written_is_passed_over_and_a_successor_goes_on(
    ends: Ends, torn_bytes: int
) -> None:
    """A writer killed at any byte of an image: as if the rest of its slot were still the old."""
    for sequence in range(4):
        ends.put(sequence)
    size = os.fstat(ends.mailbox.fileno()).st_size
    before = os.pread(ends.mailbox.fileno(), size, 0)
    ends.put(4)
    after = os.pread(ends.mailbox.fileno(), size, 0)
    first = next(place for place in range(size) if before[place] != after[place])
    rest = before[first + torn_bytes :]
    os.pwrite(ends.mailbox.fileno(), rest, first + torn_bytes)
    assert ends.newest() == 3
    successor = MailboxWriter(ends.mailbox.fileno())
    assert successor.put(picture(0), 9.0, 0)
    successor.close()
    assert ends.newest() == 0
    assert ends.newest(until=1.0) == 3


def test_readers_that_are_killed_at_any_moment_hurt_nobody(ends: Ends) -> None:
    sequence = 0
    with readers_killed(ends.mailbox.fileno(), KILLS, WHOLE) as readers:
        while readers.poll() is None:
            ends.put(sequence)
            sequence += 1
            time.sleep(0.0002)
    assert sequence > 100
    assert ends.newest() == sequence - 1


def test_no_reader_can_take_the_memory_from_the_writer(ends: Ends) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux can seal memory")
    with pytest.raises(PermissionError):
        os.ftruncate(ends.mailbox.fileno(), 0)


def test_it_has_no_name_that_could_stay(ends: Ends) -> None:
    ends.put(0)
    assert os.fstat(ends.mailbox.fileno()).st_nlink == 0


def test_where_memory_cannot_be_sealed_it_is_a_file_without_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with closing(Ends()) as ends:
        ends.put(0)
        assert ends.newest() == 0
        assert os.fstat(ends.mailbox.fileno()).st_nlink == 0
