"""`lerecord fleet`: one function a command."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.completion import datasets as completed
from lerecord.cli.group import Commands, show_help
from lerecord.cli.help import Command, example
from lerecord.cli.options import AllowHardware, AsJson, Out
from lerecord.cli.output import Output

app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None)

Roots = Annotated[
    list[str],
    typer.Argument(
        metavar="ROOT...",
        help="Folders, or s3:// and hf:// addresses; every dataset below is found.",
        autocompletion=completed,
    ),
]
Executor = Annotated[
    str,
    typer.Option(metavar="NAME", help="What does the work: local, slurm or ray."),
]
Workers = Annotated[
    int,
    typer.Option(min=0, metavar="N", help="Workers at the same time; 0 for one a core."),
]
Tasks = Annotated[
    int, typer.Option(min=0, metavar="N", help="Tasks into which the work is divided [by workers].")
]
Partition = Annotated[str, typer.Option(metavar="NAME", help="Partition of Slurm.")]
TimeLimit = Annotated[str, typer.Option(metavar="HH:MM:SS", help="Time a task may take on Slurm.")]
Where = Annotated[
    str, typer.Option(metavar="CONDITION", help="Which episodes, such as: label = success.")
]
TaskBalance = Annotated[
    int, typer.Option(min=0, metavar="N", help="At most N episodes of each task; 0 for all.")
]
MaxHours = Annotated[
    float, typer.Option(min=0.0, metavar="H", help="At most H hours altogether; 0 for all.")
]
Version = Annotated[
    str, typer.Option("--format", metavar="VERSION", help="LeRobot format: v2.1 or v3.0.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
StateFolder = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", help="Keeps what was found [~/.local/state/lerecord/fleet]."
    ),
]


@app.callback(invoke_without_command=True)
def fleet(context: typer.Context) -> None:
    """Look at, check and merge the datasets of many stations."""
    if context.invoked_subcommand is None:
        show_help(context)


@app.command(cls=Command, epilog=example("lerecord fleet status /data --html fleet.html"))
def status(
    roots: Roots,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write it as an HTML page.")
    ] = None,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show every dataset there is, and what changed since the last look.

    Exits with 1 if something could not be read.
    """
    from lerecord.cli.fleet_report import status as run

    with Output(as_json) as output:
        raise typer.Exit(run(roots, html, state, output))


@app.command(cls=Command, epilog=example("lerecord fleet check /data --workers 8"))
def check(
    roots: Roots,
    quick: Annotated[bool, typer.Option("--quick", help="Skip decoding the videos.")] = False,
    executor: Executor = "local",
    workers: Workers = 0,
    tasks: Tasks = 0,
    partition: Partition = "",
    time_limit: TimeLimit = "12:00:00",
    dry_run: DryRun = False,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Verify every dataset in parallel; what has not changed is not read again.

    Exits with 1 if anything is wrong, or not checked yet.
    """
    from lerecord.cli.fleet_report import check as run
    from lerecord.fleet import Checking, Engine

    engine = Engine(executor, workers, tasks, partition, time_limit)
    with Output(as_json) as output:
        raise typer.Exit(run(roots, state, Checking(quick, engine, dry_run), output))


@app.command(
    cls=Command,
    epilog=example('lerecord fleet merge datasets/all /data --where "label = success"'),
)
def merge(
    out: Out,
    roots: Roots,
    where: Where = "",
    task_balance: TaskBalance = 0,
    max_hours: MaxHours = 0.0,
    seed: Annotated[int, typer.Option(help="Other episodes, where not all are taken.")] = 0,
    version: Version = "v2.1",
    allow_hardware: AllowHardware = False,
    executor: Executor = "local",
    workers: Workers = 0,
    tasks: Tasks = 0,
    partition: Partition = "",
    time_limit: TimeLimit = "12:00:00",
    dry_run: DryRun = False,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make one dataset of many; if interrupted, run it again.

    Exits with 1 if an episode or a dataset could not be taken, which is named.
    """
    from lerecord.cli.fleet_merge_report import merge as run
    from lerecord.fleet import Engine, HowToMerge, Request, Wish

    wish = Wish(where, task_balance, max_hours, seed)
    request = Request(out, roots, wish, version, allow_hardware)
    how = HowToMerge(Engine(executor, workers, tasks, partition, time_limit), dry_run)
    with Output(as_json) as output:
        raise typer.Exit(run(request, how, state, output))
