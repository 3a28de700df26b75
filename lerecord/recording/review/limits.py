"""What a take must not fall short of: `[quality]`, where each is explained."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:  # the process that writes has no use for what reads configs
    from lerecord.config import QualityConfig


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of the gate, as in `QualityConfig`."""

    redo_missed: float = 0.2
    redo_frozen_s: float = 3.0
    redo_blank: float = 0.5
    max_image_age_s: float = 0.3
    max_repeated: float = 0.35
    darkest: float = 12.0
    brightest: float = 243.0
    min_sharpness: float = 0.4
    max_shift: float = 0.04
    max_idle_s: float = 2.0
    min_motion: float = 1.0
    max_tracking_error: float = 15.0
    max_jump: float = 50.0
    max_bus_faults: float = 0.05
    length_factor: float = 3.0

    @classmethod
    def of(cls, quality: "QualityConfig") -> Self:
        """Those of a hardware config."""
        return cls(**{each.name: getattr(quality, each.name) for each in fields(cls)})
