"""The queue between a policy that answers when it can and an arm that moves at every tick.

A policy turns one observation into a chunk: actions for the next H ticks. While the arm executes
one chunk, the next is computed elsewhere, and joins where it arrives. The queue counts time in
executed actions, its plan clock: action k of a chunk belongs k plan ticks after its observation,
so what was executed while the policy was thinking is skipped, and while the arm holds nothing
ages. Nothing here reads a clock, a socket or an arm.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum, auto

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

_LATENCIES = 32


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
    blend_ticks: int = 10
    margin_ticks: int = 2
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
class _Plan:
    """The chunk that is executed, from plan tick `begin` on: as the policy said it, and blended.

    The answer took `latency_s`.
    """

    seq: int
    latency_s: float
    begin: int
    said: Vector
    actions: Vector

    def at(self, tick: int) -> Vector | None:
        place = tick - self.begin
        return self.actions[place] if 0 <= place < len(self.actions) else None

    def said_at(self, tick: int) -> Vector | None:
        place = tick - self.begin
        return self.said[place] if 0 <= place < len(self.said) else None

    def left(self, tick: int) -> int:
        return max(0, self.begin + len(self.actions) - tick)


@dataclass(slots=True, eq=False)
class ChunkQueue:
    """Asks for chunks in time, joins them, and gives one bounded action a tick.

    `reset` first, with the pose in which the arm stands; again whenever somebody else has moved it.
    """

    settings: QueueSettings
    counts: QueueCounts = field(default_factory=QueueCounts)
    state: QueueState = QueueState.WAITING
    _epoch: int = 0
    _tick: int = 0
    _last: Vector = field(default_factory=lambda: np.zeros(0, np.float32))
    _plan: _Plan | None = None
    _asked: tuple[ChunkRequest, float] | None = None
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
        left = self._plan.left(self._tick) if self._plan is not None else 0
        if self._asked is not None or not (self._refresh or left <= self._reserve):
            return None
        self._refresh = False
        plan = self._plan if left else None
        self.counts.requested += 1
        asked = ChunkRequest(
            seq=self.counts.requested,
            epoch=self._epoch,
            tick=self._tick,
            delay_ticks=0 if self.settings.stop_and_go else self.delay_ticks,
            previous=None if plan is None else plan.seq,
            left=self._last[None, :0] if plan is None else plan.actions[-left:],
        )
        self._asked = asked, now
        return asked

    def lost(self, seq: int) -> None:
        """The answer to a request will not come: the next tick may ask again."""
        if self._asked is not None and self._asked[0].seq == seq:
            self._asked = None

    def offer(self, seq: int, epoch: int, actions: NDArray[np.floating], now: float) -> bool:
        """Take a policy's answer (H, D); False when it must not be executed, which is counted."""
        if self._asked is None or self._asked[0].seq != seq or epoch != self._epoch:
            self.counts.outdated += 1
            return False
        asked, asked_at = self._asked
        self._asked = None
        latency_s = now - asked_at
        self._latencies.append(latency_s)
        shape_is_right = actions.ndim == 2 and actions.shape[1] == len(self._last)
        if not (shape_is_right and len(actions) and np.isfinite(actions).all()):
            self.counts.malformed += 1
            return False
        rest = np.array(actions[self._tick - asked.tick :], np.float32)
        if not len(rest):
            self.counts.late += 1
            return False
        self._plan = _Plan(seq, latency_s, self._tick, rest, self._blended(rest))
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
        due = self._plan.at(self._tick) if self._plan is not None else None
        if self._plan is None or due is None:
            self.said = None
            self._starve()
            return None
        self.said = self._plan.said_at(self._tick)
        step = self.settings.max_step
        self._last = np.clip(due, self._last - step, self._last + step).astype(np.float32)
        self._tick += 1
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

    def _blended(self, new: Vector) -> Vector:
        """Let the new chunk begin where the arm was about to go, and lead to where it wants to.

        The difference fades along a smooth step, so that neither position nor speed jumps. The
        first chunk of all is left alone: the arm approaches its beginning before it is executed.
        """
        if self.state is QueueState.WAITING:
            return new
        due = self._plan.at(self._tick) if self._plan is not None else None
        residual = np.where(
            self.settings.discrete, np.float32(0), (self._last if due is None else due) - new[0]
        )
        phase = np.minimum(np.arange(len(new)) / self.settings.blend_ticks, 1.0)
        fade = 1.0 - phase * phase * (3.0 - 2.0 * phase)
        blended: Vector = (new + fade[:, None] * residual).astype(np.float32)
        return blended

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
