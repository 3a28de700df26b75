"""What an operator sees who has quit while saved takes are still being encoded and committed."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lerecord.printable import print_line

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE_S = 0.5  # what is done sooner needs no bar


class Finishing:
    """A progress bar in a terminal, one line elsewhere; a context manager that removes the bar."""

    def __init__(self, attended: bool, now: Callable[[], float] = time.monotonic) -> None:
        self._attended = attended
        self._now = now
        self._began_at: float | None = None
        self._bar: Progress | None = None
        self._said = False

    def tell(self, takes: int, images: int) -> None:
        """So many saved takes are not committed yet, with so many images to encode."""
        if self._began_at is None:
            self._began_at = self._now()
        if self._now() - self._began_at < _PATIENCE_S:
            return
        if self._attended:
            self._draw(takes, images)
        elif not self._said:
            self._said = True
            print_line(f"{_words(takes, images)}; nothing will be lost.", sys.stderr)

    def __enter__(self) -> "Finishing":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _draw(self, takes: int, images: int) -> None:
        if self._bar is None:
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, transient=True)
            self._bar.add_task("", total=max(images, 1))
            self._bar.start()
        (task,) = self._bar.tasks
        total = max(task.total or 0, images)
        self._bar.update(
            task.id, description=_words(takes, images), total=total, completed=total - images
        )


def _words(takes: int, images: int) -> str:
    what = "1 take is" if takes == 1 else f"{takes} takes are"
    return f"{what} being saved, {images} images to encode"
