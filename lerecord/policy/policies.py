"""The policies that can be served, by what their address begins with."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lerecord.errors import ConfigError
from lerecord.policy.policy import Policy

LEROBOT_PYTHON = "LERECORD_LEROBOT_PYTHON"
"""The variable that names the Python of an environment with LeRobot."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How checkpoints of LeRobot are loaded.

    Attributes:
        python: of an environment with LeRobot; None: as the environment variable says.
        device: where the policy runs.
        dataset: what it was trained on; None: as the checkpoint says.
    """

    python: Path | None = None
    device: str = "cpu"
    dataset: Path | None = None


def _nearest(rest: str, options: LoadOptions) -> Policy:
    from lerecord.policy.nearest import NearestPolicy, kept_folder  # takes PyAV and pyarrow

    return NearestPolicy(Path(rest), kept_in=kept_folder(os.environ))


def _checkpoint(rest: str, options: LoadOptions) -> Policy:
    from lerecord.policy.checkpoint import CheckpointPolicy

    python = options.python or os.environ.get(LEROBOT_PYTHON)
    if not python:
        raise ConfigError(
            f"A checkpoint of LeRobot runs in LeRobot's own Python; name it with --lerobot PYTHON "
            f"or in {LEROBOT_PYTHON}."
        )
    return CheckpointPolicy(rest, Path(python), options.device, options.dataset)


LOCAL: Mapping[str, Callable[[str, LoadOptions], Policy]] = {
    "nearest": _nearest,
    "lerobot": _checkpoint,
}
"""A new kind of policy is a class and a line here."""

_USUAL = LoadOptions()


def local_policy(address: str, options: LoadOptions = _USUAL) -> Policy:
    """The policy of an address such as `nearest:DIR`, in this process.

    Raises:
        ConfigError: there is no such kind of policy.
    """
    kind, _, rest = address.partition(":")
    if not rest or kind not in LOCAL:
        kinds = " or ".join(f"{each}:DIR" for each in LOCAL)
        raise ConfigError(f"{address!r} is no policy that can be served; it is {kinds}.")
    return LOCAL[kind](rest, options)
