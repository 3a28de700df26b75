"""`lerecord fleet`: one function a command."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.completion import datasets as completed
from lerecord.cli.fleet_options import EngineOptions, StateFolder, Version, WishOptions
from lerecord.cli.group import Commands, show_help
from lerecord.cli.help import Command, example
from lerecord.cli.options import AsJson, License, Private
from lerecord.cli.output import Output
from lerecord.cli.session_options import taking_options

app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None)

Roots = Annotated[
    list[str],
    typer.Argument(
        metavar="ROOT...",
        help="Folders, or s3:// and hf:// addresses; every dataset below is found.",
        autocompletion=completed,
    ),
]
NewDataset = Annotated[
    str, typer.Argument(metavar="OUT", help="Output folder; must not exist. Or an s3:// address.")
]


@app.callback(invoke_without_command=True)
def fleet(context: typer.Context) -> None:
    """Look at, check, merge and push the datasets of many stations."""
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
    """Show every dataset and what has changed since.

    Exits with 1 if something could not be read.
    """
    from lerecord.cli.fleet_report import status as run

    with Output(as_json) as output:
        raise typer.Exit(run(roots, html, state, output))


@app.command(cls=Command, epilog=example("lerecord fleet check /data --workers 8"))
@taking_options
def check(
    *,
    roots: Roots,
    quick: Annotated[bool, typer.Option("--quick", help="Skip decoding the videos.")] = False,
    given: EngineOptions,
) -> None:
    """Verify what is new or changed, in parallel.

    Exits with 1 if anything is wrong, or not checked yet.
    """
    from lerecord.cli.fleet_report import check as run
    from lerecord.fleet import Checking

    how = Checking(quick, given.engine, given.dry_run)
    with Output(given.as_json) as output:
        raise typer.Exit(run(roots, given.state, how, output))


@app.command(
    cls=Command,
    epilog=example('lerecord fleet merge datasets/all /data --where "label = success"'),
)
@taking_options
def merge(*, out: NewDataset, roots: Roots, wanted: WishOptions, given: EngineOptions) -> None:
    """Make one dataset of many.

    If interrupted, run it again. Exits with 1 if an episode or a dataset could not be taken,
    which is named, or if Slurm has the work.
    """
    from lerecord.cli.fleet_merge_report import merge as run
    from lerecord.fleet import HowToMerge, Request, State, is_remote, outbox

    far = is_remote(out)
    folder = outbox(out, State(given.state)) if far else Path(out)
    hardware, to = wanted.allow_hardware, out if far else ""
    request = Request(folder, roots, wanted.wish, wanted.version, hardware, to)
    how = HowToMerge(given.engine, given.dry_run)
    with Output(given.as_json) as output:
        raise typer.Exit(run(request, how, given.state, output))


@app.command(cls=Command, epilog=example("lerecord fleet stats /data"))
@taking_options
def stats(*, roots: Roots, given: EngineOptions) -> None:
    """Show exact statistics of all frames, per kind of rig.

    Exits with 1 if something could not be read, or is not read yet.
    """
    from lerecord.cli.fleet_work_report import stats as run

    with Output(given.as_json) as output:
        raise typer.Exit(run(roots, given.state, given.how, output))


@app.command(cls=Command, epilog=example("lerecord fleet transcode /data --profile archive"))
@taking_options
def transcode(
    *,
    roots: Roots,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="Video profile: default, fast or archive.")
    ] = "archive",
    given: EngineOptions,
) -> None:
    """Re-encode the videos of every dataset in place.

    If interrupted, run it again. Exits with 1 if a dataset could not be done; it is named, and
    left as it was.
    """
    from lerecord.cli.fleet_work_report import transcode as run

    with Output(given.as_json) as output:
        raise typer.Exit(run(roots, profile, (given.state, given.how), output))


@app.command(cls=Command, epilog=example("lerecord fleet push /data --user lab"))
def push(
    roots: Roots,
    user: Annotated[
        str,
        typer.Option(
            metavar="USER", help="A dataset that was never pushed goes to USER/STATION-NAME."
        ),
    ] = "",
    private: Private = None,
    version: Version = "v2.1",
    license_: License = None,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Upload every dataset to the Hugging Face Hub.

    If interrupted, run it again. Exits with 1 if one could not be pushed, which is named; the
    others go on.
    """
    from lerecord.hub import PushOptions, of_environment

    of_environment()
    from lerecord.cli.fleet_push_report import push as run

    options = PushOptions(private=private, version=version, license=license_)
    with Output(as_json) as output:
        raise typer.Exit(run(roots, user, options, state, output))
