"""How a policy is reached, by its address."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from lerecord.errors import ConfigError
from lerecord.policy.client.messages import Ask
from lerecord.policy.policy import Chunk, Policy, PolicyFeatures, PolicyInput


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


def _nearest(rest: str, token: str | None) -> Backend:
    def make() -> Policy:
        from lerecord.policy.nearest import NearestPolicy  # takes PyAV and pyarrow

        return NearestPolicy(Path(rest))

    return InProcess(make)


_KINDS: Mapping[str, Callable[[str, str | None], Backend]] = {"nearest": _nearest}
"""What an address begins with, to what makes a backend of its rest and the token."""


def backend_of(address: str, token: str | None) -> Backend:
    """The way to the policy at an address.

    Raises:
        ConfigError: there is no such kind of address.
    """
    kind, colon, rest = address.partition(":")
    if not colon or not rest or kind not in _KINDS:
        raise ConfigError(
            f"{address!r} is no address of a policy; it is one of nearest:DIR, ws://HOST:PORT and "
            f"lerobot://HOST:PORT."
        )
    return _KINDS[kind](rest, token)
