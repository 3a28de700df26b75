"""The episode that a take was to replace: known again after a kill, wherever it stands by then."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from lerecord.dataset.format import VECTORS, Info, Stats, layout, metadata
from lerecord.dataset.storage import read_meta


@dataclass(frozen=True, slots=True)
class Replaced:
    """An episode as a take knows it.

    Attributes:
        episode: its index when the take began.
        content: tells its frames from those of other episodes; None when it was not committed yet.
    """

    episode: int
    content: str | None

    def to_data(self) -> dict[str, Any]:
        """As JSON-able data."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Any) -> Self | None:
        """What `to_data` gave; None of None.

        Raises:
            KeyError, TypeError, ValueError: it is of another form.
        """
        if data is None:
            return None
        episode, content = data["episode"], data["content"]
        if type(episode) is not int or not isinstance(content, str | None):
            raise ValueError("replaces is not an episode")
        return cls(episode, content)

    @classmethod
    def of(cls, root: Path, info: Info, episode: int) -> Self:
        """The episode of this index, which may be about to be committed.

        Raises:
            DatasetError: the statistics of the episodes cannot be read.
        """
        if episode >= info.episodes:
            return cls(episode, None)
        return cls(episode, _content(_stats(root, info)[episode]))

    def find(self, root: Path, info: Info) -> int | None:
        """Its index now; None when it is not there, or cannot be told from others.

        Raises:
            DatasetError: the statistics of the episodes cannot be read.
        """
        if self.content is None:  # only the episode saved last is done again that early
            return self.episode if self.episode == info.episodes - 1 else None
        found = [n for n, each in enumerate(_stats(root, info)) if _content(each) == self.content]
        if self.episode in found:
            return self.episode
        return found[0] if len(found) == 1 else None


def _stats(root: Path, info: Info) -> Sequence[Stats]:
    return metadata.parse_episodes_stats(read_meta(root, layout.EPISODES_STATS), info.episodes)


def _content(values: Stats) -> str:
    digest = hashlib.sha256()
    for key in VECTORS:
        each = values[key]
        digest.update(str(each.count).encode())
        for array in (each.min, each.max, each.mean, each.std):
            digest.update(array.astype("<f8").tobytes())
    return digest.hexdigest()
