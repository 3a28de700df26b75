"""A policy whose answers a test writes, at the other end of a link without wire or process."""

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lerecord.control import Observation
from lerecord.policy import Answer, ChunkRequest, Lost

Chunk = NDArray[np.float32]
Policy = Callable[[ChunkRequest, Observation], Chunk | str | None]
"""A chunk, why there is none, or None: it never answers."""


class ScriptedLink:
    """Answers each request as the policy says, some polled ticks later.

    Args:
        policy: what it answers.
        latency: ticks until the answer is there.
    """

    def __init__(self, policy: Policy, latency: int = 3) -> None:
        self.policy = policy
        self.latency = latency
        self.asked: list[ChunkRequest] = []
        self.done = False
        self._due: deque[tuple[int, Answer | Lost]] = deque()

    def ask(self, request: ChunkRequest, observation: Observation) -> None:
        """One more request is on its way."""
        self.asked.append(request)
        said = self.policy(request, observation)
        if said is not None:
            answer = (
                Lost(request.seq, said)
                if isinstance(said, str)
                else Answer(request.seq, request.epoch, said, self.done)
            )
            self._due.append((self.latency, answer))

    def poll(self) -> Answer | Lost | None:
        """The answer that is due; a tick passes with each call that finds none."""
        if self._due and self._due[0][0] <= 0:
            return self._due.popleft()[1]
        self._due = deque((ticks - 1, answer) for ticks, answer in self._due)
        return None


def towards(goal: Chunk, step: float = 1.0, horizon: int = 30) -> Policy:
    """Chunks that lead from where the arm is to a goal, so many units a tick."""

    def policy(request: ChunkRequest, observation: Observation) -> Chunk:
        far = np.abs(goal - observation.state).max()
        shares = np.minimum(1.0, step * np.arange(1, horizon + 1) / max(far, step))
        way = observation.state + shares[:, None] * (goal - observation.state)
        return np.asarray(way, np.float32)

    return policy
