"""The recording screen, drawn by a process of its own: it may die without hurting anything."""

import codecs
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.live import Live
from rich.panel import Panel

from lerecord.processes import newest, say
from lerecord.ui.snapshot import MESSAGES, PreviewedCamera, Snapshot
from lerecord.ui.terminal.folding import Part, fitted, lines_of
from lerecord.ui.terminal.parts import (
    cameras,
    headline,
    joints,
    keys,
    look,
    loop,
    message,
    plain,
    storage,
)
from lerecord.ui.terminal.sound import Bell

_LINES_FOR_BORDER = 8
_ASCII = dict(zip("○◐●▶‖✓▲─█▀·…", "o*@>=+!-#'-.", strict=True))


Images = Callable[[int, int], RenderableType | None]
"""What the cameras see in that many columns and lines; None where these are too few."""


def draw(
    snapshot: Snapshot, width: int, height: int = 100, images: Images | None = None
) -> RenderableType:
    """The whole screen for one snapshot, for a terminal of that many columns and lines.

    Where lines are few, the phase, the keys and the notice stay and the rest folds, then gives way.
    Images get the lines that everything else leaves; where these are too few, the rest folds.
    """
    border = height >= _LINES_FOR_BORDER
    inner, lines = (width - 4, height - 2) if border else (width, height)
    above = [*_above(snapshot, inner)]
    below = [Part.blank(8), *message(snapshot, inner), Part(0, (keys(snapshot, inner),), True)]
    if images is not None:
        for form in (0, -1):
            taken = sum(lines_of(part.forms[form], inner) for part in (*above, *below))
            if (shown := images(inner, lines - taken)) is not None:
                above.append(Part(3, (shown,)))
                break
    body = Group(*fitted([*above, *below], inner, lines))
    if not border:
        return body
    return Panel(
        body,
        title=plain(f"lerecord · {snapshot.robot}{' (simulated)' if snapshot.simulated else ''}"),
        subtitle=plain(snapshot.dataset),
        border_style=look(snapshot)[1].removeprefix("bold ").split(" on ")[-1],
    )


def _above(snapshot: Snapshot, width: int) -> Iterator[Part]:
    """All but the message and the keys."""
    yield from headline(snapshot, width)
    task = plain(f" {snapshot.task}", style="bold")
    task.overflow, task.no_wrap = "ellipsis", True
    yield Part(3, (task,))
    yield Part.blank(8)
    yield Part(4, (loop(snapshot),))
    if snapshot.cameras:
        yield Part(7, cameras(snapshot.cameras, width))
    if snapshot.disk_free_bytes is not None:
        yield Part(5, (storage(snapshot, snapshot.disk_free_bytes),))
    yield Part.blank(8)
    yield Part(6, joints(snapshot, width))


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

    The terminal is the descriptor that the first argument names; the second is "sound" where its
    bell rings; each further one is a camera whose images are shown. stdout speaks to the parent.
    """
    codecs.register_error("like", _like)
    descriptor = int(arguments[0])
    terminal = os.fdopen(descriptor, "w", encoding=sys.stdout.encoding, errors="like")
    console = Console(file=terminal)
    bell = Bell() if arguments[1] == "sound" else None
    images = _images(arguments[2:])
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
            if bell is not None and bell.rings(snapshot):
                console.bell()
