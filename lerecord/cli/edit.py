"""`lerecord edit`: one function a command."""

from typing import Annotated

import typer

from lerecord.cli.episodes import indices
from lerecord.cli.group import Commands, show_help
from lerecord.cli.help import Command, example
from lerecord.cli.options import AsJson, Dataset, Episodes
from lerecord.cli.output import Output

app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def edit(context: typer.Context) -> None:
    """Delete, trim and relabel episodes, with undo."""
    if context.invoked_subcommand is None:
        show_help(context)


@app.command(cls=Command, epilog=example("lerecord edit delete datasets/box 3 7-9 last"))
def delete(dataset: Dataset, episodes: Episodes, as_json: AsJson = False) -> None:
    """Delete episodes; later ones are renumbered."""
    from lerecord.cli.edit_report import run, watch
    from lerecord.dataset.edit import operations as operations

    with Output(as_json) as output, watch() as watched:
        run(output, operations.delete, dataset, indices(episodes, dataset), watched)


@app.command(cls=Command, epilog=example("lerecord edit trim datasets/box 3 --start 0.5 --end 6"))
def trim(
    dataset: Dataset,
    episode: Annotated[str, typer.Argument(metavar="EPISODE", help="Episode number, or last.")],
    start: Annotated[float | None, typer.Option(metavar="S", help="New start, in seconds.")] = None,
    end: Annotated[float | None, typer.Option(metavar="S", help="New end, in seconds.")] = None,
    as_json: AsJson = False,
) -> None:
    """Trim an episode; both times count from its present start."""
    from lerecord.cli.edit_report import run, watch
    from lerecord.dataset.edit import operations as operations

    with Output(as_json) as output, watch() as watched:
        run(output, operations.trim, dataset, indices([episode], dataset)[0], start, end, watched)


@app.command(cls=Command, epilog=example('lerecord edit relabel box 3-5 --task "Push the cup"'))
def relabel(
    dataset: Dataset,
    episodes: Episodes,
    task: Annotated[str, typer.Option(help="New task description.")],
    as_json: AsJson = False,
) -> None:
    """Give episodes another task."""
    from lerecord.cli.edit_report import run, watch
    from lerecord.dataset.edit import operations as operations

    with Output(as_json) as output, watch() as watched:
        run(output, operations.relabel, dataset, indices(episodes, dataset), task, watched)


@app.command(cls=Command, epilog=example('lerecord edit rename-task box "Grab box" "Grab the box"'))
def rename_task(
    dataset: Dataset,
    old: Annotated[str, typer.Argument(metavar="OLD", help="Present task description.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="New task description.")],
    as_json: AsJson = False,
) -> None:
    """Reword a task in every episode that has it."""
    from lerecord.cli.edit_report import run, watch
    from lerecord.dataset.edit import operations as operations

    with Output(as_json) as output, watch() as watched:
        run(output, operations.rename_task, dataset, old, new, watched)


@app.command(cls=Command)
def undo(dataset: Dataset, as_json: AsJson = False) -> None:
    """Undo the last edit; repeat to undo earlier ones."""
    from lerecord.cli.edit_report import run, watch
    from lerecord.dataset.edit import operations as operations

    with Output(as_json) as output, watch() as watched:
        run(output, operations.undo, dataset, watched)


@app.command(cls=Command)
def redo(dataset: Dataset, as_json: AsJson = False) -> None:
    """Redo the edit that was undone last."""
    from lerecord.cli.edit_report import run, watch
    from lerecord.dataset.edit import operations as operations

    with Output(as_json) as output, watch() as watched:
        run(output, operations.redo, dataset, watched)


@app.command(cls=Command)
def empty_trash(dataset: Dataset, as_json: AsJson = False) -> None:
    """Free the disk space of past edits, which ends their undo."""
    from lerecord.cli.edit_report import empty_trash as run

    with Output(as_json) as output:
        run(dataset, output)
