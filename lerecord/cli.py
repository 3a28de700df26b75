"""The command line: one function a command, no logic, and each command imports its own needs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from lerecord import __version__, cli_edit
from lerecord.errors import ConfigError, LerecordError
from lerecord.printable import print_line

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_edit.app, name="edit")

Hardware = Annotated[
    str | None,
    typer.Option(metavar="NAME|PATH", help="The rig: a name in hardware_configs, or a TOML."),
]
DatasetFolder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Default: datasets/<hardware name>.")
]
EpisodeTime = Annotated[
    float | None,
    typer.Option(min=0.1, metavar="S", help="A take saves itself after S seconds."),
]
ResetTime = Annotated[
    float | None,
    typer.Option(min=0.0, metavar="S", help="A take starts itself after S seconds."),
]
Seed = Annotated[int | None, typer.Option(help="Of the box's places on a simulated rig.")]
AcceptCalibration = Annotated[
    bool, typer.Option(help="Go on with a dataset whose arms were calibrated anew since.")
]
OutcomeAsJson = Annotated[
    bool, typer.Option("--json", help="Let the last line be the outcome as a JSON object.")
]
Dataset = Annotated[Path, typer.Argument(metavar="DIR", help="The dataset's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Datasets = Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of datasets.")]
PushAtEnd = Annotated[
    bool, typer.Option("--push", help="Send the dataset to the Hugging Face Hub at the end.")
]
RepoId = Annotated[
    str | None,
    typer.Option(
        metavar="USER/NAME", help="On the Hub. Default: where the dataset was pushed to last."
    ),
]
NewFolder = Annotated[Path, typer.Argument(metavar="OUT", help="A folder that is not there yet.")]
AllowHardware = Annotated[
    bool, typer.Option("--allow-hardware", help="Join other servo ids and camera rotations.")
]


@app.callback(invoke_without_command=True)
def record(
    context: typer.Context,
    task: Annotated[
        str | None, typer.Option(help='What is done, in a sentence: "Grab the paper box".')
    ] = None,
    hardware: Hardware = None,
    dataset: DatasetFolder = None,
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many. Without a terminal: 1.")
    ] = None,
    episode_time: EpisodeTime = None,
    reset_time: ResetTime = None,
    seed: Seed = None,
    accept_calibration: AcceptCalibration = False,
    push: PushAtEnd = False,
    repo_id: RepoId = None,
    every: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="With --push: also after every N episodes."),
    ] = None,
    as_json: OutcomeAsJson = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Record robot demonstrations as a LeRobot dataset.

    lerecord --task "Grab the paper box" records; the commands below do everything else.
    """
    if context.invoked_subcommand is not None:
        return
    if version:
        print_line(f"lerecord {__version__}")
        return
    if task is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    from lerecord.hub.session import session_push
    from lerecord.recording.options import RecordOptions
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
        as_json=as_json,
    )
    raise typer.Exit(run(options, session_push(push, repo_id, every, as_json)))


@app.command()
def rerecord(
    episodes: Annotated[list[int], typer.Argument(metavar="EPISODE", help="Counted from 0.")],
    task: Annotated[
        str | None, typer.Option(help="Another task; without it each episode keeps its own.")
    ] = None,
    hardware: Hardware = None,
    dataset: DatasetFolder = None,
    episode_time: EpisodeTime = None,
    reset_time: ResetTime = None,
    seed: Seed = None,
    accept_calibration: AcceptCalibration = False,
    push: PushAtEnd = False,
    repo_id: RepoId = None,
    as_json: OutcomeAsJson = False,
) -> None:
    """Do episodes again, in place.

    Each new take replaces its episode, whatever its length.
    """
    from lerecord.hub.session import session_push
    from lerecord.recording.options import RecordOptions
    from lerecord.recording.record import record as run

    options = RecordOptions(
        task=task,
        hardware=hardware,
        dataset=dataset,
        episode_time_s=episode_time,
        reset_time_s=reset_time,
        seed=seed,
        accept_calibration=accept_calibration,
        as_json=as_json,
        rerecord=tuple(episodes),
    )
    raise typer.Exit(run(options, session_push(push, repo_id, every=None, as_json=as_json)))


@app.command()
def sim(
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a hardware TOML that reaches it.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the box's places.")] = None,
    faults: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is to fail, and when: a TOML file.")
    ] = None,
) -> None:
    """Run the simulated rig alone.

    Until Ctrl-C, for any program to connect to.
    """
    from lerecord.recording.standalone import run_simulator

    run_simulator(write, seed, faults)


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
    """Verify a dataset, picture by picture.

    Exit status 1 and one line a finding when it is not right.
    """
    from lerecord.dataset.report import check as run

    raise typer.Exit(run(dataset, quick, as_json))


