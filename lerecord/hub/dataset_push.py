"""A dataset's push from its beginning to its end, for whoever shows it."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from lerecord.hub import target
from lerecord.hub.choices import settled
from lerecord.hub.destinations import Destination, keep
from lerecord.hub.options import PushOptions
from lerecord.hub.prepared import prepared
from lerecord.hub.push import Push, Pushed, Pushing, Sent, silent
from lerecord.hub.remote import Remote


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a push.

    Attributes:
        dataset: its folder.
        repo_id: where it is on the Hub.
        url: where people see it.
        tag: that readers resolve.
        episodes: that it has there.
        pushed: what was done for it.
        withheld: the entries of meta/hardware.json whose passwords and tokens were left out.
    """

    dataset: str
    repo_id: str
    url: str
    tag: str
    episodes: int
    pushed: Pushed
    withheld: tuple[str, ...] = ()

    def to_data(self) -> dict[str, object]:
        """All of it, flat."""
        data = asdict(self)
        done = data.pop("pushed")
        return {**data, **done}


def push_dataset(
    root: Path,
    options: PushOptions,
    progress: Callable[[Sent], None] = silent,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Push the last committed state of a dataset; it may be recorded into meanwhile.

    Args:
        root: the dataset's folder.
        options: what and where to.
        progress: told what is sent.
        sleep: lets seconds pass.

    Raises:
        LerecordError: it cannot be pushed as asked; what readers see has not changed.
    """
    options = settled(root, options)
    repo = target.repository(root, options.repo_id)
    remote = Remote(repo)
    remote.require_token()
    tag = options.tag or options.version
    with prepared(root, options.version, repo, tag, options.license or "") as ready:
        target.remember(root, repo)
        keep(Destination.of(root, repo, options.license))
        pushed = Push(remote, ready.files, Pushing(tag, options.private, progress, sleep)).run()
        return Outcome(str(root), repo, remote.url, tag, ready.episodes, pushed, ready.withheld)
