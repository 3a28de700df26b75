"""The command line: one function a command, no logic, and each command imports its own needs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from lerecord import __version__
from lerecord.errors import LerecordError

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Dataset = Annotated[Path, typer.Argument(metavar="DIR", help="The dataset's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback(invoke_without_command=True)
def record(
    context: typer.Context,
    task: Annotated[
        str | None, typer.Option(help='What is done, in a sentence: "Grab the paper box".')
    ] = None,
    hardware: Annotated[
        str | None,
        typer.Option(metavar="NAME|PATH", help="The rig: a name in hardware_configs, or a TOML."),
    ] = None,
    dataset: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Default: datasets/<hardware name>.")
    ] = None,
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many. Without a terminal: 1.")
    ] = None,
    episode_time: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="S", help="A take saves itself after S seconds."),
    ] = None,
    reset_time: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="S", help="A take starts itself after S seconds."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the box's places on a simulated rig.")
    ] = None,
    accept_calibration: Annotated[
        bool, typer.Option(help="Go on with a dataset whose arms were calibrated anew since.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Record robot demonstrations as a LeRobot dataset.

    lerecord --task "Grab the paper box" records; the commands below do everything else.
    """
    if context.invoked_subcommand is not None:
        return
    if version:
        print(f"lerecord {__version__}")
        return
    if task is None:
        print(context.get_help())
        raise typer.Exit(2)
    from lerecord.recording.record import RecordOptions
    from lerecord.recording.record import record as run

    options = RecordOptions(
        task=task,
        hardware=hardware,
        dataset=dataset,
        episodes=episodes,
        episode_time_s=episode_time,
        reset_time_s=reset_time,
        seed=seed,
        accept_calibration=accept_calibration,
    )
    raise typer.Exit(run(options))


@app.command()
def sim(
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a hardware TOML that reaches it.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the box's places.")] = None,
) -> None:
    """Run the simulated rig alone, until Ctrl-C, for any program to connect to."""
    from lerecord.recording.standalone import run_simulator

    run_simulator(write, seed)


@app.command()
def info(dataset: Dataset = Path(), as_json: AsJson = False) -> None:
    """Say what a dataset contains."""
    from lerecord.dataset.report import info as run

    run(dataset, as_json)


@app.command()
def check(
    dataset: Dataset = Path(),
    quick: Annotated[bool, typer.Option("--quick", help="Decode no picture.")] = False,
    as_json: AsJson = False,
) -> None:
    """Verify a dataset, picture by picture; exit 1 and one line a finding when it is not right."""
    from lerecord.dataset.report import check as run

    raise typer.Exit(run(dataset, quick, as_json))


def main() -> None:
    """The `lerecord` command."""
    try:
        app()
    except LerecordError as error:
        print(f"lerecord: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
