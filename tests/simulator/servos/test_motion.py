import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.simulator.servos.motion import RESPONSE_S, approach, sink, track

COUNTS = st.floats(-5000.0, 5000.0)
SPEED = st.floats(1.0, 10_000.0)
SECONDS = st.floats(0.0, 2.0)


@given(COUNTS, COUNTS, SPEED, SECONDS, SECONDS)
def test_two_steps_are_one_long_step(
    start: float, goal: float, speed: float, first: float, second: float
) -> None:
    halfway = track(start, goal, speed, first)
    at_once = track(start, goal, speed, first + second)
    assert track(halfway, goal, speed, second) == pytest.approx(at_once, abs=1e-6)


@given(COUNTS, COUNTS, SPEED, SECONDS)
def test_it_never_overshoots_and_never_exceeds_its_speed(
    start: float, goal: float, speed: float, elapsed: float
) -> None:
    end = track(start, goal, speed, elapsed)
    assert min(start, goal) - 1e-6 <= end <= max(start, goal) + 1e-6
    assert abs(end - start) <= speed * elapsed + 1e-6


def test_a_small_error_decays_with_the_time_constant() -> None:
    assert track(0.0, 10.0, 1e6, RESPONSE_S) == pytest.approx(10.0 * (1.0 - math.exp(-1.0)))


def test_a_large_error_is_driven_at_the_speed_limit() -> None:
    assert track(0.0, -4000.0, 1000.0, 0.5) == pytest.approx(-500.0)


def test_without_speed_nothing_moves() -> None:
    assert track(5.0, 900.0, 0.0, 1.0) == 5.0


def test_a_velocity_comes_near_its_goal() -> None:
    assert approach(0.0, 100.0, RESPONSE_S) == pytest.approx(100.0 * (1.0 - math.exp(-1.0)))


@given(COUNTS, COUNTS)
def test_a_joint_sinks_to_its_bottom_and_stays(start: float, bottom: float) -> None:
    assert sink(start, bottom, 60.0) == pytest.approx(bottom, abs=1e-9)
    assert sink(bottom, bottom, 1.0) == bottom
