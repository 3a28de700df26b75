"""A queue that wakes its reader for several items rather than for each."""

import threading
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class Batches(Generic[_Item]):
    """First in, first out, from one thread to another, many at a time.

    Args:
        patience_s: how long an item waits for others at most.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._items: list[_Item] = []
        self._complete = False
        self._changed = threading.Condition()

    def put(self, item: _Item, last: bool) -> None:
        """Add to the batch; the last of it wakes the reader."""
        with self._changed:
            self._items.append(item)
            if last:
                self._complete = True
                self._changed.notify()

    def get(self) -> list[_Item]:
        """Wait for a complete batch, or for what there is when patience ends: maybe nothing."""
        with self._changed:
            self._changed.wait_for(lambda: self._complete, self._patience_s)
            items, self._items, self._complete = self._items, [], False
            return items
