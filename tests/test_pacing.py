from hypothesis import given
from hypothesis import strategies as st

from lerecord.pacing import Clocks, Pacer, StallWatch, Tick, boottime


class Clock:
    """A clock that only sleeping and working advance; a look at it costs a microsecond."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def now(self) -> float:
        self.now_s += 1e-6
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds


def run(work_s: list[float], fps: float = 30.0) -> list[Tick]:
    clock = Clock()
    ticks = []
    for tick, work in zip(Pacer(fps, clock.now, clock.sleep), [*work_s, 0.0], strict=False):
        ticks.append(tick)
        clock.now_s += work
    return ticks


def test_ticks_stand_on_an_absolute_grid() -> None:
    ticks = run([0.001, 0.02, 0.0, 0.033, 0.01] * 200)
    for tick in ticks:
        assert abs(tick.due - (ticks[0].due + tick.index / 30.0)) < 1e-9
        assert 0 <= tick.started - tick.due < 1e-4
    assert all(tick.missed == 0 for tick in ticks)


def test_a_stall_is_counted_and_makes_no_burst() -> None:
    ticks = run([0.0, 0.35, 0.0, 0.0])
    assert [tick.missed for tick in ticks] == [0, 0, 9, 0, 0]
    assert [tick.index for tick in ticks] == [0, 1, 11, 12, 13]


@given(st.lists(st.floats(0, 0.5), max_size=40), st.sampled_from([10.0, 30.0, 60.0, 200.0]))
def test_every_slot_is_either_handed_out_or_missed(work_s: list[float], fps: float) -> None:
    ticks = run(work_s, fps)
    assert ticks[-1].index + 1 == len(ticks) + sum(tick.missed for tick in ticks)
    assert all(tick.started >= tick.due for tick in ticks)
    # A slot that is handed out late is less than a period late: else it had been missed.
    assert all(tick.started - tick.due < 1 / fps + 1e-5 for tick in ticks)


SECONDS = st.floats(0.0, 1e4)


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=10))
def test_a_stall_is_as_long_as_the_clock_says_that_counted_more(
    passed: list[tuple[float, float]],
) -> None:
    monotonic, boottime_s = [50.0], [9000.0]
    watch = StallWatch(Clocks(lambda: monotonic[0], lambda: boottime_s[0]))
    assert watch.look() == 0.0
    for by_monotonic, by_boottime in passed:
        monotonic[0] += by_monotonic
        boottime_s[0] += by_boottime
        assert abs(watch.look() - max(by_monotonic, by_boottime)) < 1e-6
    monotonic[0] += 7.0
    watch.restart()
    assert watch.look() == 0.0


def test_the_clock_that_counts_suspend_goes_on() -> None:
    first = boottime()
    assert boottime() >= first > 0.0
