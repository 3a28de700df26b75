"""An episode's summary in capture/health.jsonl."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format.camera_health import camera_health, same_views
from lerecord.dataset.format.metadata import line_of
from lerecord.dataset.format.sidecar import Sidecar

_DRIVERS = {2: "policy", 3: "person", 255: "nobody"}
"""Numbers of the column `source` in rollouts."""
_UNTOLD = np.empty(0, np.uint8)  # an older recording does not say it


def health_line(episode: int, sidecar: Sidecar) -> bytes:
    """One line of capture/health.jsonl: how well the episode was recorded."""
    return line_of({"episode_index": episode, **health_of(sidecar)})


def health_of(sidecar: Sidecar) -> dict[str, Any]:
    """What that line says, without the index."""
    frames = sidecar.frames
    late = frames.lateness_s
    return {
        "rows": len(sidecar),
        "salvaged": bool(sidecar.facts.get("salvaged", False)),
        "missed": int(frames.missed.sum()),
        "unmeasured": int((~frames.measured).sum()),
        "retries": int(frames.retries.sum()),
        "bus": {name: int(each.sum()) for name, each in frames.faults.items()},
        "lateness_s": {
            "p50": round(float(np.percentile(late, 50)), 6),
            "p99": round(float(np.percentile(late, 99)), 6),
            "max": round(float(late.max()), 6),
        },
        "cameras": {
            name: camera_health(track, frames.started) for name, track in sidecar.tracks.items()
        },
        "same_views": same_views(sidecar.tracks),
        **who_drove(frames.values.get("source", _UNTOLD)),
        **_thought(frames.policy_latency_s),
    }


def who_drove(source: NDArray[np.uint8]) -> dict[str, dict[str, int]]:
    """Frames of a rollout by who drove them; nothing of other episodes.

    Args:
        source: (N,) as in the sidecar.
    """
    if not np.isin(source, list(_DRIVERS)[:2]).any():
        return {}
    return {"drove": {name: int((source == each).sum()) for each, name in _DRIVERS.items()}}


def _thought(latency_s: NDArray[np.float32]) -> dict[str, dict[str, float]]:
    """How long the policy took for what it said in a rollout; nothing of other episodes."""
    told = latency_s[np.isfinite(latency_s)]
    if not len(told):
        return {}
    p50, most = float(np.percentile(told, 50)), float(told.max())
    return {"policy_latency_s": {"p50": round(p50, 6), "max": round(most, 6)}}
