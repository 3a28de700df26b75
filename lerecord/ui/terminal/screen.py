"""The recording screen, drawn by a process of its own: it may die without hurting anything."""

import codecs
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from itertools import groupby

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lerecord.printable import shown
from lerecord.processes import newest, say
from lerecord.recording.recorder import CameraView
from lerecord.recording.session import Phase
from lerecord.ui.snapshot import MESSAGES, JointView, PreviewedCamera, Snapshot
from lerecord.ui.terminal.keys import KEY_HINTS

_LOOK = {
    Phase.RESETTING: ("○ RESET", "bold yellow"),
    Phase.CATCHING_UP: ("◐ CATCHING UP", "bold yellow"),
    Phase.RECORDING: ("● RECORDING", "bold white on red"),
    Phase.PAUSED: ("‖ PAUSED", "bold cyan"),
    Phase.ASKING: ("? KEEP THIS TAKE", "bold black on yellow"),
    Phase.CONFIRMING: ("? KEEP THIS SHORT TAKE", "bold black on yellow"),
    Phase.DRIVING: ("▶ DRIVING", "bold white on blue"),
    Phase.HOLDING: ("‖ HOLDING", "bold cyan"),
    Phase.DONE: ("✓ DONE", "bold green"),
}
_AROUND_BAR = 23  # columns for borders, numbers and gaps
_TRACK, _FOLLOWER, _LEADER = ("─", "bright_black"), ("█", "blue"), ("○", "bold yellow")
_STALE_S = 0.2
_LINES_FOR_BORDER = 8
_ASCII = dict(zip("○◐●▶‖✓─█▀·…", "o*@>=+-#'-.", strict=True))


Images = Callable[[int, int], RenderableType | None]
"""What the cameras see in that many columns and lines; None where these are too few."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of the screen; of several that do not fit, the one of the higher rank is left out."""

    rank: int
    part: RenderableType


def draw(
    snapshot: Snapshot, width: int, height: int = 100, images: Images | None = None
) -> RenderableType:
    """The whole screen for one snapshot, for a terminal of that many columns and lines.

    Where lines are few, the phase, the keys and the notice stay and the rest gives way. Images get
    the lines that everything else leaves.
    """
    label, style = _LOOK[snapshot.phase]
    border = height >= _LINES_FOR_BORDER
    inner = width - 4 if border else width
    lines = height - 2 if border else height
    task = Text(shown(f" {snapshot.task}"), style="bold", overflow="ellipsis", no_wrap=True)
    notice = _plain(f" {snapshot.notice}" if snapshot.notice else "", style="bold yellow")
    blocks = [
        *_headline(snapshot, Text(f" {label} ", style, overflow="ellipsis", no_wrap=True), inner),
        _Block(3, task),
        _Block(8, Text()),
        _Block(4, _loop(snapshot)),
        _Block(5, _cameras(snapshot.cameras)),
        *(
            []
            if snapshot.disk_free_bytes is None
            else [_Block(6, _storage(snapshot, snapshot.disk_free_bytes))]
        ),
        _Block(8, Text()),
        _Block(7, _joints(snapshot, width)),
        _Block(8, Text()),
        _Block(1, notice),
        _Block(0, _keys(snapshot.phase, inner)),
    ]
    if images is not None:
        free = lines - sum(_lines(block.part, inner) for block in blocks)
        if (part := images(inner, free)) is not None:
            blocks.insert(-2, _Block(9, part))
    body = Group(*_fitting(blocks, inner, lines))
    if not border:
        return body
    return Panel(
        body,
        title=_plain(f"lerecord · {snapshot.robot}{' (simulated)' if snapshot.simulated else ''}"),
        subtitle=_plain(snapshot.dataset),
        border_style=style.removeprefix("bold ").split(" on ")[-1],
    )


def _fitting(blocks: Sequence[_Block], width: int, height: int) -> Iterator[RenderableType]:
    """The blocks that fit, in their order; of the keys and the notice as many lines as fit."""
    fits: dict[int, RenderableType] = {}
    for place, block in sorted(enumerate(blocks), key=lambda each: each[1].rank):
        lines = _lines(block.part, width)
        if lines <= height:
            fits[place] = block.part
        elif block.rank < 2 and height > 0 and isinstance(block.part, Text):
            lines = height
            fits[place] = Group(*block.part.wrap(_console(width), width)[:height])
        else:
            continue
        height -= lines
    return (fits[place] for place in sorted(fits))


def _console(width: int) -> Console:
    return Console(width=width, file=StringIO())


def _lines(part: RenderableType, width: int) -> int:
    return len(_console(width).render_lines(part))


def _plain(text: str, style: str = "") -> Text:
    """Text that may hold a stranger's words: neither markup nor escapes mean anything in it."""
    return Text(shown(text), style)


def _headline(snapshot: Snapshot, phase: Text, width: int) -> Iterator[_Block]:
    """Phase, episode and clock: on one line, or on two where it is too short."""
    count = "" if snapshot.episodes is None else f" ({snapshot.saved}/{snapshot.episodes} saved)"
    name = "" if snapshot.episode is None else f"episode {snapshot.episode}"
    episode = Text(f"{name}{' again' if snapshot.replaces else ''}{count}")
    clock = _clock(snapshot.elapsed_s, snapshot.limit_s)
    if len(phase) + len(episode) + len(clock) + 6 > width:
        yield _Block(0, phase)
        rest = Text.assemble(" ", clock, "  ", episode)
        rest.overflow, rest.no_wrap = "ellipsis", True
        yield _Block(2, rest)
        return
    line = Table.grid(expand=True, padding=(0, 2))
    for justify in ("left", "left", "right"):
        line.add_column(justify=justify, no_wrap=True)
    line.columns[1].ratio = 1
    line.add_row(phase, episode, clock)
    yield _Block(0, line)


