"""The recording screen, drawn by a process of its own: it may die without hurting anything."""

import codecs
import fcntl
import os
import struct
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.live import Live
from rich.panel import Panel

from lerecord.processes import newest, say
from lerecord.ui.snapshot import MESSAGES, PreviewedCamera, Snapshot
from lerecord.ui.terminal.folding import Part, fitted, lines_of
from lerecord.ui.terminal.graphics import graphics_of
from lerecord.ui.terminal.parts import (
    cameras,
    headline,
    joints,
    keys,
    look,
    loop,
    message,
    plain,
    policy,
    storage,
    task,
)
from lerecord.ui.terminal.sound import Bell

if TYPE_CHECKING:
    from lerecord.ui.terminal.preview import Preview

_LINES_FOR_BORDER = 8
_HOLD, _LET_GO = "\x1b[?2026h", "\x1b[?2026l"  # synchronized output, ignored by who has it not
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
    yield from task(snapshot)
    yield Part.blank(8)
    yield Part(4, (loop(snapshot),))
    if snapshot.policy is not None:
        yield Part(4, (policy(snapshot.policy),))
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


class _Painter:
    """Draws snapshots on a terminal; a context manager that leaves it as it was.

    Args:
        descriptor: of the terminal.
        sound: ring its bell.
        cameras: whose images are shown.
    """

    def __init__(self, descriptor: int, sound: bool, cameras: Sequence[str]) -> None:
        codecs.register_error("like", _like)
        self._terminal = os.fdopen(descriptor, "w", encoding=sys.stdout.encoding, errors="like")
        self._console = Console(file=self._terminal)
        self._live = Live(console=self._console, screen=True, auto_refresh=False)
        self._bell = Bell() if sound else None
        self._preview = _preview(cameras) if cameras else None

    def draw(self, snapshot: Snapshot) -> None:
        """The whole screen, at once where the terminal can hold back what is half drawn."""
        size = os.get_terminal_size(self._terminal.fileno())
        width, height = size.columns or 80, size.lines or 24
        self._console.size = ConsoleDimensions(width, height)
        self._live.start()
        if self._preview is None:
            self._live.update(draw(snapshot, width, height), refresh=True)
        else:
            self._preview.cell = _cell(self._terminal.fileno())
            self._terminal.write(_HOLD + self._preview.clearing)
            self._live.update(draw(snapshot, width, height, self._preview.draw), refresh=True)
            self._terminal.write(_LET_GO)
            self._terminal.flush()
        if self._bell is not None and self._bell.rings(snapshot):
            self._console.bell()

    def __enter__(self) -> "_Painter":
        return self

    def __exit__(self, *_: object) -> None:
        if self._preview is not None:
            self._terminal.write(self._preview.clearing)
        self._live.stop()


def _preview(cameras: Sequence[str]) -> "Preview":
    from lerecord.ui.terminal.preview import Preview  # images take libraries

    shown = [PreviewedCamera.from_argument(camera) for camera in cameras]
    return Preview(shown, graphics_of(os.environ))


def _cell(descriptor: int) -> tuple[int, int]:
    """Width and height of a character in pixels; 0 where the terminal does not say it."""
    told = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
    lines, columns, width, height = struct.unpack("HHHH", told)
    return (width // columns, height // lines) if lines and columns else (0, 0)


def main(arguments: Sequence[str]) -> None:
    """Draw the newest snapshot of those that come in on stdin, until it ends.

    The terminal is the descriptor that the first argument names; the second is "sound" where its
    bell rings; each further one is a camera whose images are shown. stdout speaks to the parent.
    """
    with _Painter(int(arguments[0]), arguments[1] == "sound", arguments[2:]) as painter:
        say("up")
        for message in newest():
            painter.draw(MESSAGES.read(message))
