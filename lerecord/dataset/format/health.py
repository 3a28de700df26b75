"""An episode's summary in capture/health.jsonl."""

from typing import Any

import numpy as np

from lerecord.dataset.format.camera_health import camera_health, same_views
from lerecord.dataset.format.metadata import line_of
from lerecord.dataset.format.sidecar import Sidecar


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
    }
