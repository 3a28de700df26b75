"""A dataset in the middle of a change, as those see it who may not write."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lerecord.dataset.commit import Append, Move, Remove, Step, marked_steps, transactions


@dataclass(frozen=True, slots=True)
class PendingView:
    """A dataset as it is once its marked transaction, if there is one, is finished.

    For those who may not write: it reads staged files where their steps are not done yet.
    """

    root: Path
    folder: Path | None
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, root: Path) -> Self:
        """The view now; what is committed later shows or not, but never in part of a file."""
        for folder in transactions(root):
            if (steps := marked_steps(folder)) is not None:
                return cls(root, folder, tuple(steps))
        return cls(root, None, ())

    def path(self, target: str) -> Path:
        """Where the file is that belongs at `target`; for all but files of lines."""
        for step in self.steps:
            if isinstance(step, Move) and step.target == target:
                assert self.folder is not None
                staged = self.folder / step.source
                return staged if staged.exists() else self.root / target
        return self.root / target

    def read(self, target: str) -> bytes:
        """The content of the file at `target`.

        Raises:
            FileNotFoundError: there is none.
        """
        for step in self.steps:
            if isinstance(step, Append) and step.target == target:
                path = self.root / target
                before = path.read_bytes()[: step.length] if path.exists() else b""
                return before + step.data.encode()
        path = self.path(target)
        try:
            return path.read_bytes()
        except FileNotFoundError:  # put in its place just now
            return (self.root / target).read_bytes()

    def removed(self, target: str) -> bool:
        """True when the file is about to go."""
        return any(
            isinstance(step, Remove) and f"{target}/".startswith(f"{step.target}/")
            for step in self.steps
        )
