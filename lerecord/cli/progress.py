"""How far long work is: one bar, on a terminal and only there."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from lerecord.progress import Advance

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Progress(AbstractContextManager["Progress"]):
    """A bar on stderr that goes away at the end; a context manager.

    Args:
        shown: somebody looks; whether stderr is a terminal unless told otherwise.
        now: seconds that pass.
        patience_s: nothing is shown before; what is done sooner needs no bar.
    """

    def __init__(
        self,
        shown: bool | None = None,
        now: Callable[[], float] = time.monotonic,
        patience_s: float = 0.5,
    ) -> None:
        self._shown = sys.stderr.isatty() if shown is None else shown
        self._now = now
        self._patience_s = patience_s
        self._began_at: float | None = None
        self._bar: Bar | None = None

    def show(self, words: str, done: float, total: float) -> None:
        """Say what is done, of how much; in the first moment nothing is said."""
        if not self._shown:
            return
        if self._began_at is None:
            self._began_at = self._now()
        if self._bar is None:
            if self._now() - self._began_at < self._patience_s:
                return
            self._bar = _bar()
        (task,) = self._bar.tasks
        self._bar.update(task.id, description=words, completed=done, total=total)

    def told(self, verb: str) -> Callable[[Advance], None]:
        """What shows how far work has come; `verb` says what was done, as in "merged"."""

        def show(advance: Advance) -> None:
            counted = advance.unit != "steps"
            words = f"{verb} {advance.done} of {advance.total} {advance.unit}" if counted else verb
            self.show(words, advance.done, advance.total)

        return show

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> "Bar":
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("", total=1)
    bar.start()
    return bar
