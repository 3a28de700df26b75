import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.recording.recorder.tick_gap import Gaps

PERIOD_S = 1 / 30


class Bench:
    """A clock, and work on it that takes a time of processor and wall clock alike."""

    def __init__(self, tick: float = 0.0) -> None:
        self.time = tick
        self.slept: list[float] = []
        self.gaps = Gaps(PERIOD_S, lambda: self.time, self.sleep, lambda: self.time)
        self.gaps.tick = tick

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def work(self, seconds: float, times: int = 1) -> None:
        for _ in range(times):
            self.gaps.run(lambda: self.sleep_no_more(seconds))

    def sleep_no_more(self, seconds: float) -> None:
        self.time += seconds

    def into_the_period(self) -> float:
        return (self.time - self.gaps.tick) % PERIOD_S


def test_work_waits_for_the_next_tick_when_it_may_last_until_then() -> None:
    bench = Bench()
    bench.work(0.004, times=50)  # what it takes is known by now
    bench.time = 100 * PERIOD_S + 0.020
    bench.work(0.004)
    assert bench.time == pytest.approx(100 * PERIOD_S + 0.024)
    bench.slept.clear()
    bench.time = 200 * PERIOD_S + 0.028
    bench.work(0.004)
    assert len(bench.slept) == 1
    assert bench.into_the_period() == pytest.approx(0.15 * PERIOD_S + 0.004)


def test_work_that_fits_no_gap_is_never_held_up() -> None:
    bench = Bench()
    bench.work(0.030, times=50)
    bench.slept.clear()
    bench.work(0.030, times=50)
    assert bench.slept == []


def test_one_slow_piece_of_work_does_not_end_the_courtesy() -> None:
    bench = Bench()
    bench.work(0.004, times=50)
    bench.work(0.060)
    bench.time = 300 * PERIOD_S - 0.004
    bench.slept.clear()
    bench.work(0.004)
    assert len(bench.slept) == 1


@given(st.floats(0, 1e6), st.floats(0.0005, 0.015), st.lists(st.floats(0, 0.1), max_size=40))
def test_no_tick_finds_work_of_the_usual_length_running(
    tick: float, takes_s: float, pauses: list[float]
) -> None:
    bench = Bench(tick)
    bench.work(takes_s, times=100)
    for pause in pauses:
        bench.time += pause
        bench.work(takes_s)
        began = (bench.time - takes_s - tick) % PERIOD_S
        assert began + takes_s <= PERIOD_S + 1e-6
