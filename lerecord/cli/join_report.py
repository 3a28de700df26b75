"""`compat`, `merge`, `split`, `export` and `import`, as a person or a program reads them."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lerecord.commands import command
from lerecord.dataset.join import Comparison, Merging, Rule, Watched, compared
from lerecord.dataset.join import merge as merged
from lerecord.dataset.join import split as separated
from lerecord.dataset.storage import Snapshot
from lerecord.dataset.v30 import CODEBASE_VERSION, Exporting, Importing, export_v30, import_v30
from lerecord.errors import ConfigError
from lerecord.printable import print_json, print_line, print_progress


def compat(roots: Sequence[Path], allow_hardware: bool = False, as_json: bool = False) -> int:
    """Print each difference from the first dataset; exit status 0 when they can be joined.

    Raises:
        DatasetError: one is no dataset.
    """
    pairs = compared([Snapshot.of(root) for root in roots])
    joinable = not any(pair.refused(allow_hardware) for pair in pairs)
    if as_json:
        datasets = [_pair_data(pair, allow_hardware) for pair in pairs]
        print_json({"joinable": joinable, "datasets": datasets})
        return 0 if joinable else 1
    for pair in pairs:
        refused = pair.refused(allow_hardware)
        for each in pair.differences:
            print_line(f"{'refused' if each in refused else 'remark'}: {each}")
    print_line("They can be merged." if joinable else "They cannot be merged.")
    return 0 if joinable else 1


def _pair_data(pair: Comparison, allow_hardware: bool) -> dict[str, Any]:
    refused = pair.refused(allow_hardware)
    return {
        "first": str(pair.first),
        "other": str(pair.other),
        "differences": [
            {**asdict(each), "tier": each.tier.value, "refused": each in refused}
            for each in pair.differences
        ],
    }


def merge(out: Path, roots: Sequence[Path], allow_hardware: bool = False) -> None:
    """Merge datasets and say what came of it.

    Raises:
        DatasetError: they cannot be merged.
    """
    progress = _Progress("merged")
    info = merged(out, roots, Merging(progress.show, _left_out, allow_hardware=allow_hardware))
    progress.clear()
    print_line(
        f"{out} has {info.episodes} episodes, {info.frames} frames and {info.tasks} tasks; "
        f"{command('check', out)} verifies it."
    )


def split(root: Path, outs: Sequence[Path], rule: Rule) -> None:
    """Split a dataset and say what came of it.

    Raises:
        DatasetError: it cannot be split so.
    """
    progress = _Progress("written")
    infos = separated(root, outs, rule, Watched(progress.show, _left_out))
    progress.clear()
    for out, info in zip(outs, infos, strict=True):
        print_line(
            f"{out} has {info.episodes} episodes, {info.frames} frames and {info.tasks} tasks; "
            f"{command('check', out)} verifies it."
        )


def export(root: Path, out: Path, version: str) -> None:
    """Export a dataset and say what came of it.

    Raises:
        ConfigError: the version is none that can be written.
        DatasetError: the dataset cannot be exported.
    """
    if version != CODEBASE_VERSION:
        raise ConfigError(f"The format {version!r} cannot be written; {CODEBASE_VERSION} can.")
    progress = _Progress("exported")
    episodes = export_v30(root, out, Exporting(progress.show, _left_out))
    progress.clear()
    print_line(f"{out} has the {episodes} episodes of {root} in the layout {version}.")


def import_(root: Path, out: Path) -> None:
    """Import a dataset and say what came of it.

    Raises:
        DatasetError: the dataset cannot be imported.
    """
    progress = _Progress("imported")
    imported = import_v30(root, out, Importing(progress.show))
    progress.clear()
    info, encoded = imported.info, imported.encoded
    print_line(
        f"{out} has {info.episodes} episodes, {info.frames} frames and {info.tasks} tasks; "
        f"{encoded} images were re-encoded; {command('check', out)} verifies it."
    )


def _left_out(name: str) -> None:
    print_line(f"Not carried over: {name}.")


class _Progress:
    """How far long work is, on a terminal and only there."""

    def __init__(self, done: str) -> None:
        self._done = done
        self._shown = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        if self._shown:
            text = f"{self._done} {done} of {total} episodes"
            print_progress(text)

    def clear(self) -> None:
        if self._shown:
            print_progress("")
