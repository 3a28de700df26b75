"""Parts of a screen that give way to each other where lines are few."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.text import Text

NOTHING = Group()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the screen.

    Attributes:
        rank: of several that do not fit, the one of the higher rank gives way.
        forms: what it may look like, the fullest first.
        cropped: where not even its last form fits, the first lines of it are shown.
    """

    rank: int
    forms: tuple[RenderableType, ...]
    cropped: bool = False

    @classmethod
    def blank(cls, rank: int) -> "Part":
        """A line that keeps others apart, where there is room."""
        return cls(rank, (Text(), NOTHING))


def fitted(parts: Sequence[Part], width: int, height: int) -> Iterator[RenderableType]:
    """The parts in their order, each as full as it fits.

    Every part gets its shortest form first, in the order of the ranks; then each in turn gets the
    next fuller one from the lines that are left.
    """
    ranked = sorted(range(len(parts)), key=lambda place: parts[place].rank)
    fits: dict[int, RenderableType] = {}
    fuller: dict[int, list[RenderableType]] = {}
    for place in ranked:
        *others, shortest = parts[place].forms
        if (lines := lines_of(shortest, width)) <= height:
            fits[place], fuller[place] = shortest, others
        elif parts[place].cropped and height > 0 and isinstance(shortest, Text):
            lines, fits[place] = height, Group(*shortest.wrap(_console(width), width)[:height])
        else:
            continue
        height -= lines
    while any(fuller.values()):
        for place in (each for each in ranked if fuller.get(each)):
            form = fuller[place].pop()
            if (more := lines_of(form, width) - lines_of(fits[place], width)) <= height:
                fits[place] = form
                height -= more
    return (fits[place] for place in sorted(fits))


def lines_of(form: RenderableType, width: int) -> int:
    """Lines that it takes in that many columns."""
    return 0 if form is NOTHING else len(_console(width).render_lines(form))


def _console(width: int) -> Console:
    return Console(width=width, file=StringIO())
