"""Whether this machine encodes as fast as its cameras give images; said before the first take.

Light: the control process imports it.
"""

import os
import sys
from collections.abc import Mapping

_SHARE = 0.85  # of the cores; the rest is for control, writing and the system


def cores() -> float:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def shortage(encode_s: Mapping[str, float], fps: int, available: float) -> str | None:
    """What there is too little of, in a sentence; None when every image is encoded in time.

    Args:
        encode_s: camera name to processor seconds that one of its images takes.
        fps: images a second of each camera.
        available: cores.
    """
    needed = fps * sum(encode_s.values())
    slowest = max(encode_s, key=lambda name: encode_s[name], default=None)
    if slowest is None:
        return None
    behind = (
        "images will wait on disk and takes will be committed later; lower the size or the fps, or "
    )
    remedy = behind + 'set profile = "fast" under [video].'
    if needed > _SHARE * available:
        return (
            f"Encoding {len(encode_s) * fps} images a second needs {needed:.1f} of the "
            f"{available:g} cores of this machine: {remedy}"
        )
    if fps * encode_s[slowest] > 1.0:  # a camera's images are encoded one after the other
        return (
            f"Encoding an image of camera {slowest} takes {encode_s[slowest] * 1e3:.0f} ms, and "
            f"one comes every {1e3 / fps:.0f} ms: {remedy}"
        )
    return None
