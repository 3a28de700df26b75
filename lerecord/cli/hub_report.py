"""`lerecord push` and `lerecord pull`, as a person or a program reads them."""

import sys
from functools import partial
from pathlib import Path

from lerecord.cli.output import Output
from lerecord.cli.progress import Progress
from lerecord.counted import counted
from lerecord.dataset.format import layout
from lerecord.dataset.storage import megabytes
from lerecord.hub import (
    Outcome,
    PushOptions,
    Remote,
    Sent,
    asker,
    push_dataset,
    settled,
    target,
)
from lerecord.hub import pull as pulled
from lerecord.printable import print_line

_DATASETS = Path("datasets")


def push(root: Path, options: PushOptions, output: Output) -> None:
    """Push a dataset and say what came of it.

    Raises:
        LerecordError: it cannot be pushed.
    """
    options = settled(root, options, asker(output.as_json))
    _warn(Remote(options.repo_id or ""))
    with Progress(patience_s=0.0) as progress:
        outcome = push_dataset(root, options, partial(_show, progress))
    output.result(outcome.to_data(), [said(outcome)])


def said(outcome: Outcome) -> str:
    """The sentence about a push."""
    pushed = outcome.pushed
    place = f"{outcome.url} has the {counted(outcome.episodes, 'episode')} of {outcome.dataset}"
    if not pushed.sent and not pushed.removed:
        done = "nothing to upload"
    else:
        done = f"{counted(pushed.sent, 'file')} ({megabytes(pushed.sent_bytes)}) uploaded"
    removed = f", {pushed.removed} removed" if pushed.removed else ""
    withheld = ", ".join(outcome.withheld)
    without = f" {layout.HARDWARE} was sent without the secret in {withheld}." if withheld else ""
    return f"{place} as {outcome.tag}; {done}{removed}.{without}"


def pull(repo: str, out: Path | None, revision: str | None, output: Output) -> None:
    """Pull a dataset and say what came of it.

    Raises:
        LerecordError: it cannot be pulled.
    """
    remote = Remote(target.repository(Path(), repo))
    _warn(remote)
    outcome = pulled(remote, out or _DATASETS / repo.partition("/")[2], revision)
    output.result(
        outcome,
        [
            f"{outcome.dataset} has {outcome.repo_id} as of {outcome.revision}: {outcome.files} "
            f"files ({megabytes(outcome.size_bytes)}) with matching hashes."
        ],
    )


def _warn(remote: Remote) -> None:
    if (warning := remote.warning) is not None:
        print_line(f"lerecord: {warning}", sys.stderr)


def _show(progress: Progress, sent: Sent) -> None:
    progress.show(
        f"{sent.files} of {sent.of_files} files uploaded, {megabytes(sent.size_bytes)} of "
        f"{megabytes(sent.of_bytes)}",
        sent.size_bytes,
        sent.of_bytes,
    )
