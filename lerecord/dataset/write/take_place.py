"""Where a left take goes: to the end, or to the place of the episode that it does again."""

import shlex
from pathlib import Path
from typing import Literal

from lerecord.dataset.format import Info
from lerecord.dataset.staging import ClosedTake
from lerecord.errors import DatasetError

TakePlace = Literal["its own", "replace", "append"]
"""Where a left take goes that does an episode again."""


def episode_of(root: Path, info: Info, left: ClosedTake, place: TakePlace) -> int | None:
    """The episode that a left take replaces; None when it becomes a new one.

    Raises:
        DatasetError: it was to replace an episode that has changed since, or was never saved.
    """
    again = left.facts.replaces
    if again is None or place == "append":
        return None
    episode = again.find(root, info)
    command = f"lerecord recover {shlex.quote(str(root))}"
    if episode is None:
        raise DatasetError(
            f"It was meant to replace episode {again.episode}, which has changed since; nothing "
            f"was done with it. Add it as a new episode with `{command} --append`, or remove it "
            f"with `{command} --discard`."
        )
    if place != "replace" and not left.files.saved.exists():
        raise DatasetError(
            f"It was meant to replace episode {episode} and was never saved, so nothing was done. "
            f"Replace the episode with `{command} --replace`, add a new one with `{command} "
            f"--append`, or remove it with `{command} --discard`."
        )
    return episode
