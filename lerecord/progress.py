"""How far long work has come: what does the work tells it, and knows nothing of who shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Advance:
    """Some of the work is done.

    Attributes:
        done: how much, in the unit.
        total: how much there is to do.
        unit: what is counted; "steps" where it is nothing that people know.
    """

    done: int
    total: int
    unit: Literal["episodes", "images", "steps"]


Progress = Callable[[Advance], None]


def silent(advance: Advance) -> None:
    """The progress that nobody looks at."""
