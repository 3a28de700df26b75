"""An episode as JSON, for a page or for a program."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.ui.episodes.facts import CameraFacts, EpisodeFacts, Run

LABELS = {True: "success", False: "failure", None: None}


def episode_document(facts: EpisodeFacts) -> dict[str, Any]:
    """All of an episode but its images; a number that is none is None."""
    overview = facts.overview
    return {
        "episode": overview.episode,
        "frames": facts.frames,
        "fps": facts.fps,
        "seconds": round(overview.seconds, 3),
        "tasks": list(overview.tasks),
        "label": LABELS[overview.success],
        "note": overview.note,
        "health": overview.health,
        "verdict": overview.verdict,
        "remarks": list(facts.remarks),
        "joints": list(facts.joints),
        "lines": [{"name": each.name, "values": nested(each.values)} for each in facts.lines],
        "others": [
            {"name": each.name, "places": list(each.places), "values": nested(each.values)}
            for each in facts.others
        ],
        "cameras": [_camera(each) for each in facts.cameras],
        "missed": list(facts.missed),
        "drivers": _runs(facts.drivers),
        "notice": facts.notice,
    }


def _camera(camera: CameraFacts) -> dict[str, Any]:
    width, height = camera.size
    return {
        "name": camera.name,
        "width": width,
        "height": height,
        "codec": camera.codec,
        "from_s": camera.from_s,
        "shared": camera.shared,
        "age_ms": None if camera.age_s is None else nested(1000 * camera.age_s, 1),
        "repeated": list(camera.repeated),
        "corrupt": list(camera.corrupt),
    }


def _runs(runs: Sequence[Run] | None) -> list[dict[str, Any]] | None:
    if runs is None:
        return None
    return [{"from": run.start, "to": run.end, "driver": run.driver} for run in runs]


def nested(values: NDArray[Any], decimals: int = 4) -> list[Any]:
    """An array as lists of rounded numbers, with None where there is none."""
    rounded = np.round(values.astype(np.float64), decimals)
    unknown = ~np.isfinite(rounded)
    if not unknown.any():
        return list(rounded.tolist())
    told = rounded.astype(object)
    told[unknown] = None
    return list(told.tolist())
