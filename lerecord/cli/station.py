"""`lerecord station`."""

import typer

from lerecord.cli.help import example
from lerecord.cli.options import Lan, OpenBrowser, PagePort

EPILOG = example("lerecord station")


def station(
    port: PagePort = None,
    lan: Lan = False,
    browser: OpenBrowser = True,
) -> None:
    """Begin sessions from a page in a browser: rig, dataset and tasks.

    Each is the one that `lerecord record ... --station` begins, and has its keys in this terminal.
    """
    from lerecord.cli.begun_session import station as run
    from lerecord.ui.station import StationSettings

    raise typer.Exit(run(StationSettings(port or 0, lan), browser))
