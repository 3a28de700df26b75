"""What an operator sees who has quit while saved takes are still being encoded and committed."""

import sys
import time
from collections.abc import Callable

from lerecord.cli.progress import Progress
from lerecord.counted import counted
from lerecord.printable import print_line

_PATIENCE_S = 0.5  # what is done sooner needs no line


class Finishing:
    """A progress bar in a terminal, one line elsewhere; a context manager that removes the bar."""

    def __init__(self, attended: bool, now: Callable[[], float] = time.monotonic) -> None:
        self._attended = attended
        self._now = now
        self._progress = Progress(attended, now)
        self._began_at: float | None = None
        self._most = 1
        self._said = False

    def tell(self, takes: int, images: int) -> None:
        """So many saved takes are not committed yet, with so many images to encode."""
        if self._began_at is None:
            self._began_at = self._now()
        self._most = max(self._most, images)
        if self._attended:
            self._progress.show(_words(takes, images), self._most - images, self._most)
        elif not self._said and self._now() - self._began_at >= _PATIENCE_S:
            self._said = True
            print_line(f"{_words(takes, images)}; nothing will be lost.", sys.stderr)

    def __enter__(self) -> "Finishing":
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.__exit__()


def _words(takes: int, images: int) -> str:
    what = "1 take is" if takes == 1 else f"{takes} takes are"
    return f"{what} being saved, {counted(images, 'image')} to encode"
