"""A dataset in the middle of a change, as those see it who may not write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Self

from lerecord.dataset.format import read_meta_file
from lerecord.dataset.storage.manifest import Append, Move, Remove, Step
from lerecord.dataset.storage.marked import marked_steps, transactions


@dataclass(frozen=True, slots=True)
class PendingView:
    """A dataset as it is once its marked transaction, if there is one, is finished.

    For those who may not write: it reads staged files where their steps are not done yet.
    """

    root: Path
    _staged: Mapping[str, Path] = field(default_factory=dict)
    _appended: Mapping[str, Append] = field(default_factory=dict)
    _removed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, root: Path) -> Self:
        """The view now; what is committed later shows or not, but never in part of a file.

        Raises:
            DatasetError: what is there is not a change that lerecord began.
        """
        for name in transactions(root):
            if (steps := marked_steps(root, name)) is not None:
                return cls._behind(root, root / name, steps)
        return cls(root)

    @classmethod
    def _behind(cls, root: Path, folder: Path, steps: list[Step]) -> Self:
        return cls(
            root,
            {step.target: folder / step.source for step in steps if isinstance(step, Move)},
            {step.target: step for step in steps if isinstance(step, Append)},
            frozenset(step.target for step in steps if isinstance(step, Remove)),
        )

    def path(self, target: str) -> Path:
        """Where the file is that belongs at `target`; for all but files of lines."""
        staged = self._staged.get(target)
        return staged if staged is not None and staged.exists() else self.root / target

    def read(self, target: str) -> bytes:
        """The content of the file at `target`.

        Raises:
            FileNotFoundError: there is none.
        """
        if target in self._appended:
            step, path = self._appended[target], self.root / target
            before = read_meta_file(path, target, step.length) if path.exists() else b""
            return before + step.behind(before)
        path = self.path(target)
        try:
            return read_meta_file(path, target)
        except FileNotFoundError:  # put in its place just now
            return read_meta_file(self.root / target, target)

    def removed(self, target: str) -> bool:
        """True when the file is about to go."""
        path = PurePosixPath(target)
        return any(str(each) in self._removed for each in (path, *path.parents))
