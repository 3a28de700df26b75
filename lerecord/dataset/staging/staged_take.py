"""A running take: its frames and facts, in files that survive a kill."""

import time
from collections.abc import Callable
from pathlib import Path

from lerecord.commands import for_dataset
from lerecord.dataset.format import Label, TakeFolder, layout
from lerecord.dataset.staging.closed_take import ClosedTake, TakeFacts
from lerecord.dataset.staging.frame_journal import FrameJournal
from lerecord.dataset.staging.take import TakeFrame
from lerecord.dataset.storage import inside, refused, size_of, sync_file
from lerecord.errors import DatasetError

_SYNC_S = 1.0


class StagedTake:
    """A take below `.lerecord/takes/`, and the sink of its frames; synced once a second.

    Args:
        root: the dataset.
        take: the take's id; a camera may have made its folder already.
        facts: what take.json keeps.
        now: the clock of the syncs, seconds.

    Raises:
        DatasetError: there is such a take already, or the disk refuses.
    """

    def __init__(
        self,
        root: Path,
        take: str,
        facts: TakeFacts,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        files = TakeFolder(layout.take_folder(root, take))
        self._take = ClosedTake(take, facts, files)
        self._now = now
        try:
            with inside.folder(root, f"{layout.TAKES}/{take}", make=True):
                pass
            draft = files.path / "take.draft"
            draft.write_text(facts.to_json(), encoding="utf-8")
            sync_file(draft)
            self._journal = FrameJournal(files.rows, len(facts.spec.joints))
            draft.rename(files.facts)
            sync_file(files.path)
            sync_file(files.path.parent)
        except FileExistsError as error:
            raise DatasetError(f"There is a take {take} already; give it another id.") from error
        except OSError as error:
            raise refused(root, error, "the take was not begun") from error
        self._synced_at = now()

    @property
    def id(self) -> str:
        """Names its folder."""
        return self._take.id

    @property
    def folder(self) -> Path:
        """Where it is staged; cameras put their tracks there."""
        return self._take.files.path

    @property
    def rows(self) -> int:
        """Frames so far."""
        return self._journal.frames

    def add(self, frame: TakeFrame) -> None:
        """Keep a frame.

        Raises:
            ValueError: its index is not the next.
            DatasetError: the disk refuses; what is complete stays staged.
        """
        try:
            self._journal.add(frame)
            if self._now() - self._synced_at >= _SYNC_S:
                self._synced_at = self._now()
                self._journal.sync()
        except OSError as error:
            raise cut_short(self.folder, error) from error

    def label(self, label: Label) -> None:
        """Say of the take how it went; also once it is closed.

        Raises:
            DatasetError: the disk refuses.
        """
        files = self._take.files
        draft = files.path / "label.draft"
        try:
            draft.write_bytes(label.to_json())
            sync_file(draft)
            draft.rename(files.label)
            sync_file(files.path)
        except OSError as error:
            raise refused(files.path, error, "the take has no label") from error

    def close(self) -> ClosedTake:
        """Sync and close the journal; the take stays staged. May be called twice.

        Raises:
            DatasetError: the disk refuses; what is complete stays staged.
        """
        try:
            self._journal.close()
        except OSError as error:
            raise cut_short(self.folder, error) from error
        return self._take


def cut_short(folder: Path, error: OSError) -> DatasetError:
    """What ends a running take whose disk refuses: it needs its size again to be saved."""
    return refused(
        folder,
        error,
        f"the take ends, and {for_dataset('recover', folder)} makes an episode of what is complete",
        size_of(folder),
    )
