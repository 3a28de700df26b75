"""`compat`, `merge`, `split`, `export` and `import`, as a person or a program reads them."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lerecord.cli.output import Output
from lerecord.cli.progress import Progress
from lerecord.commands import command
from lerecord.counted import counted
from lerecord.dataset.format import Info
from lerecord.dataset.join import Comparison, Merging, Rule, Watched, compared
from lerecord.dataset.join import merge as merged
from lerecord.dataset.join import split as separated
from lerecord.dataset.read import stored_at
from lerecord.dataset.v30 import CODEBASE_VERSION, Exporting, Importing, export_v30, import_v30
from lerecord.errors import ConfigError


def compat(roots: Sequence[Path], allow_hardware: bool, output: Output) -> int:
    """Print each difference from the first dataset; exit status 0 when they can be joined.

    Raises:
        DatasetError: one is no dataset.
    """
    pairs = compared([stored_at(root) for root in roots])
    joinable = not any(pair.refused(allow_hardware) for pair in pairs)
    datasets = [_pair_data(pair, allow_hardware) for pair in pairs]
    lines = [
        f"{'refused' if each in pair.refused(allow_hardware) else 'remark'}: {each}"
        for pair in pairs
        for each in pair.differences
    ]
    lines.append("They can be merged." if joinable else "They cannot be merged.")
    output.result({"joinable": joinable, "datasets": datasets}, lines)
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


def merge(out: Path, roots: Sequence[Path], allow_hardware: bool, output: Output) -> None:
    """Merge datasets and say what came of it.

    Raises:
        DatasetError: they cannot be merged.
    """
    left = _LeftOut(output)
    with Progress() as progress:
        how = Merging(progress.told("merged"), left.tell, allow_hardware=allow_hardware)
        made = _made(out, merged(out, roots, how))
    output.result({**made, "left_out": left.names}, [_said(made)])


def split(root: Path, outs: Sequence[Path], rule: Rule, output: Output) -> None:
    """Split a dataset and say what came of it.

    Raises:
        DatasetError: it cannot be split so.
    """
    left = _LeftOut(output)
    with Progress() as progress:
        how = Watched(progress.told("written"), left.tell)
        infos = separated(root, outs, rule, how)
    parts = [_made(out, info) for out, info in zip(outs, infos, strict=True)]
    document = {"source": root, "datasets": parts, "left_out": left.names}
    output.result(document, map(_said, parts))


def export(root: Path, out: Path, version: str, output: Output) -> None:
    """Export a dataset and say what came of it.

    Raises:
        ConfigError: the version is none that can be written.
        DatasetError: the dataset cannot be exported.
    """
    if version != CODEBASE_VERSION:
        raise ConfigError(f"The format {version!r} cannot be written; {CODEBASE_VERSION} can.")
    left = _LeftOut(output)
    with Progress() as progress:
        episodes = export_v30(root, out, Exporting(progress.told("exported"), left.tell))
    document = {"dataset": out, "source": root, "format": version, "episodes": episodes}
    output.result(
        {**document, "left_out": left.names},
        [f"{out} has the {counted(episodes, 'episode')} of {root} in the layout {version}."],
    )


def import_(root: Path, out: Path, output: Output) -> None:
    """Import a dataset and say what came of it.

    Raises:
        DatasetError: the dataset cannot be imported.
    """
    left = _LeftOut(output)
    with Progress() as progress:
        how = Importing(progress.told("imported"), left_out=left.tell)
        imported = import_v30(root, out, how)
    made, encoded = _made(out, imported.info), imported.encoded
    output.result(
        {**made, "source": root, "reencoded_images": encoded, "left_out": left.names},
        [_said(made, f"{counted(encoded, 'image')} re-encoded; ")],
    )


def _made(out: Path, info: Info) -> dict[str, Any]:
    counts = {"episodes": info.episodes, "frames": info.frames, "tasks": info.tasks}
    return {"dataset": out, **counts}


def _said(made: dict[str, Any], more: str = "") -> str:
    episodes, frames, tasks = (
        counted(made[f"{noun}s"], noun) for noun in ("episode", "frame", "task")
    )
    return (
        f"{made['dataset']} has {episodes}, {frames} and {tasks}; {more}"
        f"{command('check', made['dataset'])} verifies it."
    )


class _LeftOut:
    """Says what a new dataset does not have, and keeps it for the result."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.names: list[str] = []

    def tell(self, name: str) -> None:
        self.names.append(name)
        self._output.note(f"Not carried over: {name}.")
