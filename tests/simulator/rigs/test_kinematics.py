import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.simulator.rigs import UnreachableError, forward, inverse
from lerecord.simulator.rigs.kinematics import HAND

RADII = st.floats(0.16, 0.25)
ANGLES = st.floats(-math.pi / 3.0, math.pi / 3.0)
HEIGHTS = st.floats(0.01, 0.11)
YAWS = st.floats(-math.pi, math.pi)
POSES = st.tuples(*[st.floats(-math.pi, math.pi)] * 5)
DOWN = math.radians(162.0)


@given(RADII, ANGLES, HEIGHTS, YAWS)
def test_the_tips_come_where_they_are_wanted(
    radius: float, angle: float, height: float, yaw: float
) -> None:
    tip = (radius * math.cos(angle), radius * math.sin(angle), height)
    pose = inverse(tip, DOWN, yaw)
    chain = forward(pose)
    assert chain.tip == pytest.approx(tip, abs=1e-9)
    assert sum(pose[1:4]) == pytest.approx(DOWN)


@given(RADII, ANGLES, YAWS)
def test_the_fingers_open_along_a_side_of_the_box(radius: float, angle: float, yaw: float) -> None:
    pose = inverse((radius * math.cos(angle), radius * math.sin(angle), 0.02), math.pi, yaw)
    across = forward(pose).across
    assert math.sin(2.0 * (math.atan2(across[1], across[0]) - yaw)) == pytest.approx(0.0, abs=1e-9)
    assert abs(pose[4]) <= math.pi / 4.0 + 1e-9


@given(POSES)
def test_the_hand_has_three_axes_at_right_angles(pose: tuple[float, ...]) -> None:
    hand = forward(pose).hand()
    assert hand.T @ hand == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(hand) == pytest.approx(1.0)


@given(POSES)
def test_a_point_seen_from_the_hand(pose: tuple[float, ...]) -> None:
    chain = forward(pose)
    assert chain.in_hand(chain.tip) == pytest.approx((0.0, 0.0, 0.0))
    assert chain.in_hand(chain.wrist) == pytest.approx((0.0, 0.0, -HAND))


def test_a_straight_arm_stands_upright() -> None:
    chain = forward((0.0, 0.0, 0.0, 0.0, 0.0))
    assert chain.tip == pytest.approx((0.0, 0.0, 0.10 + 0.14 + 0.14 + 0.14))


def test_positive_pan_turns_to_the_left_and_positive_lift_leans_forward() -> None:
    x, y, _ = forward((0.5, 0.5, 0.0, 0.0, 0.0)).tip
    assert x > 0.0
    assert y > 0.0


@pytest.mark.parametrize("tip", [(0.6, 0.0, 0.02), (0.0, 0.3, 0.5)])
def test_what_is_too_far_is_refused(tip: tuple[float, float, float]) -> None:
    with pytest.raises(UnreachableError, match="does not reach"):
        inverse(tip, DOWN, 0.0)
