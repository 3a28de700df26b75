"""Whether this machine draws the images of the simulated cameras as fast as they are asked for."""

import os
import sys
from collections.abc import Mapping

_SHARE = 0.9  # of a core, and of all of them


def cores() -> float:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def too_slow(needed: Mapping[str, float], available: float) -> str | None:
    """Why the cameras cannot keep their rates, in a sentence; None when they can.

    Args:
        needed: camera name to cores that drawing takes: seconds an image times images a second.
        available: cores.
    """
    remedy = "lower the size or the fps in the hardware config."
    for name, share in needed.items():
        if share > _SHARE:
            return (
                f"The simulated camera {name} cannot keep its rate: drawing an image takes this "
                f"machine {share:.1f} times the time between two images; {remedy}"
            )
    if sum(needed.values()) > _SHARE * available:
        return (
            f"The simulated cameras cannot keep their rates: drawing needs "
            f"{sum(needed.values()):.1f} of the {available:g} cores of this machine; {remedy}"
        )
    return None
