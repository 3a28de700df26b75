"""`lerecord push` and `lerecord pull`, as a person or a program reads them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from lerecord.dataset.storage import megabytes
from lerecord.hub import (
    Outcome,
    PushOptions,
    Remote,
    Sent,
    asker,
    push_dataset,
    settled,
    silent,
    target,
)
from lerecord.hub import pull as pulled
from lerecord.printable import print_json, print_line

_DATASETS = Path("datasets")


def push(root: Path, options: PushOptions, as_json: bool = False) -> None:
    """Push a dataset and say what came of it.

    Raises:
        LerecordError: it cannot be pushed.
    """
    options = settled(root, options, asker(as_json))
    _warn(Remote(options.repo_id or ""))
    with _bar(as_json) as progress:
        outcome = push_dataset(root, options, progress)
    if as_json:
        print_json(outcome.to_data())
    else:
        print_line(said(outcome))


def said(outcome: Outcome) -> str:
    """The sentence about a push."""
    pushed = outcome.pushed
    place = f"{outcome.url} has the {outcome.episodes} episodes of {outcome.dataset}"
    if not pushed.sent and not pushed.removed:
        done = "nothing to upload"
    else:
        done = f"{pushed.sent} files ({megabytes(pushed.sent_bytes)}) uploaded"
    removed = f", {pushed.removed} removed" if pushed.removed else ""
    return f"{place} as {outcome.tag}; {done}{removed}."


def pull(repo: str, out: Path | None, revision: str | None, as_json: bool = False) -> None:
    """Pull a dataset and say what came of it.

    Raises:
        LerecordError: it cannot be pulled.
    """
    remote = Remote(target.repository(Path(), repo))
    _warn(remote)
    outcome = pulled(remote, out or _DATASETS / repo.partition("/")[2], revision)
    if as_json:
        print_json(asdict(outcome))
        return
    print_line(
        f"{outcome.dataset} has {outcome.repo_id} as of {outcome.revision}: {outcome.files} files "
        f"({megabytes(outcome.size_bytes)}) with matching hashes."
    )


def _warn(remote: Remote) -> None:
    if (warning := remote.warning) is not None:
        print_line(f"lerecord: {warning}", sys.stderr)


@contextmanager
def _bar(as_json: bool) -> Iterator[Callable[[Sent], None]]:
    """How far a push is, on a terminal and only there."""
    if as_json or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("checking", total=None)

        def show(sent: Sent) -> None:
            bar.update(
                task,
                description=f"sent {sent.files} of {sent.of_files} files",
                completed=sent.size_bytes,
                total=sent.of_bytes,
            )

        yield show
