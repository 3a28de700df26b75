import threading

from hypothesis import given
from hypothesis import strategies as st

from lerecord.frame import Image
from lerecord.recording.recorder.image_ring import ImageRing


class Clock:
    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def image(captured_at: float, sequence: int = 0) -> Image:
    return Image(b"", captured_at, sequence)


def put_all(ring: ImageRing, images: list[tuple[float, int]]) -> None:
    for captured_at, sequence in images:
        ring.put(image(captured_at, sequence))


def test_the_newest_image_at_the_time_of_the_row_is_chosen() -> None:
    ring = ImageRing(Clock(0.0))
    for i in range(4):
        ring.put(image(i / 10, i))
    for row_time, sequence in ((0.0, 0), (0.05, 0), (0.1, 1), (0.299, 2)):
        chosen = ring.choose(row_time, 1.0)
        assert chosen is not None
        assert chosen.sequence == sequence


def test_a_camera_that_stalls_repeats_its_last_image_however_old() -> None:
    clock = Clock(0.0)
    ring = ImageRing(clock)
    ring.put(image(0.0, 7))
    clock.now_s = 30.0
    chosen = ring.choose(29.0, 0.05)
    assert chosen is not None
    assert chosen.sequence == 7


def test_a_camera_without_an_image_at_that_time_gives_none() -> None:
    ring = ImageRing(Clock(10.0))
    assert ring.choose(1.0, 0.05) is None
    ring.put(image(2.0))
    assert ring.choose(1.0, 0.05) is None


def test_the_choice_waits_for_an_image_that_is_still_on_its_way() -> None:
    ring = ImageRing(Clock(0.101))
    ring.put(image(0.0, 0))
    # Captured before the frame's time, handed over by the driver only after the frame was marked.
    on_its_way = [(0.09, 1), (0.12, 2)]
    late = threading.Timer(0.05, put_all, [ring, on_its_way])
    late.start()
    chosen = ring.choose(0.1, 5.0)
    late.join()
    assert chosen is not None
    assert chosen.sequence == 1


@given(
    st.lists(st.floats(0.001, 0.6), min_size=1, max_size=40),
    st.floats(0, 1),
)
def test_the_last_second_is_always_there_to_choose_from(gaps: list[float], back_s: float) -> None:
    ring = ImageRing(Clock(1e6))
    times = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    for i, captured_at in enumerate(times):
        ring.put(image(captured_at, i))
    row_time = times[-1] - back_s
    expected = [i for i, captured_at in enumerate(times) if captured_at <= row_time]
    chosen = ring.choose(row_time, 0.0)
    kept = [i for i, captured_at in enumerate(times) if captured_at >= times[-1] - 1.0]
    if expected and expected[-1] in kept:
        assert chosen is not None
        assert chosen.sequence == expected[-1]


def test_the_image_before_another_is_found_while_it_is_kept() -> None:
    ring = ImageRing()
    images = [Image(b"", 10.0 + number / 10, number) for number in range(25)]
    for each in images:
        ring.put(each)
    assert ring.before(images[24]) is images[23]
    assert ring.before(images[18]) is images[17]
    assert ring.before(images[14]) is None


def test_a_row_in_a_long_stall_has_its_image_when_the_next_one_is_there_already() -> None:
    ring = ImageRing()
    before, after = Image(b"", 10.0, 0), Image(b"", 14.0, 1)
    ring.put(before)
    ring.put(after)
    assert ring.choose(13.5, 0.0) is before
    ring.put(Image(b"", 15.5, 2))
    assert ring.choose(15.0, 0.0) is after
    assert ring.before(after) is None
