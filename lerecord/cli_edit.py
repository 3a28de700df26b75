"""`lerecord edit`: one function a command, no logic."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Change episodes that are committed.")

EditedDataset = Annotated[Path, typer.Argument(metavar="DIR", help="The dataset's folder.")]
Episodes = Annotated[list[int], typer.Argument(metavar="K...", help="Indices of episodes.")]


@app.command()
def delete(dataset: EditedDataset, episodes: Episodes) -> None:
    """Remove episodes; those behind them move up."""
    from lerecord.dataset import edit as operations
    from lerecord.dataset.edit_report import run, watch

    run(operations.delete, dataset, episodes, watch())


@app.command()
def trim(
    dataset: EditedDataset,
    episode: Annotated[int, typer.Argument(metavar="K", help="Index of the episode.")],
    start: Annotated[
        float | None, typer.Option(metavar="S", help="Seconds at which it begins then.")
    ] = None,
    end: Annotated[
        float | None, typer.Option(metavar="S", help="Seconds at which it ends then.")
    ] = None,
) -> None:
    """Keep only what an episode has between two times, both counted from its beginning."""
    from lerecord.dataset import edit as operations
    from lerecord.dataset.edit_report import run, watch

    run(operations.trim, dataset, episode, start, end, watch())


@app.command()
def relabel(
    dataset: EditedDataset,
    episodes: Episodes,
    task: Annotated[str, typer.Option(help="What they show, in a sentence.")],
) -> None:
    """Give episodes another task."""
    from lerecord.dataset import edit as operations
    from lerecord.dataset.edit_report import run, watch

    run(operations.relabel, dataset, episodes, task, watch())


@app.command()
def rename_task(
    dataset: EditedDataset,
    old: Annotated[str, typer.Argument(metavar="OLD", help="The task as it is.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it shall be.")],
) -> None:
    """Give every episode of a task another."""
    from lerecord.dataset import edit as operations
    from lerecord.dataset.edit_report import run, watch

    run(operations.rename_task, dataset, old, new, watch())


@app.command()
def undo(dataset: EditedDataset) -> None:
    """Take the last operation back; again takes the one before it back."""
    from lerecord.dataset import edit as operations
    from lerecord.dataset.edit_report import run, watch

    run(operations.undo, dataset, watch())


@app.command()
def redo(dataset: EditedDataset) -> None:
    """Take the last undo back."""
    from lerecord.dataset import edit as operations
    from lerecord.dataset.edit_report import run, watch

    run(operations.redo, dataset, watch())


@app.command()
def empty_trash(dataset: EditedDataset) -> None:
    """Remove for good what operations have replaced or removed."""
    from lerecord.dataset.edit_report import empty_trash as run

    run(dataset)
