"""A policy's process: asks the policy what the loop wants to know, and waits in its stead."""

import os
import threading
from collections.abc import Iterator, Sequence

import cv2

from lerecord.errors import LerecordError
from lerecord.policy.client.backends import Backend, backend_of
from lerecord.policy.client.messages import (
    COMMANDS,
    EVENTS,
    Answered,
    Ask,
    Block,
    Failed,
    Opening,
    Ready,
    Unanswered,
)
from lerecord.policy.client.sight import Sight
from lerecord.policy.policy import PolicyFeatures, PolicyInput
from lerecord.processes import messages, tell

_NICENESS = 5  # behind the loop and the cameras
_LOOK_EVERY_S = 0.5
_MOST_NUMBERS = 1 << 16  # in a chunk: the loop must not spend its tick on reading it


class _Asks:
    """What the loop asks: the newest wins; the process ends when nothing more will come."""

    def __init__(self, arriving: Iterator[Ask]) -> None:
        self._arriving = arriving
        self._newest: Ask | None = None
        self._changed = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self, timeout_s: float) -> Ask | None:
        """The newest one; None when there is none in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None, timeout_s)
            ask, self._newest = self._newest, None
            return ask

    def _listen(self) -> None:
        for ask in self._arriving:
            with self._changed:
                self._newest = ask
                self._changed.notify()
        os._exit(0)  # a policy that hangs must not keep the process


class _Conversation:
    """With one policy, which may go and come back."""

    def __init__(self, backend: Backend, sight: Sight) -> None:
        self._backend = backend
        self._sight = sight
        self._features: PolicyFeatures = backend.open()
        self._is_open = True
        tell(EVENTS.write(Ready(self._features)))

    def answer(self, ask: Ask) -> Answered | Unanswered:
        """What comes of a request."""
        try:
            if not self._is_open:
                self._open_again()
            images = self._sight.images(self._features.cameras, ask.observed_at)
            self._is_open = False  # until it has answered
            chunk = self._backend.infer(ask, PolicyInput(ask.state.array, images, ask.task))
            self._is_open = True
        except LerecordError as error:
            return Unanswered(ask.seq, str(error))
        if chunk.actions.size > _MOST_NUMBERS:
            return Unanswered(ask.seq, f"The policy sent {chunk.actions.size} numbers at once.")
        return Answered(ask.seq, ask.epoch, Block.of(chunk.actions), chunk.done)

    def _open_again(self) -> None:
        features = self._backend.open()
        if features != self._features:
            raise LerecordError(
                "Another policy is served at this address now, made for other joints, cameras or "
                "another rate; end the rollout and start it again."
            )
        self._is_open = True


def main(arguments: Sequence[str]) -> int:
    """Answer until the end of stdin; the exit status."""
    os.nice(_NICENESS)
    cv2.setNumThreads(1)
    arriving = (COMMANDS.read(message) for message in messages())
    opening: Opening = next(arriving)
    asks = _Asks(arriving)
    try:
        sight = Sight(opening.cameras)
        conversation = _Conversation(backend_of(opening), sight)
    except LerecordError as error:
        tell(EVENTS.write(Failed(str(error))))
        return 2
    while True:
        ask = asks.next(_LOOK_EVERY_S)
        if ask is None:
            sight.keep_awake()
        else:
            tell(EVENTS.write(conversation.answer(ask)))
