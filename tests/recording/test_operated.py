"""A whole session from the page in a real browser: by mouse, by keyboard and by a pedal.

In the middle of takes the page's process is killed, the page reloaded and stopped.
"""

import os
import re
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.dataset.overview import episodes
from lerecord.dataset.verify import check
from tests.live import Simulator
from tests.recording.test_station import station_of
from tests.ui.chromium import Chromium, Page

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")
_FRAMES = """Number([...document.querySelectorAll('#rates dt')]
  .find((each) => each.textContent === 'frames').nextSibling.textContent)"""
_AT_MOST = """new Promise((seen) => {{
  const end = performance.now() + 3000;
  const look = () => ({done}) || performance.now() > end ? seen() : setTimeout(look, 20);
  look();
}})"""
"""Three seconds, or until it is true."""
_REFUSED = "ERR_CONNECTION_REFUSED"  # while the page's process is started again
_LONG = 40  # frames: who ends a take within its first second is asked whether to keep it


class Bench:
    """Somebody who sees the page, and has a mouse, a keyboard and a pedal."""

    def __init__(self, page: Page, pedal: int) -> None:
        self.page = page
        self._pedal, self._seconds = pedal, 0

    def click(self, words: str, then: str) -> None:
        """Click a button at its place in the window, again if it has moved away meanwhile."""
        done = f"(() => {{ try {{ return {then} }} catch {{}} }})()"
        while True:
            self.page.until(f"{then} || !({_button(words)}).disabled")
            if self.page.evaluate(f"Boolean({done})"):
                return
            self.page.click(_button(words))
            self.page.evaluate(_AT_MOST.format(done=done))

    def press_pedal(self) -> None:
        self._seconds += 100
        os.write(self._pedal, struct.pack("llHHi", self._seconds, 0, 1, 48, 1))

    def records(self) -> None:
        """Wait until a take is long enough to be saved without a question."""
        self.page.until(f"{_button('save')} && {_FRAMES} > {_LONG}")

    def has_saved(self, count: int) -> None:
        """Wait until so many are saved, and what can be asked of the last one is offered."""
        self.page.until(
            f"{_button('start')} && {_button('redo the last')} && "
            f"document.getElementById('count').textContent.startsWith('{count} ')"
        )


def _button(words: str) -> str:
    return (
        "[...document.querySelectorAll('#actions button')]"
        f".find((each) => each.firstChild.textContent === {words!r})"
    )


@contextmanager
def recorder(root: Path, hardware: Path, pipe: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A session that nobody but the page and the pedal operates, and the address of the page."""
    arguments = ["--task", "Grab the box", "--station", "--no-sound", "--pedal", str(pipe)]
    arguments += ["--hardware", str(hardware)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.recording.with_pedal", *arguments, "--dataset", str(root)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        try:
            found = next(address for line in said if (address := _ADDRESS.search(line)))
            yield process, found[0]
            said.read()
        finally:
            process.terminate()  # the arm is parked, whatever went wrong
            process.wait(240)


def test_a_session_by_mouse_keyboard_and_pedal(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pedal")
    pedal = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    root = tmp_path / "box"
    with (
        closing(Simulator()) as simulator,
        recorder(root, simulator.hardware(tmp_path, cameras=False), pipe) as (process, address),
        Chromium(tmp_path / "profile") as browser,
    ):
        page = browser.page()
        page.look(1280, 800)
        page.open(address)
        bench = Bench(page, pedal)
        bench.click("start", _button("redo"))
        bench.click("redo", _button("start"))
        bench.click("start", _button("save"))
        bench.records()
        bench.click("save", _button("start"))
        bench.has_saved(1)
        page.press("Enter")
        bench.records()
        os.kill(station_of(process.pid), signal.SIGKILL)
        page.until("document.getElementById('lost').hidden === false")
        page.until("document.getElementById('lost').hidden")
        page.call("Page.reload")
        bench.records()
        page.press("s")
        bench.has_saved(2)
        bench.press_pedal()
        bench.records()
        page.call("Page.setWebLifecycleState", state="frozen")
        bench.press_pedal()
        while len(episodes(root)) < 3:  # nobody waits for a page that stands still
            time.sleep(0.05)
        page.call("Page.setWebLifecycleState", state="active")
        bench.has_saved(3)
        bench.click("failed", "document.querySelector('#takes li').textContent.includes('failure')")
        bench.click("quit", "document.getElementById('lost').hidden === false")
        assert process.wait(240) == 0
        assert [each for each in page.complaints if _REFUSED not in each] == []
    os.close(pedal)
    assert [each.success for each in episodes(root)] == [None, True, False]
    assert check(root).findings == []
