"""The queue in virtual time: every test counts ticks, none looks at a clock."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lerecord.policy import (
    ChunkQueue,
    ChunkRequest,
    QueueSettings,
    QueueState,
)

DT = 1 / 30
STEP = 2.0
JOINTS = 3
GRIPPER = np.array([False, False, True])


def queue() -> ChunkQueue:
    made = ChunkQueue(QueueSettings(DT, np.full(JOINTS, STEP, np.float32), GRIPPER))
    made.reset(np.zeros(JOINTS, np.float32))
    return made


def ramp(begin: float, count: int, slope: float = 1.0) -> NDArray[np.float32]:
    steps = begin + slope * np.arange(count, dtype=np.float32)
    return np.repeat(steps[:, None], JOINTS, axis=1).astype(np.float32)


@dataclass
class Policy:
    """Answers every request some ticks later with the truth: joint = slope * plan tick."""

    queue: ChunkQueue
    latency: int
    horizon: int = 20
    slope: float = 0.5
    noise: float = 0.0
    sent: list[tuple[int, ChunkRequest]] = field(default_factory=list)
    seed: int = 0

    def run(self, ticks: int) -> list[NDArray[np.float32] | None]:
        generator = np.random.default_rng(self.seed)
        moved = []
        for tick in range(ticks):
            for due, asked in [each for each in self.sent if each[0] <= tick]:
                self.sent.remove((due, asked))
                truth = ramp(self.slope * asked.tick, self.horizon, self.slope)
                truth += generator.uniform(-self.noise, self.noise, (1, JOINTS))
                self.queue.offer(asked.seq, asked.epoch, truth, tick * DT)
            if (request := self.queue.request(tick * DT)) is not None:
                self.sent.append((tick + self.latency, request))
            moved.append(self.queue.next())
        return moved


def test_nothing_moves_before_the_first_chunk() -> None:
    fresh = queue()
    assert fresh.request(0.0) is not None
    assert [fresh.next() for _ in range(60)] == [None] * 60
    assert fresh.state is QueueState.WAITING
    assert fresh.counts.starved == 0


@pytest.mark.parametrize("latency", [1, 3, 8])
def test_a_policy_that_answers_in_time_never_starves(latency: int) -> None:
    driven = queue()
    moved = Policy(driven, latency).run(300)
    assert moved[:latency] == [None] * latency
    assert all(action is not None for action in moved[latency:])
    assert driven.counts.starved == driven.counts.late == driven.counts.malformed == 0
    path = np.array([action for action in moved if action is not None])
    np.testing.assert_allclose(path[:, 0], 0.5 * np.arange(len(path)), atol=1e-4)


def test_one_request_is_in_flight() -> None:
    fresh = queue()
    assert fresh.request(0.0) is not None
    assert fresh.request(DT) is None
    fresh.lost(1)
    again = fresh.request(2 * DT)
    assert again is not None
    assert again.seq == 2


def test_the_slowest_recent_answer_decides_when_the_next_is_asked_for() -> None:
    driven = queue()
    request = driven.request(0.0)
    assert request is not None
    driven.offer(request.seq, request.epoch, ramp(0, 20), 5.5 * DT)  # six ticks, rounded up
    left = 20
    while driven.request(0.0) is None:
        driven.next()
        left -= 1
    assert left == 6 + 4


def test_a_new_chunk_takes_over_without_a_jump() -> None:
    driven = queue()
    path = [
        action
        for action in Policy(driven, latency=4, horizon=16, slope=0.3, noise=2.0).run(400)
        if action is not None
    ]
    free = np.array(path)[:, ~GRIPPER]
    assert np.abs(np.diff(free, axis=0)).max() <= STEP + 1e-5
    assert np.abs(np.diff(free, n=2, axis=0)).max() < 0.5  # a jump would change it by up to 4


def test_a_new_chunk_takes_over_the_speed_of_the_old_one() -> None:
    driven = queue()
    first = driven.request(0.0)
    assert first is not None
    driven.offer(first.seq, first.epoch, ramp(0, 20), 0.0)
    path = [driven.next() for _ in range(18)]
    second = driven.request(0.0)
    assert second is not None
    driven.offer(second.seq, second.epoch, ramp(18, 40, -1.0), 0.0)
    path += [driven.next() for _ in range(30)]
    free = np.array(path)[:, ~GRIPPER]
    assert np.abs(np.diff(free, n=2, axis=0)).max() < 0.6  # at once it would be 2
    np.testing.assert_allclose(free[-1], 18 - 29)


def curve(tick: int, rows: int = 50) -> NDArray[np.float64]:
    seconds = (tick + np.arange(rows)[:, None]) * DT
    return np.asarray(40 * np.sin(2 * np.pi * seconds / np.array([3.0, 4.1, 5.3])))


def p99_of_acceleration(latency: int) -> float:
    """Of a policy that is the less right, the farther it looks ahead; in units a tick squared."""
    driven = ChunkQueue(
        QueueSettings(DT, np.full(JOINTS, 13.3, np.float32), np.zeros(JOINTS, bool))
    )
    driven.reset(curve(0)[0].astype(np.float32))
    generator = np.random.default_rng(0)
    path: list[NDArray[np.float32]] = []
    coming: list[tuple[int, ChunkRequest, NDArray[np.float64]]] = []
    for tick in range(900):
        while coming and coming[0][0] <= tick:
            _, asked, chunk = coming.pop(0)
            driven.offer(asked.seq, asked.epoch, chunk, tick * DT)
        if (asked_now := driven.request(tick * DT)) is not None:
            error = generator.normal(size=JOINTS) * (1 + np.arange(50)[:, None] / 12.5)
            coming.append((tick + latency, asked_now, curve(asked_now.tick) + error))
        if (action := driven.next()) is not None:
            path.append(action)
    assert driven.counts.starved == driven.counts.late == 0
    return float(np.percentile(np.abs(np.diff(np.array(path), n=2, axis=0)), 99))


@pytest.mark.parametrize("delay_ms", [100, 300, 800])
def test_a_late_policy_drives_about_as_smoothly_as_a_quick_one(delay_ms: int) -> None:
    quick = p99_of_acceleration(2)
    assert quick < 0.4
    assert p99_of_acceleration(2 + round(delay_ms / 1000 / DT)) <= 1.5 * quick


def test_an_arm_whose_answer_is_overdue_slows_down_before_it_holds() -> None:
    driven = queue()
    first = driven.request(0.0)
    assert first is not None
    driven.offer(first.seq, first.epoch, ramp(0, 20), 2 * DT)
    path = []
    while driven.state is not QueueState.STARVED:
        driven.request(0.0)
        path.append(driven.next())
    steps = np.diff([action[0] for action in path if action is not None])
    assert steps[0] == 1
    assert steps.min() >= 0
    assert np.diff(steps).min() > -0.3  # at once it would be -1
    assert steps[-1] <= 0.2 + 1e-5


def test_a_gripper_has_no_value_in_between() -> None:
    driven = queue()
    first = driven.request(0.0)
    assert first is not None
    driven.offer(first.seq, first.epoch, ramp(0, 20, 2.0), 2 * DT)
    path = []
    while driven.state is not QueueState.STARVED:
        driven.request(0.0)
        path.append(driven.next())
    seen = np.array([action for action in path if action is not None])
    assert (seen[:, ~GRIPPER] % 2 != 0).any()
    assert (seen[:, GRIPPER] % 2 == 0).all()


def test_grippers_are_not_blended() -> None:
    driven = queue()
    first = driven.request(0.0)
    assert first is not None
    driven.offer(first.seq, first.epoch, ramp(0, 4, 0.0), 0.0)
    for _ in range(2):
        driven.next()
    second = driven.request(0.0)
    assert second is not None
    driven.offer(second.seq, second.epoch, ramp(1.5, 8, 0.0), 0.0)
    action = driven.next()
    assert action is not None
    assert action.tolist() == pytest.approx([0.0, 0.0, 1.5])


def test_starving_holds_and_the_late_chunk_goes_on_where_the_arm_stands() -> None:
    driven = queue()
    first = driven.request(0.0)
    assert first is not None
    driven.offer(first.seq, first.epoch, ramp(0, 4), 0.0)
    for _ in range(4):
        driven.next()
    second = driven.request(0.0)
    assert second is not None
    assert [driven.next() for _ in range(9)] == [None] * 9
    starved = driven.state
    assert starved is QueueState.STARVED
    assert driven.counts.starved == 9
    assert driven.offer(second.seq, second.epoch, ramp(4, 20), 0.3)  # the plan clock stood still
    assert driven.next() == pytest.approx([3.0, 3.0, 4.0])
    assert driven.state is QueueState.RUNNING


def test_a_stall_believes_only_what_was_seen_after_it() -> None:
    driven = queue()
    first = driven.request(0.0)
    assert first is not None
    driven.offer(first.seq, first.epoch, ramp(0, 2), 0.0)
    driven.next()
    driven.next()
    before = driven.request(0.0)
    assert before is not None
    for _ in range(16):
        driven.next()
    assert driven.state is QueueState.STALLED
    assert not driven.offer(before.seq, before.epoch, ramp(2, 20), 1.0)
    assert driven.counts.outdated == 1
    assert driven.next() is None
    after = driven.request(1.0)
    assert after is not None
    assert driven.offer(after.seq, after.epoch, ramp(2, 20), 1.1)
    assert driven.next() is not None


def test_after_a_reset_nothing_of_before_moves_the_arm() -> None:
    driven = queue()
    first = driven.request(0.0)
    assert first is not None
    driven.offer(first.seq, first.epoch, ramp(0, 20), 0.0)
    driven.next()
    flying = driven.request(0.0) or first
    driven.reset(np.full(JOINTS, 50, np.float32))
    assert driven.next() is None
    assert not driven.offer(flying.seq, flying.epoch, ramp(0, 20), 0.2)
    assert driven.next() is None
    again = driven.request(0.3)
    assert again is not None
    driven.offer(again.seq, again.epoch, ramp(0, 20), 0.4)
    action = driven.next()
    assert action is not None
    assert np.abs(action - 50).max() <= STEP  # from where the arm stands


@pytest.mark.parametrize(
    "actions",
    [
        np.zeros((0, JOINTS)),
        np.zeros((5, JOINTS + 1)),
        np.zeros(JOINTS),
        np.full((5, JOINTS), np.nan),
        np.full((5, JOINTS), np.inf),
    ],
)
def test_what_is_no_chunk_is_counted_and_dropped(actions: NDArray[np.float64]) -> None:
    fresh = queue()
    request = fresh.request(0.0)
    assert request is not None
    assert not fresh.offer(request.seq, request.epoch, actions, 0.1)
    assert fresh.counts.malformed == 1
    assert fresh.next() is None
    assert fresh.request(0.2) is not None


def test_a_chunk_that_is_over_is_late() -> None:
    driven = queue()
    first = driven.request(0.0)
    assert first is not None
    driven.offer(first.seq, first.epoch, ramp(0, 40), 3 * DT)
    while (second := driven.request(0.0)) is None:
        driven.next()
    for _ in range(12):
        driven.next()
    assert not driven.offer(second.seq, second.epoch, ramp(0, 5), 1.0)
    assert driven.counts.late == 1


def test_a_horizon_that_cannot_bridge_the_latency_is_told() -> None:
    driven = queue()
    request = driven.request(0.0)
    assert request is not None
    driven.offer(request.seq, request.epoch, ramp(0, 10), 0.2)
    assert driven.too_short(10)
    assert not driven.too_short(13)


@settings(deadline=None)
@given(
    latency=st.lists(st.integers(0, 40), min_size=1, max_size=8),
    horizon=st.integers(1, 30),
    noise=st.floats(0, 50),
    seed=st.integers(0, 9),
)
def test_whatever_a_policy_does_no_step_is_too_long(
    latency: list[int], horizon: int, noise: float, seed: int
) -> None:
    driven = queue()
    policy = Policy(driven, 0, horizon, noise=noise, seed=seed)
    path = [np.zeros(JOINTS, np.float32)]
    for each in latency:
        policy.latency = each
        policy.sent.clear()
        driven.lost(driven.counts.requested)
        path += [action for action in policy.run(40) if action is not None]
    assert np.abs(np.diff(np.array(path), axis=0)).max(initial=0) <= STEP + 1e-5
