"""Room on a disk, asked by a thread: a disk that does not answer must not stop the loop."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

_EVERY_S = 1.0
_STALE_S = 10.0


def free_bytes(folder: Path) -> int:
    """Bytes free on the disk of a folder, or of its nearest parent that exists."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(existing).free


def low_disk(folder: Path, free: int, min_free_gb: float) -> str | None:
    """Why that many free bytes are too few for another take; None when they are not."""
    if free / 1e9 >= min_free_gb:
        return None
    return (
        f"The disk of {folder} has {free / 1e9:.1f} GB left, and the config asks for "
        f"{min_free_gb:g} GB ([quality] min_free_gb); free some space, or record elsewhere with "
        f"--dataset."
    )


class FreeSpace:
    """The last answer of a disk, at most some seconds old.

    Args:
        folder: on the disk.
        ask: bytes free on the disk of a folder; may wait.
        now: CLOCK_MONOTONIC seconds.
    """

    def __init__(
        self,
        folder: Path,
        ask: Callable[[Path], int] = free_bytes,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._ask = ask
        self._now = now
        self.bytes = ask(folder)
        """Free when the disk answered last."""
        self._answered_at = now()
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="free space", daemon=True).start()

    def obstacle(self, min_free_gb: float) -> str | None:
        """Why no take can begin on this disk now; None when one can. Never waits."""
        silent_s = self._now() - self._answered_at
        if silent_s > _STALE_S:
            return (
                f"The disk of {self._folder} has not answered for {silent_s:.0f} s; look whether "
                f"it is still connected."
            )
        return low_disk(self._folder, self.bytes, min_free_gb)

    def close(self) -> None:
        """Ask no more; does not wait for an answer that is still due."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(_EVERY_S):
            try:
                self.bytes = self._ask(self._folder)
            except OSError:
                continue  # an answer that does not come is told by its age
            self._answered_at = self._now()
