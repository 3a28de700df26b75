"""Which merges are done, so that the same command finds nothing to do."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lerecord.dataset.format import layout
from lerecord.errors import DatasetError
from lerecord.fleet.merge_folder import Job, LeftEpisode, Request
from lerecord.fleet.publishing import identity_of
from lerecord.fleet.state import State


@dataclass(frozen=True, slots=True)
class Made:
    """A merge that is done.

    Attributes:
        identity: of it, as of `identity_of`.
        left: the episodes that could not be taken.
        left_out: the names of what could not be carried over.
    """

    identity: str
    left: Sequence[LeftEpisode]
    left_out: Sequence[str]


class Records:
    """What is kept of the merge into one folder.

    Args:
        state: where.
        out: the new dataset's folder.
    """

    def __init__(self, state: State, out: Path) -> None:
        self.state = state
        self._out = out.absolute()
        self._name = f"merged/{hashlib.sha256(os.fsencode(self._out)).hexdigest()[:24]}.json"

    def of_made(self) -> Made | None:
        """The merge that made what is there; None when nothing is there, or something else."""
        kept = self.state.read(self._name)
        try:
            if kept["print"] != _print(self._out):
                return None
            left = [LeftEpisode(**each) for each in kept["left"]]
            return Made(kept["identity"], left, kept["left_out"])
        except (OSError, KeyError, TypeError):
            return None

    def keep(self, made: Made, draft: Path) -> None:
        """Keep a merge that is about to be shown; it counts once its folder is there.

        Args:
            made: the merge.
            draft: the dataset, under another name still.
        """
        self.state.write(self._name, {**asdict(made), "print": _print(draft)})


def _print(root: Path) -> str:
    data = (root / layout.INFO).read_bytes() + (root / layout.STATS).read_bytes()
    return hashlib.sha256(data).hexdigest()


def require_same(made: Made, job: Job, request: Request) -> None:
    """Refuse to make anything else where something is.

    Raises:
        DatasetError: other episodes are wanted now, or their datasets have changed.
    """
    if made.identity != identity_of(job, request.version):
        raise DatasetError(
            f"{request.out} was merged of other episodes, or its datasets have changed since; name "
            f"a folder that does not exist yet."
        )
