import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
import pytest

from lerecord.simulator.rigs import GRIPPER, REST, Pose, forward
from lerecord.simulator.scene import Motion, World, demonstration, return_home
from lerecord.simulator.scene.world import BOX_SIDE, GRIPPER_SPAN, ON_TARGET_M, TARGET, Box, Grip


class Driver(Protocol):
    world: World

    def play(self, motion: Motion) -> None: ...
    @property
    def now(self) -> float: ...

    def wait(self, seconds: float) -> None: ...


OPEN_AROUND_BOX = (0.0, 0.4, 1.4, 1.0, 0.0, 1.0)


def test_a_demonstration_through_an_ideal_follower_puts_the_box_on_the_target(
    teleoperation: Callable[[int], Driver],
) -> None:
    missed = []
    for seed in range(25):
        rig = teleoperation(seed)
        rig.play(return_home(rig.world.leader.pose(), seed))
        assert not rig.world.box_on_target()
        rig.play(demonstration(rig.world.leader.pose(), rig.world.box.flat_place(), seed))
        if not rig.world.box_on_target() or rig.world.box_to_target() > 0.01:
            missed.append((seed, rig.world.box_to_target()))
    assert missed == []


def test_without_a_follower_that_is_told_nothing_happens_to_the_box() -> None:
    world = World(3)
    before = world.box.place
    motion = demonstration(world.leader.pose(), world.box.flat_place(), 3)
    world.hand = motion.at
    for step in range(round(motion.duration_s * 30.0)):
        world.advance(step / 30.0)
    assert world.box.place == before
    assert world.follower.pose() == pytest.approx(REST)


def test_the_box_comes_to_another_place_each_time_and_the_same_for_a_seed() -> None:
    def places(seed: int) -> list[tuple[float, float, float]]:
        world = World(seed)
        found = [world.box.flat_place()]
        for _ in range(20):
            world.place_box()
            found.append(world.box.flat_place())
        return found

    assert len(set(places(1))) == 21
    assert places(1) == places(1)
    assert places(1) != places(2)
    for x, y, _ in places(1):
        assert math.hypot(x - TARGET[0], y - TARGET[1]) > 2.0 * ON_TARGET_M


class Hand:
    """A world whose follower is moved directly, as if by its servos."""

    def __init__(self) -> None:
        self.world = World(0)
        self.now = 0.0
        self.world.advance(self.now)

    def move(self, pose: Pose) -> None:
        for joint, coordinate in enumerate(pose):
            self.world.follower.hold(joint, coordinate)
        self.now += 0.01
        self.world.advance(self.now)

    def gripper(self, opening_m: float) -> None:
        self.move((*self.world.follower.pose()[:GRIPPER], opening_m / GRIPPER_SPAN))

    def opening_m(self) -> float:
        return self.world.follower.pose()[GRIPPER] * GRIPPER_SPAN

    def put_box_between(self, aside: float = 0.0) -> None:
        self.move(OPEN_AROUND_BOX)
        chain = forward(self.world.follower.pose())
        self.world.box.put(
            chain.tip[0] + aside * chain.across[0], chain.tip[1] + aside * chain.across[1], 0.0
        )
        self.world.box.centre[2] = chain.tip[2]


def test_closing_around_the_box_grips_it_and_stops_at_its_side() -> None:
    hand = Hand()
    hand.put_box_between()
    assert not hand.world.box.held
    for opening in (0.06, 0.04, 0.02, 0.0):
        hand.gripper(opening)
    assert hand.world.box.held
    assert hand.opening_m() == pytest.approx(BOX_SIDE, abs=0.002)


def test_a_box_in_the_air_is_not_on_the_target_and_says_so_in_plain_data() -> None:
    hand = Hand()
    hand.put_box_between()
    assert hand.world.box_on_target() is False  # NumPy's own False does not go into JSON


def test_closing_beside_the_box_grips_nothing() -> None:
    hand = Hand()
    hand.put_box_between(aside=0.06)
    hand.gripper(0.0)
    hand.gripper(0.0)
    assert not hand.world.box.held
    assert hand.opening_m() == pytest.approx(0.0)


def test_closing_fingers_push_the_box_to_their_middle() -> None:
    hand = Hand()
    hand.put_box_between(aside=0.012)
    for opening in (0.07, 0.05, 0.04, 0.036, 0.035):
        hand.gripper(opening)
    assert hand.world.box.held
    across = forward(hand.world.follower.pose()).in_hand(hand.world.box.place)[0]
    assert abs(across) < 0.002


