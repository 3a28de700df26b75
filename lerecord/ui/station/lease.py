"""Who may press buttons: one page at a time, and whoever takes over."""

import time
from collections.abc import Callable

_KEPT_S = 5.0  # for a page that is being reloaded


class Lease:
    """The right to control the session, held by one page at most.

    Args:
        now: seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._holder: str | None = None
        self._lost_at: float | None = None

    def arrive(self, page: str) -> None:
        """A page is there: it gets what it had, or what nobody has."""
        if self._is_free() or page == self._holder:
            self.take(page)

    def take(self, page: str) -> None:
        """A page takes over, whoever had it."""
        self._holder, self._lost_at = page, None

    def leave(self, page: str) -> None:
        """A page is gone; for a few seconds its place is kept."""
        if page == self._holder:
            self._lost_at = self._now()

    def holds(self, page: str) -> bool:
        """Whether that page may press buttons."""
        return page == self._holder

    @property
    def is_held(self) -> bool:
        """Whether a page has it, or comes back for it."""
        return not self._is_free()

    def _is_free(self) -> bool:
        lost = self._lost_at is not None and self._now() - self._lost_at > _KEPT_S
        return self._holder is None or lost
