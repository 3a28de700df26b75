"""The policies that can be served, by what their address begins with."""

from collections.abc import Callable, Mapping
from pathlib import Path

from lerecord.errors import ConfigError
from lerecord.policy.policy import Policy


def _nearest(rest: str) -> Policy:
    from lerecord.policy.nearest import NearestPolicy  # takes PyAV and pyarrow

    return NearestPolicy(Path(rest))


LOCAL: Mapping[str, Callable[[str], Policy]] = {"nearest": _nearest}
"""A new kind of policy is a class and a line here."""


def local_policy(address: str) -> Policy:
    """The policy of an address such as `nearest:DIR`, in this process.

    Raises:
        ConfigError: there is no such kind of policy.
    """
    kind, _, rest = address.partition(":")
    if not rest or kind not in LOCAL:
        kinds = " or ".join(f"{each}:DIR" for each in LOCAL)
        raise ConfigError(f"{address!r} is no policy that can be served; it is {kinds}.")
    return LOCAL[kind](rest)
