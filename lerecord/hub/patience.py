"""Doing it again when the Hub fails, after longer and longer waits, but not for ever."""

from collections.abc import Callable
from typing import TypeVar

from lerecord.hub.failures import PassingError

ATTEMPTS = 6
_LONGEST_WAIT_S = 30.0

_T = TypeVar("_T")


class Patience:
    """Lasts for a number of failures in a row.

    Args:
        sleep: lets seconds pass.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._failures = 0

    def do(self, work: Callable[[], _T]) -> _T:
        """Do work that may be done again, until it succeeds.

        Raises:
            PassingError: the last failure, when patience has ended.
        """
        self.renew()
        while True:
            try:
                return work()
            except PassingError as failure:
                self._failures += failure.weight
                if self._failures >= ATTEMPTS:
                    raise
                wait_s = min(2.0 ** (self._failures - 1), _LONGEST_WAIT_S)
                self._sleep(max(failure.wait_s, wait_s))

    def renew(self) -> None:
        """Something has succeeded: what fails next is the first failure."""
        self._failures = 0
