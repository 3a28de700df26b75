"""Many datasets on the Hub, one behind the other; one that fails is named, the others go on."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lerecord.errors import LerecordError
from lerecord.fleet.failures import sentence_of
from lerecord.fleet.sources import Root, Source, Trouble, find
from lerecord.fleet.state import State
from lerecord.hub import Outcome, PushOptions, Sent, push_dataset, target

_UNFIT = re.compile(r"[^\w.]+|--+", re.ASCII)


@dataclass(frozen=True, slots=True)
class FleetPush:
    """What came of it.

    Attributes:
        pushed: by the datasets' folders.
        troubles: what was not pushed; what readers see of it has not changed.
    """

    pushed: Sequence[Outcome]
    troubles: Sequence[Trouble]


def _silent(root: Path, sent: Sent) -> None:
    del root, sent


def push(
    roots: Sequence[Root],
    state: State,
    options: PushOptions,
    user: str,
    progress: Callable[[Path, Sent], None] = _silent,
) -> FleetPush:
    """Push every dataset below some folders.

    Args:
        roots: the folders.
        state: copies of what lies elsewhere are in its folder.
        options: what all have in common; without a repository.
        user: where to: a dataset that was never pushed goes to `USER/STATION-NAME`; empty where
            each has to be known.
        progress: told of each dataset what is sent.
    """
    sources, troubles = find(roots, state)
    pushed: list[Outcome] = []
    taken: dict[str, Path] = {}
    for source in sources:
        root = source.root
        try:
            repo = _repository(source, user)
            if (other := taken.setdefault(repo.lower(), root)) != root:
                reason = f"{root} and {other} would both be {repo}; push one by `lerecord push`."
                troubles.append(Trouble(root, reason))
                continue
            chosen = replace(options, repo_id=repo)
            pushed.append(push_dataset(root, chosen, partial(progress, root)))
        except Exception as error:
            troubles.append(Trouble(root, sentence_of(error, root, f"{root} was not pushed")))
    return FleetPush(pushed, troubles)


def _repository(source: Source, user: str) -> str:
    """The one that it was pushed to last from here, or the one named after it."""
    try:
        return target.repository(source.root, None)
    except LerecordError:
        if not user:
            raise
    name = _UNFIT.sub("-", f"{source.station}-{source.root.name}").strip("-.")
    return target.repository(source.root, f"{user}/{name}")
