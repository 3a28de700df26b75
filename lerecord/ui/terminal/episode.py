"""An episode in a terminal: what a page shows of it, with curves of Braille."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lerecord.dataset.format import Verdict
from lerecord.ui.episodes import CameraFacts, EpisodeFacts, Vectors
from lerecord.ui.terminal.braille import Curve, bars_of, bounds, curves_of
from lerecord.ui.terminal.folding import lines_of
from lerecord.ui.terminal.parts import plain

_CELL, _GAP, _LEAST, _MOST = 36, 2, 2, 6
_FULL_MS = 50.0  # an age that fills its line, unless one is older
_NAMED = 3  # frames of a kind
_STYLES = {"state": "cyan", "action": "yellow"}
_VERDICTS = {
    Verdict.KEEP: ("✓ keep", "green"),
    Verdict.LOOK: ("▲ look", "bold yellow"),
    Verdict.REDO: ("✗ redo", "bold red"),
}
_LABELS = {True: ("✓ success", "green"), False: ("✗ failure", "bold red")}


@dataclass(frozen=True, slots=True)
class Space:
    """Where an episode is shown.

    Attributes:
        columns, lines: of the terminal.
        draws: it can show Braille and blocks; without it there are numbers.
    """

    columns: int
    lines: int
    draws: bool = True


def episode_view(facts: EpisodeFacts, space: Space) -> Iterator[RenderableType]:
    """What is known of an episode, line by line; curves are as high as there is room for."""
    head = [*_head(facts), *_cameras(facts, space), *_drivers(facts)]
    yield from head
    cells = [*_joints(facts), *_others(facts)]
    if not cells:
        return
    if space.draws:
        yield _legend(facts)
    rows = math.ceil(len(cells) / max(1, (space.columns + _GAP) // (_CELL + _GAP)))
    across = math.ceil(len(cells) / rows)
    width = (space.columns + _GAP) // across - _GAP
    used = sum(lines_of(part, space.columns) for part in head)
    left = space.lines - used - 3  # the legend, the command and the prompt
    height = min(max(left // rows - 1, _LEAST), _MOST) if space.draws else 0
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    for row in range(rows):
        grid.add_row(*(_cell(*each, width, height) for each in cells[row * across :][:across]))
    yield grid


def _head(facts: EpisodeFacts) -> Iterator[Text]:
    overview = facts.overview
    title = plain(f"Episode {overview.episode}", "bold").append("  ")
    yield title.append(plain("; ".join(overview.tasks) or "no task"))
    line = plain(f"{overview.seconds:.1f} s, {facts.frames} frames at {facts.fps} a second")
    if overview.success is not None:
        line.append("  ").append(*_LABELS[overview.success])
    verdict = None if overview.verdict is None else _VERDICTS[overview.verdict]
    line.append("  ").append(*verdict or (f"health {overview.health}", ""))
    yield line
    if overview.note:
        yield plain(f"note: {overview.note}")
    for remark in facts.remarks:
        yield plain(f"▲ {remark}", "yellow")
    if facts.notice:
        yield plain(facts.notice, "dim")


def _cameras(facts: EpisodeFacts, space: Space) -> Iterator[RenderableType]:
    longest = max((len(plain(each.name)) for each in facts.cameras), default=0)
    for camera in facts.cameras:
        name = plain(camera.name)
        name.pad_right(longest - len(name))
        width, height = camera.size
        line = name.append(f"  {width}x{height} {camera.codec or 'codec not stated'}")
        if camera.age_s is not None:
            yield from _ages(camera, line, space)
        else:
            yield line


def _ages(camera: CameraFacts, line: Text, space: Space) -> Iterator[Text]:
    assert camera.age_s is not None
    ages = 1000 * camera.age_s
    least, most = bounds([(ages, "")]) or (0.0, 0.0)
    line.append(f"; {least:.0f} to {most:.0f} ms old")
    for frames, what in ((camera.repeated, "repeated"), (camera.corrupt, "damaged")):
        if frames:
            line.append(", ").append(f"{len(frames)} {what} ({_named(frames)})", "yellow")
    yield line
    if space.draws:
        yield bars_of(ages, max(most, _FULL_MS), space.columns)


def _named(frames: Sequence[int]) -> str:
    """Where it was, of the first ones."""
    named = ", ".join(map(str, islice(frames, _NAMED)))
    return f"at {named}{', ...' if len(frames) > _NAMED else ''}"


def _drivers(facts: EpisodeFacts) -> Iterator[Text]:
    if facts.drivers is None:
        return
    counts = Counter[str]()
    for run in facts.drivers:
        counts[run.driver] += run.end - run.start
    shares = (f"{driver} {100 * count / facts.frames:.0f} %" for driver, count in counts.items())
    line = plain(f"driven by {', '.join(shares)}; ")
    missed = f"missed {len(facts.missed)} ({_named(facts.missed)})" if facts.missed else ""
    yield line.append(missed or "no slot was missed", "yellow" if missed else "")


def _legend(facts: EpisodeFacts) -> Text:
    line = Text()
    for vectors in _drawn(facts):
        dots = "⠤⠤⠤" if vectors.name == "state" else "⠤ ⠤"
        line.append(f"{dots} {vectors.name}", _STYLES[vectors.name]).append("   ")
    return line


def _drawn(facts: EpisodeFacts) -> list[Vectors]:
    return [each for each in facts.lines if each.name in _STYLES]


def _joints(facts: EpisodeFacts) -> Iterator[tuple[str, list[Curve]]]:
    """The name of each joint and its curves, the state first."""
    for place, joint in enumerate(facts.joints):
        yield (
            joint,
            [
                (np.asarray(each.values[place], np.float64), _STYLES[each.name])
                for each in _drawn(facts)
                if place < len(each.values)
            ],
        )


def _others(facts: EpisodeFacts) -> Iterator[tuple[str, list[Curve]]]:
    for vectors in facts.others:
        for place, values in zip(vectors.places, vectors.values, strict=True):
            name = f"{vectors.name} {place}" if len(vectors.places) > 1 else vectors.name
            yield name, [(np.asarray(values, np.float64), "cyan")]


def _cell(name: str, curves: Sequence[Curve], width: int, height: int) -> Text:
    ends = bounds(curves)
    span = "no value" if ends is None else f"{ends[0]:.4g} to {ends[1]:.4g}"
    title = plain(name, "bold")
    title.truncate(max(1, width - len(span) - 1), overflow="ellipsis", pad=True)
    title.append(f" {span}", "dim")
    return Text("\n").join([title, *([curves_of(curves, width, height)] if height else [])])
