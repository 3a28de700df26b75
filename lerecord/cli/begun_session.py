"""What `lerecord station` does: a form, the session that it asks for, and the form again."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from lerecord.cli.result_file import told_in
from lerecord.cli.view_session import open_page
from lerecord.cli.web_extra import require_web
from lerecord.printable import print_line
from lerecord.processes import RESULT_FILE, environment, lerecord
from lerecord.ui.terminal import is_attended

if TYPE_CHECKING:
    from lerecord.ui.start import Checked, DatasetChoice, Form, KeptForm, RigChoice, Told

_DATASETS = Path("datasets")
_ENDED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def station(port: int, browser: bool) -> int:
    """Serve the form, and run what it asks for, until Ctrl-C; returns the exit status.

    Args:
        port: of the page; 0 takes any free one.
        browser: open the page.

    Raises:
        LerecordError: the port is taken, or the extra is not installed.
    """
    require_web()
    from lerecord.ui.start import KeptForm, start_app
    from lerecord.ui.web import WebServer

    clerk = Clerk(KeptForm.of_user(os.environ))
    with tempfile.TemporaryDirectory(prefix="lerecord-") as scratch:
        while True:
            with WebServer(lambda _: start_app(clerk), port) as server:
                port = clerk.port = server.port
                clerk.stop = server.stop
                print_line(f"Begin a session at {server.address}; Ctrl-C ends this command.")
                sys.stdout.flush()
                if browser:
                    open_page(server.address)
                server.run()
            browser = False
            if (form := clerk.taken()) is None:
                return 0
            clerk.told, ended_by = run_session(form, port, Path(scratch))
            if ended_by is not None:
                return 128 + ended_by


class Clerk:
    """The desk of the page: it knows what there is, and takes one form.

    Attributes:
        port: of the page.
        told: what came of the last session.
        stop: ends the page's server.
    """

    def __init__(self, kept: "KeptForm", folder: Path = _DATASETS) -> None:
        from lerecord.ui.start import Form

        self._kept, self._folder = kept, folder
        self._wanted: Form | None = None
        self.form: Form = kept.read() or Form(hardware="sim", dataset="sim")
        self.told: Told | None = None
        self.port = 0
        self.stop: Callable[[], None] = lambda: None

    def choices(self) -> "tuple[Sequence[RigChoice], Sequence[DatasetChoice]]":
        """The rigs and the datasets that there are now."""
        from lerecord.ui.start import datasets, rigs

        return rigs(), datasets(self._folder)

    def checked(self, form: "Form") -> "Checked":
        """What is to be said of a form."""
        from lerecord.cli.begun_options import checked

        return checked(form, self._folder, self.port)

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


def run_session(form: "Form", port: int, scratch: Path) -> "tuple[Told, int | None]":
    """Record as the form says, in this terminal.

    Returns:
        What came of it, and the signal that ends this command, too.
    """
    from lerecord.cli.begun_options import arguments_of, lines_of

    tasks, result = scratch / "tasks.txt", scratch / "result.jsonl"
    tasks.write_text("".join(f"{line}\n" for line in lines_of(form)), encoding="utf-8")
    result.unlink(missing_ok=True)
    arguments = lerecord(*arguments_of(form, _DATASETS, port, tasks))
    received: list[int] = []
    with _signals_for(received) as attend:
        child = subprocess.Popen(arguments, env=environment() | {RESULT_FILE: str(result)})
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
