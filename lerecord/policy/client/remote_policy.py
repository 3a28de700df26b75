"""A policy, seen from the control loop: asked and heard without ever waiting."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from lerecord.control import Observation
from lerecord.policy.chunk_queue import ChunkRequest
from lerecord.policy.client.messages import (
    COMMANDS,
    EVENTS,
    Answered,
    Ask,
    Block,
    Failed,
    Opening,
    PolicyCamera,
    Ready,
    Unanswered,
)
from lerecord.policy.link import Answer, Lost
from lerecord.policy.policy import PolicyFeatures
from lerecord.processes import ChildProcess

_LOADED_AFTER_S = 600.0
_ANSWER_TIMEOUT_S = 12.0  # longer than the process itself waits for a server
_START_EVERY_S = 1.0


class RemotePolicy:
    """Starts the process of a policy, and another one when it dies or hangs: a `PolicyLink`.

    Args:
        address: `nearest:DIR`, `ws://HOST:PORT` or `lerobot://HOST:PORT`.
        task: what is to be done; may be changed between rollouts.
        cameras: what the policy may look through.
        token: with which a server is asked, if it wants one.
        rig: what the rig has, for servers that must be told.
        now: monotonic seconds.
        answer_timeout_s: after which a process that says nothing is ended.
    """

    def __init__(
        self,
        address: str,
        task: str,
        cameras: Sequence[PolicyCamera] = (),
        token: str | None = None,
        rig: PolicyFeatures | None = None,
        now: Callable[[], float] = time.monotonic,
        answer_timeout_s: float = _ANSWER_TIMEOUT_S,
    ) -> None:
        self.task = task
        self._opening = Opening(address, token, tuple(cameras), rig)
        self._now = now
        self._timeout_s = answer_timeout_s
        self._features: PolicyFeatures | None = None
        self._asked: tuple[int, float] | None = None
        self._heard: deque[Answer | Lost] = deque()
        self._reason: str | None = None
        self._start()

    def _start(self) -> None:
        self._started_at = self._now()
        self._is_ready = False
        mailboxes = tuple(camera.mailbox for camera in self._opening.cameras)
        self._child = ChildProcess("policy", inherits=mailboxes)
        self._child.send(COMMANDS.write(self._opening))

    def wait_until_ready(
        self,
        timeout_s: float = _LOADED_AFTER_S,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> PolicyFeatures:
        """Wait until the policy is reached or loaded; only before the loop runs.

        Args:
            timeout_s: how long.
            meanwhile: called again and again: loading may take minutes, and cameras talk on.

        Raises:
            LerecordError: it cannot be, and why.
        """
        ready: Ready = EVENTS.read(self._child.wait_for("ready", timeout_s, meanwhile))
        self._features = ready.features
        self._is_ready = True
        return ready.features

    @property
    def features(self) -> PolicyFeatures:
        """What the policy was made for; `wait_until_ready` first."""
        assert self._features is not None, "wait_until_ready first"
        return self._features

    @property
    def pid(self) -> int:
        """Id of its process."""
        return self._child.pid

    def ask(self, request: ChunkRequest, observation: Observation) -> None:
        """Send the request with what the rig measured; a request before it is forgotten."""
        self._asked = request.seq, self._now()
        ask = Ask(
            seq=request.seq,
            epoch=request.epoch,
            tick=request.tick,
            delay_ticks=request.delay_ticks,
            previous=request.previous,
            observed_at=observation.tick.started,
            state=Block.of(observation.state),
            left=Block.of(request.left),
            task=self.task,
        )
        self._child.offer(COMMANDS.write(ask))

    def poll(self) -> Answer | Lost | None:
        """What has come since the last call, one at a time."""
        for message in self._child.poll():
            self._hear(EVENTS.read(message))
        self._look_after()
        return self._heard.popleft() if self._heard else None

    def _hear(self, said: Ready | Answered | Unanswered | Failed) -> None:
        match said:
            case Ready(features):
                self._is_ready = features == self._features
                self._reason = None if self._is_ready else "It is another policy now."
            case Answered(seq, epoch, actions, done):
                self._over(seq)
                self._heard.append(Answer(seq, epoch, actions.array, done))
            case Unanswered(seq, reason):
                self._over(seq)
                self._heard.append(Lost(seq, reason))
            case Failed(message):
                self._reason = message

    def _over(self, seq: int) -> None:
        if self._asked is not None and self._asked[0] == seq:
            self._asked = None

    def _look_after(self) -> None:
        """Give up on a request that nobody works on, and start a process that answers."""
        now = self._now()
        waiting_s = 0.0 if self._asked is None else now - self._asked[1]
        if not self._child.running:
            self._give_up(f"The process of the policy has ended: {self._last_words()}")
            if now - self._started_at > _START_EVERY_S:
                self._restart()
        elif not self._is_ready:
            if waiting_s > _START_EVERY_S:
                self._give_up(f"The policy is being started again. {self._reason or ''}".rstrip())
            if now - self._started_at > _LOADED_AFTER_S:
                self._restart()
        elif waiting_s > self._timeout_s:
            self._give_up(
                f"The policy has not answered for {waiting_s:.0f} s; it is started again."
            )
            self._restart()

    def _give_up(self, reason: str) -> None:
        if self._asked is not None:
            self._heard.append(Lost(self._asked[0], reason))
            self._asked = None

    def _restart(self) -> None:
        self._child.close(timeout_s=0.0)
        self._start()

    def _last_words(self) -> str:
        return self._reason or (self._child.complaint().splitlines() or ["it said nothing."])[-1]

    def close(self) -> None:
        """End the process."""
        self._child.close(timeout_s=1.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
