"""A folder that is there as a whole or not at all, however its making ends."""

import shutil
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from lerecord.dataset.format import layout
from lerecord.dataset.storage import inside
from lerecord.dataset.storage.disk import link_or_copy, refused
from lerecord.dataset.storage.sync import sync_file, sync_tree
from lerecord.dataset.storage.transaction import Probe, unobserved
from lerecord.dataset.storage.work_folders import show, work_folder
from lerecord.errors import DatasetError


class NewFolder:
    """Files are written beside the folder to be, under a hidden name; one rename shows them all.

    What a killed process left under the hidden name is cleared by the next that makes the folder.
    An OSError in its block becomes the DatasetError that says so.

    Args:
        out: the folder to be; nothing is there, or an empty folder.
        probe: told what comes next, for tests.
        resumed: go on with what a process before this one left under the hidden name.
        lasting: leave it for the next one unless it is committed.

    Raises:
        DatasetError: on entering, when something is there, another process is making it, or the
            disk refuses.
    """

    def __init__(
        self,
        out: Path,
        probe: Probe = unobserved,
        *,
        resumed: bool = False,
        lasting: bool = False,
    ) -> None:
        self._out = out.absolute()
        self._draft = self._out.with_name(f".{self._out.name}.partial")
        self._probe = probe
        self._resumed = resumed
        self._lasting = lasting
        self._lock = ExitStack()
        self._finished = False
        self._committed = False

    def __enter__(self) -> Self:
        if self._out.is_symlink() or (self._out.exists() and not _is_empty(self._out)):
            raise DatasetError(f"{self._out} is not empty; name a folder that does not exist yet.")
        try:
            self._lock.enter_context(work_folder(self._draft))
            if not self._resumed:
                inside.clear(self._draft, layout.PRIVATE)
        except OSError as error:
            self._lock.close()
            raise refused(self._out.parent, error, f"{self._out} could not be created") from error
        except BaseException:
            self._lock.close()
            raise
        return self

    @property
    def draft(self) -> Path:
        """The folder under its hidden name."""
        return self._draft

    def place(self, target: str) -> Path:
        """Where to write the file that will be at `target`, a path in the folder."""
        self._probe(f"write {target}")
        with inside.folder(self._draft, target.rpartition("/")[0], make=True):
            return self._draft / target

    def put(self, target: str, data: bytes) -> None:
        """The file at `target` has this content."""
        self.place(target).write_bytes(data)

    def take(self, source: Path, target: str) -> None:
        """The file at `target` is that at `source`, which stays: a second name, or a copy."""
        link_or_copy(source, self.place(target))

    def copy(self, source: Path, target: str) -> None:
        """The file at `target` has the content of that at `source`, and nothing else in common."""
        shutil.copyfile(source, self.place(target))

    def keep_only(self, names: Collection[str]) -> None:
        """Remove what was left there but for these files; links and empty folders go as well."""
        inside.remove_strange(self._draft)
        for path in sorted(self._draft.rglob("*"), reverse=True):
            name = path.relative_to(self._draft).as_posix()
            if name.partition("/")[0] == layout.PRIVATE or name in names:
                continue
            if not path.is_dir():
                path.unlink()
            elif not any(path.iterdir()):
                path.rmdir()

    def finish(self, keep_private: bool = True) -> None:
        """Have everything on the disk, so that showing the folder is one rename.

        Args:
            keep_private: also the hidden part in which lerecord keeps its lock.
        """
        self._probe("sync")
        if not keep_private:
            inside.remove(self._draft, layout.PRIVATE)
        for path in self._draft.rglob("*"):
            inside.keep_from_others(path)
        sync_tree(self._draft)
        self._finished = True

    def commit(self, keep_private: bool = True) -> None:
        """Show the folder, finished before if it is not yet; `keep_private` as of `finish`."""
        if not self._finished:
            self.finish(keep_private)
        self._probe("rename")
        show(self._draft)
        self._draft.rename(self._out)
        self._committed = True
        sync_file(self._out.parent)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not self._committed and not self._lasting:
            shutil.rmtree(self._draft, ignore_errors=True)
        self._lock.close()
        if isinstance(error, OSError):
            raise refused(self._out.parent, error, f"{self._out} could not be created") from error


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and next(folder.iterdir(), None) is None
