"""The page of a session: started with it, and told to whoever may open it."""

import os
import shutil
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lerecord.cli.session_options import SessionOptions
from lerecord.cli.session_parts import waiting_for
from lerecord.cli.typed_lines import TypedLines
from lerecord.cli.web_extra import require_web
from lerecord.config import HardwareConfig
from lerecord.errors import ConfigError
from lerecord.printable import print_line
from lerecord.processes import PAGE_TOKEN
from lerecord.recording.recorder import Recorder
from lerecord.recording.session import FanOut, Operator
from lerecord.ui.snapshot import PreviewedCamera
from lerecord.ui.terminal import Scene, Store, is_attended

if TYPE_CHECKING:
    from lerecord.ui.station import StationProcess


def check_station(options: SessionOptions) -> None:
    """Raises ConfigError where a page is not asked for as it can be had."""
    if options.station:
        require_web(*(["segno"] if options.lan else []))
    elif options.lan or options.port is not None:
        raise ConfigError("--port and --lan are those of a page; give --station, too.")


def started_station(
    options: SessionOptions, config: HardwareConfig, recorder: Recorder, stack: ExitStack
) -> "StationProcess | None":
    """The page's process, serving; None where no page is wanted.

    Raises:
        LerecordError: it cannot serve there.
    """
    if not options.station:
        return None
    from lerecord.ui.station import StationProcess, StationSettings

    settings = StationSettings(options.port or 0, options.lan)
    process = StationProcess(settings, previewed(config, recorder), recorder)
    stack.enter_context(process)
    with waiting_for("the page"):
        addresses = process.wait_until_up()
    for address in addresses:
        print_line(f"The page of this session: {address}")
    is_known = PAGE_TOKEN in os.environ  # who sees this page saw the one before it
    if len(addresses) > 1 and is_attended() and not is_known:
        show_code(addresses[1], TypedLines("Broken off before the arms were connected."))
    return process


def show_code(address: str, lines: TypedLines) -> None:
    """Show it for other devices until Enter; the screen of the session would hide it.

    Raises:
        BrokenOffError: q was typed.
    """
    if print_code(address):
        lines.ask("Scan it with a tablet, if you like; Enter starts, q and Enter breaks off.")


def print_code(address: str) -> bool:
    """Show it for other devices; False where the terminal is too small for it."""
    from lerecord.ui.web import code_lines, code_size

    columns, rows = shutil.get_terminal_size()
    wide, high = code_size(address)
    fits = wide <= columns and high < rows - 1
    if fits:
        sys.stdout.write("".join(f"{line}\n" for line in code_lines(address)))
        sys.stdout.flush()
    return fits


def with_page(listeners: FanOut, scene: Scene, store: Store, process: "StationProcess") -> Operator:
    """Show the session on its page; who presses buttons there is one more operator."""
    from lerecord.ui.station import Pages, Station

    listeners.add(Station(scene, store, process))
    return Pages(process)


def previewed(config: HardwareConfig, recorder: Recorder) -> list[PreviewedCamera]:
    """The cameras whose images are shown."""
    return [
        PreviewedCamera(name, config.cameras[name].rotation, mailbox)
        for name, mailbox in recorder.mailboxes.items()
    ]
