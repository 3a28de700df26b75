"""`lerecord fleet push`, as a person or a program reads it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lerecord.cli.hub_report import said
from lerecord.cli.output import Output
from lerecord.cli.progress import Progress
from lerecord.dataset.storage import megabytes
from lerecord.fleet import State
from lerecord.fleet import push as pushed
from lerecord.hub import PushOptions, Sent


def push(
    roots: Sequence[str], user: str, options: PushOptions, state: Path | None, output: Output
) -> int:
    """Push every dataset and say what came of it; the exit status, 0 when all are there."""
    with Progress(patience_s=0.0) as progress:

        def show(root: Path, sent: Sent) -> None:
            words = f"{root}: {sent.files} of {sent.of_files} files, {megabytes(sent.of_bytes)}"
            progress.show(words, sent.size_bytes, sent.of_bytes)

        found = pushed(roots, State(state), options, user, show)
    document = {
        "datasets": [each.to_data() for each in found.pushed],
        "troubles": [asdict(each) for each in found.troubles],
    }
    lines = [said(each) for each in found.pushed]
    lines += [f"trouble: {each}" for each in found.troubles]
    output.result(document, lines)
    return 1 if found.troubles else 0
