"""How a policy is reached, by its address."""

from collections.abc import Callable, Mapping
from typing import Protocol

from lerecord.errors import ConfigError
from lerecord.policy.client.messages import Ask, Opening
from lerecord.policy.policies import LOCAL, local_policy
from lerecord.policy.policy import Chunk, Policy, PolicyFeatures, PolicyInput
from lerecord.secrets import without_secrets


class Backend(Protocol):
    """A way to a policy; a new kind of address is one class and a line in the table."""

    def open(self) -> PolicyFeatures:
        """Reach it, or reach it again.

        Raises:
            LerecordError: it is not there, or not what it should be.
        """
        ...

    def infer(self, ask: Ask, observation: PolicyInput) -> Chunk:
        """Its answer.

        Raises:
            LerecordError: there is none; `open` is called before it is asked again.
        """
        ...


class InProcess:
    """A policy that runs in this process."""

    def __init__(self, make: Callable[[], Policy]) -> None:
        self._make = make
        self._policy: Policy | None = None
        self._epoch: int | None = None

    def open(self) -> PolicyFeatures:
        """Load it, once."""
        if self._policy is None:
            self._policy = self._make()
        return self._policy.features

    def infer(self, ask: Ask, observation: PolicyInput) -> Chunk:
        """Its answer; what it saw in an epoch that is over does not count any more."""
        assert self._policy is not None
        if ask.epoch != self._epoch:
            self._epoch = ask.epoch
            self._policy.reset()
        return self._policy.infer(observation)


def _in_process(opening: Opening) -> Backend:
    return InProcess(lambda: local_policy(opening.address))


def _websocket(opening: Opening) -> Backend:
    from lerecord.policy.client.websocket import WebsocketBackend

    return WebsocketBackend(opening.address, opening.token)


def _lerobot_server(opening: Opening) -> Backend:
    from lerecord.policy.lerobot import LerobotBackend

    return LerobotBackend(opening.address, opening.rig)


_KINDS: Mapping[str, Callable[[Opening], Backend]] = {
    "ws://": _websocket,
    "wss://": _websocket,
    "lerobot://": _lerobot_server,
    **{f"{kind}:": _in_process for kind in LOCAL},
}
"""What an address begins with, to what makes a backend of it; the first one that fits."""


def backend_of(opening: Opening) -> Backend:
    """The way to the policy at an address.

    Raises:
        ConfigError: there is no such kind of address, or it is not complete.
    """
    for kind, make in _KINDS.items():
        if opening.address.startswith(kind) and opening.address != kind:
            return make(opening)
    raise ConfigError(
        f"{without_secrets(opening.address)!r} is no address of a policy; it is one of "
        f"nearest:DIR, lerobot:DIR, ws://HOST:PORT and lerobot://HOST:PORT."
    )