@app.command()
def bench(
    cameras: Annotated[int, typer.Option(min=1, help="How many.")] = 2,
    fps: Annotated[int, typer.Option(min=1, help="Of the loop and of each camera.")] = 30,
    size: Annotated[str, typer.Option(metavar="WxH", help="Of each picture.")] = "640x480",
    seconds: Annotated[float, typer.Option(min=1.0, help="Length of a take.")] = 10.0,
    takes: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Measure what recording costs on this machine, without hardware."""
    from lerecord.recording.bench import Load, size_of
    from lerecord.recording.bench import bench as run

    width, height = size_of(size)
    run(Load(cameras, fps, width, height, seconds, takes), as_json)


@app.command()
def recover(
    dataset: Dataset = Path(),
    discard: Annotated[
        bool, typer.Option("--discard", help="Remove what was left instead of keeping it.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Let re-recordings that were cut short replace episodes."),
    ] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add re-recordings as new episodes instead.")
    ] = False,
) -> None:
    """Make episodes of takes that were never saved: killed, or cut off by a power cut."""
    from lerecord.dataset.recover import recover as run

    if discard + replace + append > 1:
        raise ConfigError("--discard, --replace and --append exclude each other; give one.")
    raise typer.Exit(run(dataset, discard, "replace" if replace else "append" if append else None))


@app.command()
def compat(
    datasets: Datasets,
    allow_hardware: AllowHardware = False,
    as_json: AsJson = False,
) -> None:
    """Say in what datasets differ from the first, and whether they can be joined.

    Exit status 1 when they cannot.
    """
    from lerecord.dataset.join_report import compat as run

    raise typer.Exit(run(datasets, allow_hardware, as_json))


@app.command()
def merge(out: NewFolder, datasets: Datasets, allow_hardware: AllowHardware = False) -> None:
    """Make one new dataset of several, which stay as they are."""
    from lerecord.dataset.join_report import merge as run

    run(out, datasets, allow_hardware)


@app.command()
def export(
    dataset: Annotated[Path, typer.Argument(metavar="DIR", help="The dataset's folder.")],
    out: NewFolder,
    version: Annotated[str, typer.Option("--format", help="Of LeRobot.")] = "v3.0",
) -> None:
    """Make a new dataset in another layout of LeRobot, without encoding again."""
    from lerecord.dataset.join_report import export as run

    run(dataset, out, version)


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A dataset of LeRobot v3.0.")],
    out: NewFolder,
) -> None:
    """Make a new dataset of one in the layout of LeRobot 0.4 and later."""
    from lerecord.dataset.join_report import import_ as run

    run(source, out)


@app.command()
def transcode(
    dataset: Annotated[Path, typer.Argument(metavar="DIR", help="The dataset's folder.")],
    profile: Annotated[str, typer.Option(help="Of [video]: default, fast or archive.")] = "archive",
) -> None:
    """Encode the videos of a dataset anew, to take less room on the disk."""
    from lerecord.dataset.edit_report import transcode as run

    run(dataset, profile)


@app.command()
def push(
    dataset: Dataset = Path(),
    repo_id: RepoId = None,
    private: Annotated[
        bool | None,
        typer.Option(
            "--private/--public", help="Who may see it. Without either a new one is private."
        ),
    ] = None,
    version: Annotated[str, typer.Option("--format", help="Of LeRobot: v2.1 or v3.0.")] = "v2.1",
    tag: Annotated[
        str | None, typer.Option(help="That readers ask for. Default: the format.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a dataset on the Hugging Face Hub equal to the one here.

    Only what differs is sent; after a kill, do it again.
    """
    from lerecord.hub.options import PushOptions
    from lerecord.hub.report import push as run

    run(dataset, PushOptions(repo_id, private, version, tag), as_json)


@app.command()
def pull(
    repo_id: Annotated[str, typer.Argument(metavar="USER/NAME", help="On the Hub.")],
    out: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="Default: datasets/NAME.")
    ] = None,
    revision: Annotated[
        str | None, typer.Option(help="A tag, branch or commit. Default: v2.1, else v3.0.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a dataset from the Hugging Face Hub into a new folder."""
    from lerecord.hub.report import pull as run

    run(repo_id, out, revision, as_json)


def main() -> None:
    """The `lerecord` command."""
    try:
        app()
    except LerecordError as error:
        print_line(f"lerecord: {error}", sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