def test_the_box_moves_with_the_hand_and_drops_straight_when_released() -> None:
    hand = Hand()
    hand.put_box_between()
    for opening in (0.05, 0.035):
        hand.gripper(opening)
    in_hand = forward(hand.world.follower.pose()).in_hand(hand.world.box.place)
    hand.move((0.5, 0.1, 1.2, 1.0, 0.3, 0.035 / GRIPPER_SPAN))
    assert hand.world.box.held
    moved = forward(hand.world.follower.pose()).in_hand(hand.world.box.place)
    assert moved == pytest.approx(in_hand, abs=1e-6)
    x, y, z = hand.world.box.place
    assert z > BOX_SIDE
    hand.gripper(0.06)
    heights = []
    for _ in range(60):
        heights.append(hand.world.box.place[2])
        hand.gripper(0.06)
    assert not hand.world.box.held
    assert heights == sorted(heights, reverse=True)
    assert hand.world.box.place == pytest.approx((x, y, BOX_SIDE / 2.0), abs=1e-6)
    assert hand.world.box.axes[:, 2] == pytest.approx([0.0, 0.0, 1.0])


def test_on_target_means_lying_on_the_square() -> None:
    world = World(0)
    world.box.put(TARGET[0] + ON_TARGET_M - 0.001, TARGET[1], 0.0)
    assert world.box_on_target()
    world.box.put(TARGET[0] + ON_TARGET_M + 0.001, TARGET[1], 0.0)
    assert not world.box_on_target()
    world.box.put(*TARGET, 0.0)
    world.box.take(forward(world.follower.pose()))
    assert not world.box_on_target()


def test_a_box_keeps_its_yaw_when_it_is_put_down() -> None:
    box = Box()
    box.put(0.1, 0.2, 0.3)
    assert box.flat_place() == pytest.approx((0.1, 0.2, 0.3))
    box.take(forward(OPEN_AROUND_BOX))
    box.release(0.0)
    assert box.flat_place()[2] == pytest.approx(0.3)
    assert np.linalg.det(box.axes) == pytest.approx(1.0)


@pytest.mark.parametrize(("torque", "opens"), [(True, 0.5), (False, 0.8)])
def test_a_trigger_springs_back_by_its_torque_and_without_it_the_hand_opens_it(
    teleoperation: Callable[[int], Driver], torque: bool, opens: float
) -> None:
    rig = teleoperation(0)
    pose = (*rig.world.leader.pose()[:GRIPPER], 0.1)
    rig.world.hand = lambda now: Grip(pose, True)
    rig.wait(0.5)
    assert rig.world.leader.pose()[GRIPPER] == pytest.approx(0.1)
    rig.world.leader.servos[GRIPPER].write(64, bytes([torque]))
    if torque:  # torque on makes the goal the present position: set it again, as a driver does
        goal = rig.world.leader.calibration()["gripper"]
        middle = (goal.range_min + goal.range_max) // 2
        rig.world.leader.servos[GRIPPER].write(116, middle.to_bytes(4, "little"))
    rig.world.hand = lambda now: Grip((*pose[:GRIPPER], 0.8), False)
    rig.wait(1.0)
    assert rig.world.leader.pose()[GRIPPER] == pytest.approx(opens, abs=0.01)


def test_a_trigger_that_springs_back_never_jumps_in_a_demonstration(
    teleoperation: Callable[[int], Driver],
) -> None:
    rig = teleoperation(3)
    rig.play(return_home(rig.world.leader.pose(), 3))
    openings = [rig.world.leader.pose()[GRIPPER]]
    motion = demonstration(rig.world.leader.pose(), rig.world.box.flat_place(), 3)
    start = rig.now
    rig.world.hand = lambda now: motion.at(now - start)
    for _ in range(round((motion.duration_s + 0.3) * 30)):
        rig.wait(1 / 30)
        openings.append(rig.world.leader.pose()[GRIPPER])
    rig.world.hand = None
    rig.wait(0.5)
    openings.append(rig.world.leader.pose()[GRIPPER])
    velocity = np.diff(openings) * 30
    assert max(abs(velocity)) < 3.0
    assert max(abs(np.diff(velocity) * 30)) < 25.0
    assert min(openings) < 0.2
    assert max(openings) > 0.6
