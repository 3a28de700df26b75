"""Which Ray does the work: the cluster that is named or was started here, or one of its own.

Ray itself would wait for minutes for a cluster that is gone, without a word.
"""

import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lerecord.errors import ConfigError

OWN = "local"
_AUTO = "auto"
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class RayCluster:
    """What `ray.init` is to join or to start.

    Attributes:
        address: that it is given; empty for the cluster that it finds where RAY_ADDRESS is not set.
        sentence: says which that is.
    """

    address: str
    sentence: str


def answers(address: str) -> bool:
    """True when something listens at HOST:PORT, or ray://HOST:PORT."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not port.isdecimal():
        return False
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _PATIENCE_S):
            return True
    except (OSError, OverflowError):
        return False


def ray_cluster(
    environ: Mapping[str, str], is_there: Callable[[str], bool] = answers
) -> RayCluster:
    """Find it as Ray does: by RAY_ADDRESS, else by the file that the last `ray start` has left.

    Raises:
        ConfigError: the one that was asked for cannot be reached.
    """
    named = environ.get("RAY_ADDRESS", "")
    last = _last_started(environ)
    if named == OWN:
        return RayCluster(OWN, "Ray works on this machine alone, for RAY_ADDRESS is local.")
    if named not in ("", _AUTO):
        if is_there(named):
            return RayCluster(
                named, f"Ray works on the cluster at {named}, which RAY_ADDRESS names."
            )
        raise ConfigError(
            f"No cluster of Ray can be reached at {named}, which RAY_ADDRESS names; start it, name "
            f"another one, or `unset RAY_ADDRESS` to work on this machine alone."
        )
    if last and is_there(last):
        return RayCluster("", f"Ray works on the cluster at {last}, which was started here.")
    if named != _AUTO:
        gone = f"; the cluster that was started here, at {last}, is gone" if last else ""
        return RayCluster(OWN, f"Ray works on this machine alone{gone}.")
    if last:
        raise ConfigError(
            f"RAY_ADDRESS is auto, but the cluster that was started here, at {last}, cannot be "
            f"reached; start it again, or name another one, as in RAY_ADDRESS=HOST:6379."
        )
    return RayCluster(_AUTO, "Ray works on a cluster that it finds here, for RAY_ADDRESS is auto.")


def _last_started(environ: Mapping[str, str]) -> str:
    """What Ray's own documentation calls the latest cluster started; empty where there is none."""
    elsewhere = environ.get("TMPDIR") if sys.platform == "linux" else ""
    folder = environ.get("RAY_TMPDIR") or elsewhere or "/tmp"
    try:
        return Path(folder, "ray", "ray_current_cluster").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
