"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.completion import datasets
from lerecord.recording.session import Gate

Hardware = Annotated[
    str | None,
    typer.Option(metavar="NAME|PATH", help="The rig: a name in hardware_configs/, or a TOML file."),
]
DatasetOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Dataset folder [datasets/<hardware name>].",
        autocompletion=datasets,
    ),
]
EpisodeTime = Annotated[
    float | None,
    typer.Option(min=0.1, metavar="S", help="Save the take automatically after S seconds."),
]
ResetTime = Annotated[
    float | None,
    typer.Option(min=0.0, metavar="S", help="Start the next take automatically after S seconds."),
]
Seed = Annotated[
    int | None,
    typer.Option(min=0, help="Random seed for the box's start position (simulated rig only)."),
]
AcceptCalibration = Annotated[
    bool,
    typer.Option(
        "--accept-calibration",
        help="Append even though the arms were recalibrated since the dataset was recorded.",
    ),
]
AcceptDrift = Annotated[
    bool,
    typer.Option(
        "--accept-drift",
        help="Record even though arms are not where they should be before anything moves.",
    ),
]
WriteCalibration = Annotated[
    bool,
    typer.Option(
        "--write-calibration",
        help="Write the calibration files into arms whose servos hold another calibration.",
    ),
]
TrustRig = Annotated[
    bool,
    typer.Option(
        "--trust-rig",
        help="Use the rig kept in the dataset even if no hardware config here describes it.",
    ),
]
Push = Annotated[
    bool, typer.Option("--push", help="Upload the dataset to the Hugging Face Hub at the end.")
]
PushEvery = Annotated[
    int | None,
    typer.Option(
        "--push-every", "--every", min=1, metavar="N", help="Also push after every N episodes."
    ),
]
RepoId = Annotated[
    str | None,
    typer.Option(
        metavar="USER/NAME", help="Repository on the Hub [the one it was last pushed to]."
    ),
]
Private = Annotated[
    bool | None,
    typer.Option("--private/--public", help="Who may see it [a new one is private]."),
]
License = Annotated[
    str | None,
    typer.Option("--license", metavar="ID", help="License in the dataset card, such as cc-by-4.0."),
]
GateOption = Annotated[
    Gate,
    typer.Option(
        help="After a take that is beyond repair: ask before the next one starts by itself, redo "
        "it (auto), or do not judge takes at all (off).",
    ),
]
Labels = Annotated[
    bool,
    typer.Option(
        "--labels",
        help="Begin the dataset with columns for success and failure: next.success, next.done and "
        "next.reward.",
    ),
]
Preview = Annotated[
    bool, typer.Option("--preview", help="Show small live images of the cameras in the terminal.")
]
Station = Annotated[
    bool, typer.Option("--station", help="Show the session on a page in a browser, with buttons.")
]
StationPort = Annotated[
    int | None,
    typer.Option(min=1, max=65535, metavar="N", help="Port of that page [any free one]."),
]
PagePort = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Port of the page on this machine [any free one]."),
]
OpenBrowser = Annotated[
    bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
]
Lan = Annotated[
    bool, typer.Option("--lan", help="Let other machines open that page; needs its token.")
]
PedalOption = Annotated[
    Path | None,
    typer.Option(
        "--pedal",
        metavar="PATH",
        help="A pedal or gamepad, such as /dev/input/by-id/NAME: Enter, and redo.",
    ),
]
Sound = Annotated[
    bool,
    typer.Option(
        "--sound/--no-sound",
        help="Ring the terminal's bell: once when a take starts, twice when it is saved, "
        "three times for trouble.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]
Dataset = Annotated[
    Path, typer.Argument(metavar="DIR", help="Dataset folder.", autocompletion=datasets)
]
Episodes = Annotated[
    list[str],
    typer.Argument(metavar="EPISODE...", help="Episode numbers from 0: 3 7 12, 3-7 or last."),
]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="Output folder; must not exist.")]
AllowHardware = Annotated[
    bool,
    typer.Option(
        "--allow-hardware", help="Also join datasets whose servo ids or camera rotations differ."
    ),
]
