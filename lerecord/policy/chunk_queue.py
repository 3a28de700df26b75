"""The queue between a policy that answers when it can and an arm that moves at every tick.

A policy turns one observation into a chunk: actions for the next H ticks. While the arm executes
one chunk, the next is computed elsewhere, and joins where it arrives. The queue counts time in
executed actions, its plan clock: action k of a chunk belongs k plan ticks after its observation,
so what was executed while the policy was thinking is skipped, and while the arm holds nothing
ages. Where the plan would run out before the next answer, its clock runs slower, so that the arm
slows down along the plan. Nothing here reads a clock, a socket or an arm.
"""

import math
import statistics
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum, auto

import numpy as np
from numpy.typing import NDArray

from lerecord.policy.plan import Plan, Vector, joined, rows_from

_LATENCIES = 32
_SLOWEST_PACE = 0.2


class QueueState(StrEnum):
    """What the queue gives at the moment."""

    WAITING = auto()  # for the first chunk since the start or the last reset
    RUNNING = auto()
    STARVED = auto()  # the plan has run out: the arm holds
    STALLED = auto()  # starved for so long that only a new observation may move the arm again


@dataclass(frozen=True, slots=True, eq=False)
class QueueSettings:
    """How a queue plans.

    Attributes:
        dt: seconds between two ticks.
        max_step: (D,) how far each joint may move in one tick.
        discrete: (D,) bool; joints that are never blended, such as grippers.
        blend_ticks: over which a new chunk takes over from the old one.
        margin_ticks: by which a chunk is asked for earlier than the slowest recent answer needs.
        stalled_after_s: of starving.
        stop_and_go: ask only when the plan has run out, so that the arm holds while the policy
            thinks; what asynchronous driving is compared with.
    """

    dt: float
    max_step: Vector
    discrete: NDArray[np.bool_]
    blend_ticks: int = 15
    margin_ticks: int = 4
    stalled_after_s: float = 0.5
    stop_and_go: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ChunkRequest:
    """What is asked of the policy, together with the observation of this tick.

    Attributes:
        seq: number of the request.
        epoch: what the answer must carry to be believed.
        tick: of the plan clock at the observation.
        delay_ticks: how many actions will have been executed when the answer is here, most likely.
        previous: seq of the chunk that is executed meanwhile; None when there is none.
        left: (R, D) what is left of it, for policies that continue it (real-time chunking).
    """

    seq: int
    epoch: int
    tick: int
    delay_ticks: int
    previous: int | None
    left: Vector


@dataclass(slots=True)
class QueueCounts:
    """What has happened since the queue was made.

    Attributes:
        requested, accepted: chunks.
        starved: ticks in which the plan had run out.
        late: chunks of which everything was over when they arrived.
        outdated: chunks of an epoch that is over, or that nobody asked for.
        malformed: chunks with a number that is none, or another shape.
    """

    requested: int = 0
    accepted: int = 0
    starved: int = 0
    late: int = 0
    outdated: int = 0
    malformed: int = 0


@dataclass(slots=True, eq=False)
class _Asked:
    """A request under way: since when, from which plan tick, and how many ticks have gone by."""

    request: ChunkRequest
    now: float
    tick: float
    waited: int = 0


