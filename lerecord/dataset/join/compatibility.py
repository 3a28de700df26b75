"""Whether datasets can be trained on as one: every difference by name, in tiers.

The frames must be of one form and the arms of one model; other hardware is refused unless it is
allowed; calibration and environment are reported.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from lerecord.dataset.format import (
    IMAGE_PREFIX,
    ROLLOUT_FEATURES,
    Feature,
    HardwareRecord,
    hardware_record,
    has_rollouts,
    layout,
)
from lerecord.dataset.read import Stored
from lerecord.errors import DatasetError


class Tier(Enum):
    """How much a difference weighs."""

    FORM = "form"
    """Rate, features, units, robot, cameras and their sizes: frames would mean different things."""
    MODEL = "model"
    """Models and joints of the arms, and whether they are simulated."""
    HARDWARE = "hardware"
    """Servo ids, how cameras are turned, or a rig that is not known: refused unless allowed."""
    CALIBRATION = "calibration"
    """Reported; each episode's sidecar keeps the calibration that was in force."""
    ENVIRONMENT = "environment"
    """Reported: ports, devices, limits, video settings."""


_ALWAYS_REFUSED = (Tier.FORM, Tier.MODEL)
_MODEL_FACTS = ("models", "joints")
_VIDEO_FORM = ("video.is_depth_map", "video.channels")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a dataset differs from the first."""

    tier: Tier
    text: str
    """A sentence that names the thing and both values."""

    def __str__(self) -> str:
        return f"{self.tier.value}: {self.text}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A dataset beside the first one."""

    first: Path
    other: Path
    differences: tuple[Difference, ...]

    def refused(self, allow_hardware: bool = False) -> list[Difference]:
        """The differences for which the two cannot be joined."""
        tiers = (*_ALWAYS_REFUSED, *(() if allow_hardware else (Tier.HARDWARE,)))
        return [each for each in self.differences if each.tier in tiers]


def compared(datasets: Sequence[Stored]) -> list[Comparison]:
    """Every dataset but the first beside the first.

    Raises:
        DatasetError: a meta/hardware.json is no JSON.
    """
    facts = [_facts(stored) for stored in datasets]
    return [
        Comparison(
            datasets[0].root,
            stored.root,
            tuple(_differences(facts[0], other, datasets[0].root, stored.root)),
        )
        for stored, other in zip(datasets[1:], facts[1:], strict=True)
    ]


def require_compatible(datasets: Sequence[Stored], allow_hardware: bool = False) -> None:
    """Refuse datasets that cannot be joined.

    Raises:
        DatasetError: they cannot; it names every difference that stands against it.
    """
    if not datasets:
        raise DatasetError("No dataset was given; name one or more.")
    against = [str(each) for pair in compared(datasets) for each in pair.refused(allow_hardware)]
    if against:
        raise DatasetError(f"The datasets cannot be merged: {'; '.join(against)}.")


_Facts = dict[tuple[Tier, str], Any]


def _facts(stored: Stored) -> _Facts:
    """Everything that is compared, by tier and name."""
    hardware = _hardware(stored)
    info = stored.info
    facts: _Facts = {
        (Tier.FORM, "fps"): info.fps,
        (Tier.FORM, "robot type"): info.robot_type,
        (Tier.HARDWARE, layout.HARDWARE): "absent" if hardware is None else "present",
        (Tier.ENVIRONMENT, "order of features"): list(info.features),
    }
    rollouts = ROLLOUT_FEATURES if has_rollouts(info.features) else ()
    for feature in info.features.values():
        if feature.key not in rollouts:  # a dataset without them is given them by a merge
            facts |= _feature_facts(feature)
    if hardware is None:
        return facts
    others = dict(hardware.others)
    facts[Tier.FORM, "units"] = others.pop("units", None)
    facts[Tier.MODEL, "simulated"] = hardware.simulated
    for path, value in _flat("", hardware.identity):
        tier = Tier.MODEL if path.rpartition(".")[2] in _MODEL_FACTS else Tier.HARDWARE
        facts[tier, path] = value
    for path, value in _flat("calibration", hardware.calibration or {}):
        facts[Tier.CALIBRATION, path] = value
    for path, value in _flat("", others):
        facts[Tier.ENVIRONMENT, path] = value
    return facts


def _feature_facts(feature: Feature) -> _Facts:
    if not feature.is_video:
        return {
            (Tier.FORM, f"dtype of {feature.key}"): feature.dtype,
            (Tier.FORM, f"shape of {feature.key}"): list(feature.shape),
            (Tier.FORM, f"names of {feature.key}"): list(feature.names),
        }
    camera = f"camera {feature.key.removeprefix(IMAGE_PREFIX)}"
    width, height = feature.size
    facts: _Facts = {(Tier.FORM, camera): f"{width}x{height}"}
    for name, value in feature.facts.items():
        facts[Tier.FORM if name in _VIDEO_FORM else Tier.ENVIRONMENT, f"{name} of {camera}"] = value
    return facts


def _hardware(stored: Stored) -> HardwareRecord | None:
    data = stored.meta[layout.HARDWARE]
    return None if data is None else hardware_record(data, stored.root)


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of nested objects, by dotted path."""
    if not isinstance(value, Mapping):
        yield path, value
        return
    for key, inner in value.items():
        yield from _flat(f"{path}.{key}" if path else str(key), inner)


def _differences(here: _Facts, there: _Facts, first: Path, other: Path) -> Iterator[Difference]:
    unknown = (Tier.HARDWARE, layout.HARDWARE)
    rig_is_compared = here[unknown] == there[unknown]
    for tier, name in {**here, **there}:
        fact = tier, name
        left, right = here.get(fact, _ABSENT), there.get(fact, _ABSENT)
        comparable = rig_is_compared or fact == unknown or (fact in here and fact in there)
        is_feature = tier is Tier.FORM and name != "units"
        if left != right and (comparable or is_feature):
            yield Difference(
                tier, f"{name} is {_shown(left)} in {first} and {_shown(right)} in {other}"
            )


_ABSENT = object()


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
