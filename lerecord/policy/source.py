"""The source that is a policy: it asks in time, plans on the answers, and holds without one."""

import numpy as np

from lerecord.control import Action, Driver, Observation
from lerecord.policy.chunk_queue import ChunkQueue, QueueCounts, QueueSettings, QueueState
from lerecord.policy.link import Answer, Lost, PolicyLink


class PolicySource:
    """The followers go where a policy sends them.

    It begins where the first chunk begins: the plan stands still until the followers are there,
    as it does whenever something has kept them from where they were sent.

    Args:
        link: to the policy.
        settings: of the queue between the two.
    """

    name = "policy"

    def __init__(self, link: PolicyLink, settings: QueueSettings) -> None:
        self._link = link
        self._queue = ChunkQueue(settings)
        self._had_arrived = False
        self._reason: str | None = None
        self._short: str | None = None
        self.lost = 0
        """Requests that were not answered."""
        self.is_done = False
        """The policy said that the task is done, since it last began to drive."""

    @property
    def counts(self) -> QueueCounts:
        """What became of the chunks."""
        return self._queue.counts

    @property
    def state(self) -> QueueState:
        """Whether the policy drives, or why it does not."""
        return self._queue.state

    @property
    def latency_s(self) -> float:
        """Seconds that the slowest of the recent answers took."""
        return self._queue.latency_s

    @property
    def complaint(self) -> str | None:
        """What is wrong with the policy, in a sentence; None when nothing is."""
        return self._reason or self._short

    def enter(self, observation: Observation) -> None:
        """Forget what was planned: somebody else has moved the followers."""
        self.is_done = False
        self._begin_again(observation)

    def next(self, observation: Observation) -> Action | None:
        """The action that is due; None while the policy has said nothing to do now."""
        self._listen(observation.tick.started)
        if self._had_arrived and not observation.arrived:
            self._begin_again(observation)
        self._had_arrived = observation.arrived
        if observation.state_valid and (observation.arrived or not self._queue.has_plan):
            self._ask(observation)
        queue = self._queue
        values = queue.next() if observation.arrived else queue.approach(observation.goal)
        if values is None:
            return None
        return Action(
            values,
            Driver.POLICY,
            policy_action=queue.said,
            policy_latency_s=queue.said_after_s,
        )

    def _begin_again(self, observation: Observation) -> None:
        self._had_arrived = False
        self._queue.reset(observation.state)

    def _ask(self, observation: Observation) -> None:
        request = self._queue.request(observation.tick.started)
        if request is not None:
            self._link.ask(request, observation)

    def _listen(self, now: float) -> None:
        while (said := self._link.poll()) is not None:
            if isinstance(said, Lost):
                self.lost += 1
                self._reason = said.reason
                self._queue.lost(said.seq)
            else:
                self._take(said, now)

    def _take(self, answer: Answer, now: float) -> None:
        malformed = self.counts.malformed
        if self._queue.offer(answer.seq, answer.epoch, answer.actions, now):
            self._reason = None
            self.is_done = self.is_done or answer.done
            self._short = self._too_short(len(answer.actions))
        elif self.counts.malformed > malformed:
            self._reason = (
                f"The policy sent {_shown(answer.actions)} instead of a chunk of actions, one "
                f"number a joint: the arm holds."
            )

    def _too_short(self, horizon: int) -> str | None:
        if self._queue.settings.stop_and_go or not self._queue.too_short(horizon):
            return None
        lasts_s = horizon * self._queue.settings.dt
        return (
            f"The policy takes up to {self.latency_s:.1f} s for chunks of {lasts_s:.1f} s, and the "
            f"arm will slow down or stop between them: let it answer in half of that, or send "
            f"longer chunks."
        )


def _shown(actions: np.ndarray) -> str:
    if not np.issubdtype(actions.dtype, np.number) or np.isfinite(actions).all():
        return f"an array of shape {actions.shape}"
    return "a number that is none"
