"""What `lerecord station` does: a form, the session that it asks for, and the form again."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from lerecord.cli.result_file import told_in
from lerecord.cli.station_session import print_code
from lerecord.cli.view_session import open_page
from lerecord.cli.web_extra import require_web
from lerecord.printable import print_line
from lerecord.processes import PAGE_TOKEN, RESULT_FILE, environment, lerecord
from lerecord.ui.terminal import is_attended

if TYPE_CHECKING:
    from lerecord.ui.start import Checked, DatasetChoice, Form, KeptForm, RigChoice, Told
    from lerecord.ui.station import StationSettings

_DATASETS = Path("datasets")
_ENDED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def station(page: "StationSettings", browser: bool) -> int:
    """Serve the form, and run what it asks for, until Ctrl-C; returns the exit status.

    Args:
        page: where it is, and who gets in.
        browser: open the page.

    Raises:
        LerecordError: the port is taken, or the extra is not installed.
    """
    require_web(*(["segno"] if page.lan else []))
    from lerecord.ui.start import KeptForm, start_app
    from lerecord.ui.web import WebServer

    clerk = Clerk(KeptForm.of_user(os.environ), page)
    token = secrets.token_urlsafe(16) if page.lan else None
    with tempfile.TemporaryDirectory(prefix="lerecord-") as scratch:
        while True:
            app = partial(start_app, clerk)
            with WebServer(app, clerk.page.port, token) as server:
                clerk.page = replace(page, port=server.port)
                clerk.stop = server.stop
                _tell_where(server.addresses)
                if browser:
                    open_page(server.address)
                server.run()
            browser = False
            if (form := clerk.taken()) is None:
                return 0
            clerk.told, ended_by = run_session(form, clerk.page, token, Path(scratch))
            if ended_by is not None:
                return 128 + ended_by


def _tell_where(addresses: Sequence[str]) -> None:
    for address in addresses:
        print_line(f"Begin a session at {address}; Ctrl-C ends this command.")
    if len(addresses) > 1 and is_attended():
        print_code(addresses[1])
    sys.stdout.flush()


class Clerk:
    """The desk of the page: it knows what there is, and takes one form.

    Attributes:
        page: where it is, and who gets in.
        told: what came of the last session.
        stop: ends the page's server.
    """

    def __init__(self, kept: "KeptForm", page: "StationSettings", folder: Path = _DATASETS) -> None:
        from lerecord.ui.start import Form

        self._kept, self._folder = kept, folder
        self.page = page
        self._wanted: Form | None = None
        self.form: Form = kept.read() or Form(hardware="sim", dataset="sim")
        self.told: Told | None = None
        self.stop: Callable[[], None] = lambda: None

    def choices(self) -> "tuple[Sequence[RigChoice], Sequence[DatasetChoice]]":
        """The rigs and the datasets that there are now."""
        from lerecord.ui.start import datasets, rigs

        return rigs(), datasets(self._folder)

    def checked(self, form: "Form") -> "Checked":
        """What is to be said of a form."""
        from lerecord.cli.begun_options import checked

        return checked(form, self._folder, self.page)

    def start(self, form: "Form") -> None:
        """Have that session begun as soon as the page's server has ended."""
        self.form = self._wanted = form
        try:
            self._kept.keep(form)
        except OSError as error:
            print_line(f"The next page will not know these choices ({error}).", sys.stderr)
        self.stop()

    def taken(self) -> "Form | None":
        """The form that was started, once; None where nobody did."""
        wanted, self._wanted = self._wanted, None
        return wanted


def run_session(
    form: "Form", page: "StationSettings", token: str | None, scratch: Path
) -> "tuple[Told, int | None]":
    """Record as the form says, in this terminal.

    Args:
        form: without a fault.
        page: of the session.
        token: that lets others than this machine in.
        scratch: a folder that is there for it.

    Returns:
        What came of it, and the signal that ends this command, too.
    """
    from lerecord.cli.begun_options import arguments_of, lines_of

    tasks, result = scratch / "tasks.txt", scratch / "result.jsonl"
    tasks.write_text("".join(f"{line}\n" for line in lines_of(form)), encoding="utf-8")
    result.unlink(missing_ok=True)
    arguments = lerecord(*arguments_of(form, _DATASETS, page, tasks))
    received: list[int] = []
    with _signals_for(received) as attend:
        known = {RESULT_FILE: str(result)} | ({PAGE_TOKEN: token} if token else {})
        child = subprocess.Popen(arguments, env=environment() | known)
        attend(child)
        status = child.wait()
    ending = next((each for each in received if each != signal.SIGINT), None)
    return _told(result, status), ending


@contextmanager
def _signals_for(received: list[int]) -> "Iterator[Callable[[subprocess.Popen[bytes]], None]]":
    """For the block, signals are for the session; a terminal's Ctrl-C reaches it by itself."""
    children: list[subprocess.Popen[bytes]] = []

    def receive(number: int, _: FrameType | None = None) -> None:
        received.append(number)
        by_keyboard = number in (signal.SIGINT, signal.SIGQUIT) and is_attended()
        for child in children if not by_keyboard else ():
            child.send_signal(number)

    def attend(child: "subprocess.Popen[bytes]") -> None:
        children.append(child)
        for number in received[:]:  # that came before it was there
            child.send_signal(number)

    before = {
        number: signal.signal(number, receive)
        for number in _SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN  # nohup
    }
    try:
        yield attend
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(result: Path, status: int) -> "Told":
    from lerecord.ui.start import Told

    lines, error = told_in(result)
    if error is None and not lines:
        error = (
            "It was broken off before it began."
            if status in (_ENDED, -signal.SIGINT)
            else f"It ended with status {status}; its terminal says why."
        )
    return Told(lines, error)