@dataclass(slots=True, eq=False)
class ChunkQueue:
    """Asks for chunks in time, joins them, and gives one bounded action a tick.

    `reset` first, with the pose in which the arm stands; again whenever somebody else has moved it.
    """

    settings: QueueSettings
    counts: QueueCounts = field(default_factory=QueueCounts)
    state: QueueState = QueueState.WAITING
    _epoch: int = 0
    _tick: float = 0.0
    _last: Vector = field(default_factory=lambda: np.zeros(0, np.float32))
    _plan: Plan | None = None
    _asked: "_Asked | None" = None
    _latencies: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))
    _starving: int = 0
    _refresh: bool = False
    said: Vector | None = None
    """What the policy said of the last tick (D,), before it was blended and bounded."""

    def reset(self, pose: Vector) -> None:
        """Forget the plan and whatever is on its way; the arm stands at `pose` (D,)."""
        self._last = np.array(pose, np.float32)
        self._forget()
        self.state = QueueState.WAITING

    def request(self, now: float) -> ChunkRequest | None:
        """What to ask with the observation of this tick; None when nothing is to be asked.

        Args:
            now: monotonic seconds, of the same clock as `offer`'s.
        """
        left = self._plan.left(self._tick) if self._plan is not None else 0.0
        if self._asked is not None or not (self._refresh or left <= self._reserve):
            return None
        self._refresh = False
        plan = self._plan if left else None
        self.counts.requested += 1
        asked = ChunkRequest(
            seq=self.counts.requested,
            epoch=self._epoch,
            tick=int(self._tick),
            delay_ticks=0 if self.settings.stop_and_go else self.delay_ticks,
            previous=None if plan is None else plan.seq,
            left=self._last[None, :0] if plan is None else plan.rest(self._tick),
        )
        self._asked = _Asked(asked, now, self._tick)
        return asked

    def lost(self, seq: int) -> None:
        """The answer to a request will not come: the next tick may ask again."""
        if self._asked is not None and self._asked.request.seq == seq:
            self._asked = None

    def offer(self, seq: int, epoch: int, actions: NDArray[np.floating], now: float) -> bool:
        """Take a policy's answer (H, D); False when it must not be executed, which is counted."""
        if self._asked is None or self._asked.request.seq != seq or epoch != self._epoch:
            self.counts.outdated += 1
            return False
        asked, self._asked = self._asked, None
        latency_s = now - asked.now
        self._latencies.append(latency_s)
        shape_is_right = actions.ndim == 2 and actions.shape[1] == len(self._last)
        if not (shape_is_right and len(actions) and np.isfinite(actions).all()):
            self.counts.malformed += 1
            return False
        said, discrete = np.array(actions, np.float32), self.settings.discrete
        rest = rows_from(said, self._tick - asked.tick, discrete)
        if not len(rest):
            self.counts.late += 1
            return False
        self._plan = Plan(seq, latency_s, self._tick, rest, self._joined(rest), discrete)
        self.counts.accepted += 1
        return True

    def approach(self, goal: Vector) -> Vector | None:
        """Where the plan goes on, while the arm, sent to `goal` (D,), is still on its way there.

        The plan clock stands still, and the plan is asked for anew once the arm has come.
        """
        self._last = np.array(goal, np.float32)
        self.said = None if self._plan is None else self._plan.said_at(self._tick)
        self._refresh = self.said is not None and not self.settings.stop_and_go
        return self.said

    def next(self) -> Vector | None:
        """The action of this tick, at most a step from the last one; None: hold."""
        if self._asked is not None:
            self._asked.waited += 1
        due = self._plan.at(self._tick) if self._plan is not None else None
        if self._plan is None or due is None:
            self.said = None
            self._starve()
            return None
        self.said = self._plan.said_at(self._tick)
        step = self.settings.max_step
        self._last = np.clip(due, self._last - step, self._last + step).astype(np.float32)
        self._tick += self._pace(self._plan)
        self._starving = 0
        self.state = QueueState.RUNNING
        return self._last

    @property
    def has_plan(self) -> bool:
        """There is something left to do."""
        return self._plan is not None and self._plan.left(self._tick) > 0

    @property
    def said_after_s(self) -> float | None:
        """Seconds that the answer took in which `said` was; None when nothing was said."""
        return None if self.said is None or self._plan is None else self._plan.latency_s

    @property
    def latency_s(self) -> float:
        """Seconds that the slowest of the recent answers took; 0 before the first."""
        return max(self._latencies, default=0.0)

    @property
    def delay_ticks(self) -> int:
        """Ticks that the slowest of the recent answers took."""
        return math.ceil(self.latency_s / self.settings.dt)

    def too_short(self, horizon: int) -> bool:
        """Chunks of that many actions cannot bridge the policy's latency with any reserve."""
        return horizon * self.settings.dt < 2 * self.latency_s

    @property
    def _reserve(self) -> int:
        """Actions that are left when the next chunk is asked for."""
        return 0 if self.settings.stop_and_go else self.delay_ticks + self.settings.margin_ticks

    def _pace(self, plan: Plan) -> float:
        """By how much the plan clock goes on: less where the plan would run out before the answer.

        What is left is spread over the ticks until the answer is likely to be here; over a few
        more and more slowly once it is overdue.
        """
        if self._asked is None or self.settings.stop_and_go:
            return 1.0
        usual = statistics.median(self._latencies) / self.settings.dt if self._latencies else 0.0
        ahead = max(usual - self._asked.waited, 0.0) + max(self.settings.margin_ticks, 1)
        return min(1.0, max(_SLOWEST_PACE, (plan.left(self._tick) - 1.0) / ahead))

    def _joined(self, new: Vector) -> Vector:
        """The new chunk, from where the arm was about to go; the first one of all as it is.

        The arm approaches the beginning of that before it is executed.
        """
        if self.state is QueueState.WAITING:
            return new
        due = self._plan.at(self._tick) if self._plan is not None else None
        last = self._last
        motion = (last, np.zeros_like(last)) if due is None else (due, due - last)
        return joined(new, motion, self.settings.blend_ticks, self.settings.discrete)

    def _starve(self) -> None:
        if self.state is QueueState.WAITING:
            return
        self.counts.starved += 1
        self._starving += 1
        if self.state is QueueState.STALLED:
            return
        self.state = QueueState.STARVED
        starving_s = self._starving * self.settings.dt
        if starving_s > self.settings.stalled_after_s and not self.settings.stop_and_go:
            self._forget()  # what is on its way was seen before: the scene has gone on without us
            self.state = QueueState.STALLED

    def _forget(self) -> None:
        self._epoch += 1
        self._plan = None
        self._asked = None
        self._starving = 0
