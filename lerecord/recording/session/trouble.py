"""Whether trouble is the same as a tick ago."""

import re

_FIGURES = re.compile(r"[\d.]+")


def goes_on(before: str | None, now: str) -> bool:
    """Whether both sentences tell of the same trouble, though its seconds count."""
    return before is not None and _FIGURES.sub("", before) == _FIGURES.sub("", now)
