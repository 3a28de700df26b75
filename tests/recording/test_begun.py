"""A session from its form to what came of it, in a real browser."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.dataset.overview import episodes
from tests.live import Simulator
from tests.ui.chromium import Chromium, Page

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S*(?=;)")
_FRAMES = """Number([...document.querySelectorAll('#rates dt')]
  .find((each) => each.textContent === 'frames').nextSibling.textContent)"""
_LONG = 40  # frames: who ends a take within its first second is asked whether to keep it


@contextmanager
def station(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a folder of its own, and the address of its page."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lerecord", "station", "--lan", "--no-browser"],
        cwd=folder,
        env={**os.environ, "XDG_STATE_HOME": str(folder / "state")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        try:
            yield process, next(found[0] for line in said if (found := _ADDRESS.search(line)))
        finally:
            process.terminate()  # a session that runs parks its arm, whatever went wrong
            process.wait(240)


def fill_in(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.evaluate(
            f"(() => {{ const field = document.getElementById({name!r}); field.value = {value!r};"
            "field.dispatchEvent(new Event('input', { bubbles: true })) })()"
        )


def press(page: Page, words: str, done: str) -> None:
    """Press a button of the session until that is so; a press that comes late means nothing."""
    page.until(
        f"(() => {{ try {{ if ({done}) return true }} catch {{}}"
        "const found = [...document.querySelectorAll('#actions button')]"
        f".find((each) => each.firstChild.textContent === {words!r});"
        "found?.click(); return false })()"
    )


def test_a_session_is_begun_from_the_page_and_ends_there(tmp_path: Path) -> None:
    (configs := tmp_path / "hardware_configs").mkdir()
    with (
        closing(Simulator()) as simulator,
        station(tmp_path) as (process, address),
        Chromium(tmp_path / "profile") as browser,
    ):
        simulator.hardware(configs, cameras=False).rename(configs / "bench.toml")
        page = browser.page()
        page.look(1280, 800)
        page.open(address)
        page.until("document.querySelector('input[value=bench]')")
        page.evaluate("document.querySelector('input[value=bench]').click()")
        fill_in(page, **{"dataset": "box", "task-0": "Grab the box"})
        page.until("!document.getElementById('start').disabled")
        page.click("document.getElementById('start')")
        press(page, "start", f"{_FRAMES} > 0")
        page.until(f"{_FRAMES} > {_LONG}")
        press(page, "save", "document.getElementById('count').textContent.startsWith('1 ')")
        press(
            page, "quit", "document.getElementById('told-lines').textContent.includes('episode 0')"
        )
        again = "document.getElementById('start').textContent === 'Once more'"
        assert page.evaluate(f"{again} && document.getElementById('place').value") == "box"
        process.send_signal(signal.SIGINT)
        assert process.wait(240) == 0
    assert [each.tasks for each in episodes(tmp_path / "datasets/box")] == [("Grab the box",)]