def _clock(elapsed_s: float, limit_s: float | None) -> Text:
    text = Text(_minutes(elapsed_s), style="bold")
    if limit_s is not None:
        text.append(f" / {_minutes(limit_s)}", style="dim")
    return text


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60:02d}:{seconds % 60:04.1f}"


def _loop(snapshot: Snapshot) -> Text:
    slow = 0 < snapshot.rate_hz < 0.99 * snapshot.fps
    text = Text(" loop   ")
    text.append(f"{snapshot.rate_hz:5.2f} Hz", style="bold red" if slow else "green")
    text.append(f"   late {snapshot.lateness_p99_s * 1e3:.1f} ms (p99)   ")
    text.append(f"missed {snapshot.missed}", style="bold red" if snapshot.missed else "")
    return text


def _storage(snapshot: Snapshot, free_bytes: int) -> Text:
    text = Text(f" frames   {snapshot.rows}   disk {free_bytes / 1e9:.0f} GB left")
    if snapshot.saving:
        text.append(f"   saving {snapshot.saving}", style="cyan")
    return text


def _cameras(cameras: tuple[CameraView, ...]) -> Table:
    table = Table.grid(padding=(0, 3))
    for camera in cameras:
        stale = camera.age_s > _STALE_S
        rate = "--" if camera.fps is None else f"{camera.fps:5.1f}"
        behind = f"  {camera.behind} to encode" if camera.behind > 1 else ""
        table.add_row(
            _plain(f" {camera.name}"),
            Text(f"{rate} fps", style="green" if camera.fps else ""),
            Text(f"age {camera.age_s * 1e3:4.0f} ms{behind}", style="bold red" if stale else ""),
        )
    return table


def _joints(snapshot: Snapshot, width: int) -> Table:
    joints, source = snapshot.joints, snapshot.source
    longest = max((len(shown(joint.name)) for joint in joints), default=0)
    bar_width = max(10, width - longest - _AROUND_BAR)
    table = Table.grid(padding=(0, 1))
    for justify in ("left", "right", "left", "right"):
        table.add_column(justify=justify, no_wrap=True)
    heads = (" joint", source, f"○ {source}  █ follower", "follower")
    table.add_row(*(Text(head, style="dim") for head in heads))
    for joint in joints:
        table.add_row(
            _plain(f" {joint.name}"),
            f"{joint.leader:7.1f}",
            _bar(joint, bar_width),
            f"{joint.follower:8.1f}",
        )
    return table


def _bar(joint: JointView, width: int) -> Text:
    """The follower as a bar from the middle of the range, the leader as a mark on it."""

    def place(value: float) -> int:
        share = (value - joint.low) / (joint.high - joint.low)
        return min(width - 1, max(0, int(share * width)))

    low, high = sorted((place(max(joint.low, 0.0)), place(joint.follower)))
    cells = [_FOLLOWER if low <= column <= high else _TRACK for column in range(width)]
    cells[place(joint.leader)] = _LEADER
    runs = ((cell, len(list(run))) for cell, run in groupby(cells))
    return Text.assemble(*((character * length, style) for (character, style), length in runs))


def _keys(phase: Phase, width: int) -> Text:
    """The keys, on as many lines as they need; none is torn from its meaning."""
    text, used = Text(overflow="crop"), 0
    for key, meaning in KEY_HINTS[phase]:
        needed = len(key) + len(meaning) + 6
        if used and used + needed > width:
            text.append("\n")
            used = 0
        text.append(" ").append(f" {key} ", style="reverse").append(f" {meaning}  ")
        used += needed
    return text


def _like(failure: UnicodeError) -> tuple[str, int]:
    """For terminals that are not UTF-8: the nearest ASCII character instead."""
    assert isinstance(failure, UnicodeEncodeError)
    missing = failure.object[failure.start : failure.end]
    return "".join(_ASCII.get(each, "?") for each in missing), failure.end


def _images(cameras: Sequence[str]) -> Images | None:
    if not cameras:
        return None
    from lerecord.ui.terminal.preview import Preview  # decodes images, which takes libraries

    return Preview([PreviewedCamera.from_argument(camera) for camera in cameras]).draw


def main(arguments: Sequence[str]) -> None:
    """Draw the newest snapshot of those that come in on stdin, until it ends.

    The terminal is the descriptor that the first argument names; each further one is a camera whose
    images are shown. stdout speaks to the parent.
    """
    codecs.register_error("like", _like)
    descriptor = int(arguments[0])
    terminal = os.fdopen(descriptor, "w", encoding=sys.stdout.encoding, errors="like")
    console = Console(file=terminal)
    images = _images(arguments[1:])
    say("up")
    with ExitStack() as stack:
        live: Live | None = None
        for message in newest():
            snapshot: Snapshot = MESSAGES.read(message)
            size = os.get_terminal_size(descriptor)
            width, height = size.columns or 80, size.lines or 24
            console.size = ConsoleDimensions(width, height)
            if live is None:
                live = stack.enter_context(Live(console=console, screen=True, auto_refresh=False))
            live.update(draw(snapshot, width, height, images), refresh=True)
