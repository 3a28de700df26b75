"""A dataset as it was at one moment, whatever records into it or edits it meanwhile."""

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from lerecord.dataset.format import layout, secret_places, without_secret_places
from lerecord.dataset.storage import (
    DatasetBusyError,
    PendingView,
    Snapshot,
    inside,
    link_or_copy,
    refused,
    work_folder,
)
from lerecord.errors import DatasetError

CARD = "README.md"

_ATTEMPTS = 20  # a recorder that commits meanwhile does so every few seconds


class Frozen:
    """A context manager: a folder beside the dataset, hidden, with second names of its files.

    Files of episodes are only ever replaced, never written in place, so a second name keeps what
    it names and takes no room. What was left by a killed process is cleared by the next.

    Args:
        root: the dataset's folder.

    Attributes:
        dataset: the folder that holds still: the last committed episodes and the user's card.
        other: a place beside it for the same in another layout; nothing is there yet.
        withheld: the entries of meta/hardware.json whose passwords and tokens were left out.

    Raises:
        DatasetError: on entering, when there is no dataset, it is being pushed already, or the
            disk refuses.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._folder = self._root.with_name(f".{self._root.name}.push")
        self.dataset = self._folder / "frozen"
        self.other = self._folder / "other"
        self.withheld: tuple[str, ...] = ()
        self._lock = ExitStack()

    def __enter__(self) -> Self:
        snapshot = Snapshot.of(self._root)
        self._enter_lock()
        try:
            self._clear()
            self._freeze(snapshot)
        except OSError as error:
            self.close()
            raise refused(self._folder, error, "nothing was pushed") from error
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.close()

    def _enter_lock(self) -> None:
        try:
            self._lock.enter_context(work_folder(self._folder))
        except DatasetBusyError as error:
            raise DatasetBusyError(
                f"{self._root} is being pushed by another process; wait until it has ended."
            ) from error
        except OSError as error:
            raise DatasetError(
                f"{self._folder.parent} cannot be written, where a push keeps hold of the files "
                f"of {self._root}; push from a folder that can, or copy the dataset to one."
            ) from error

    def _clear(self) -> None:
        inside.clear(self._folder, layout.PRIVATE)

    def _freeze(self, snapshot: Snapshot) -> None:
        for _ in range(_ATTEMPTS):
            self._take(snapshot)
            now = Snapshot.of(self._root)
            if (now.info, now.meta) == (snapshot.info, snapshot.meta):
                return
            shutil.rmtree(self.dataset)
            snapshot = now
        raise DatasetError(f"{self._root} keeps changing; push it when nothing writes to it.")

    def _take(self, snapshot: Snapshot) -> None:
        for record in snapshot.episodes():
            names = [layout.data_file(record.index), layout.capture_file(record.index)]
            names += [layout.video_file(record.index, key) for key in snapshot.info.camera_keys]
            for name in names:
                _require_own(snapshot.view, name)
                _link(snapshot.view, name, self.dataset / name)
        for name, data in snapshot.meta.items():
            if data is not None:
                _require_own(snapshot.view, name)
                _put(self._published(name, data), self.dataset / name)
        _require_own(snapshot.view, layout.INFO)
        _put(snapshot.view.read(layout.INFO), self.dataset / layout.INFO)
        for path in self._of_others(snapshot):
            _require_own(snapshot.view, path.relative_to(self._root).as_posix())
            _put(path.read_bytes(), self.dataset / path.relative_to(self._root))

    def _published(self, name: str, data: bytes) -> bytes:
        """What others may see of a file of metadata."""
        if name != layout.HARDWARE:
            return data
        self.withheld = tuple(secret_places(data))
        return without_secret_places(data)

    def _of_others(self, snapshot: Snapshot) -> list[Path]:
        """The card, and what other programs keep below meta/, such as a modality.json."""
        known = {layout.INFO, *snapshot.meta}
        found = [self._root / CARD, *sorted((self._root / "meta").rglob("*"))]
        return [
            path
            for path in found
            if path.is_file()
            and not path.name.startswith(".")
            and path.relative_to(self._root).as_posix() not in known
        ]


def _require_own(view: PendingView, name: str) -> None:
    """What a link leads to was never meant to be published."""
    path = view.path(name)
    inside.require_file(view.root, path.relative_to(view.root).as_posix())


def _link(view: PendingView, name: str, target: Path) -> None:
    """A second name; a file that is missing is for the check of the frozen dataset to find.

    It gets no folder either: an empty `capture/` would be a trace of lerecord's recorder.
    """
    for _ in range(2):  # the first may be moved into place just now
        source = view.path(name)
        if not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            link_or_copy(source, target)
        except FileNotFoundError:
            continue
        return


def _put(data: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
