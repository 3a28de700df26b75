"""Where two rigs differ, in words."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lerecord.dataset.format.spec import DatasetSpec


def differences(mine: DatasetSpec, theirs: DatasetSpec) -> list[str]:
    """What makes `mine`, the rig at hand, another rig than `theirs`, the dataset's.

    Compared are robot type, fps, units, joints, cameras and everything below
    `hardware.identity`; ports, video settings and calibration are no identity.
    """
    return _compared(_identity(mine), _identity(theirs))


def calibration_differences(mine: DatasetSpec, theirs: DatasetSpec) -> list[str]:
    """The calibration values in which the rig at hand differs from the dataset's."""
    here, there = (spec.hardware.calibration for spec in (mine, theirs))
    return _compared({"calibration": here}, {"calibration": there})


def follower_differences(mine: DatasetSpec, theirs: DatasetSpec) -> list[str]:
    """Why what the followers of `theirs` did would be something else on those of `mine`."""
    return _compared(_following(mine), _following(theirs))


def _following(spec: DatasetSpec) -> dict[str, Any]:
    arms = spec.hardware.identity.get("arms", {})
    return {
        "units": spec.units,
        "joints": list(spec.joints),
        "simulated": spec.simulated,
        "arms": _followers(json.loads(json.dumps(arms))),
        "calibration": _followers(spec.hardware.calibration or {}),
    }


def _followers(pairs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"follower": roles.get("follower")}
        for name, roles in pairs.items()
        if isinstance(roles, Mapping)
    }


def _identity(spec: DatasetSpec) -> dict[str, Any]:
    facts = {
        "robot type": spec.robot_type,
        "fps": spec.fps,
        "units": spec.units,
        "joints": list(spec.joints),
        "cameras": {each.name: f"{each.width}x{each.height}" for each in spec.cameras},
        "camera order": [each.name for each in spec.cameras],
        "simulated": spec.simulated,
    }
    # Through JSON, so that tuples and lists, or 1 and 1.0, do not differ only in Python's eyes.
    identity = json.loads(json.dumps(spec.hardware.identity))
    return {**facts, **{name: value for name, value in identity.items() if name not in facts}}


def _compared(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    return [
        f"{path} is {_shown(here)} here and {_shown(there)} in the dataset"
        for path, here, there in _unequal("", mine, theirs)
    ]


def _unequal(path: str, here: Any, there: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in {**there, **here}:
            inner = f"{path}.{key}" if path else str(key)
            yield from _unequal(inner, here.get(key, _ABSENT), there.get(key, _ABSENT))
    elif here != there:
        yield path, here, there


_ABSENT = object()


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
