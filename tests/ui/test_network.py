"""The pages of a dataset and of a session reach nobody but this machine.

Every network call of the server and its children is traced, and every socket of the browser logged.
LERECORD_NETWORK=1 asks for it; it needs `strace`. Chromium's own services, which have nothing to do
with a page, are switched off.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.dataset.overview import episodes
from tests.dataset.lists import A, B, record
from tests.ui.chromium import Chromium, Page

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("LERECORD_NETWORK") != "1", reason="LERECORD_NETWORK=1 asks for it"
    ),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
    pytest.mark.timeout(900),
]
_CALL = re.compile(r"\b(connect|bind|sendto|sendmsg|sendmmsg)\((.*)")
_ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
_CONNECTS = ("TCP_CONNECT_ATTEMPT", "UDP_CONNECT")
_PAGE = re.compile(r"http://127\.0\.0\.1:\d+/")
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""Chromium asks nobody for its own sake; what a page asks for is seen in its requests as well."""
_FRAMES = """Number([...document.querySelectorAll('#rates dt')]
  .find((each) => each.textContent === 'frames').nextSibling.textContent)"""
_LONG = 40  # frames: who ends a take within its first second is asked whether to keep it
_IPV6_PROBE = "2001:4860:4860::8888"
"""Chromium connects a datagram socket to it, and sends nothing, to learn whether it has IPv6."""


def _button(words: str) -> str:
    return (
        "[...document.querySelectorAll('#actions button')]"
        f".find((each) => each.firstChild.textContent === {words!r})"
    )


def traced(log: Path) -> list[str]:
    """What starts a program whose network calls, and those of its children, are written down."""
    calls = "trace=connect,bind,sendto,sendmsg,sendmmsg"
    return ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-e", calls, "-o", str(log)]


def called(log: Path) -> Counter[tuple[str, str]]:
    """How often each address of the internet stands in each call of the server."""
    found: Counter[tuple[str, str]] = Counter()
    for line in log.read_text(errors="replace").splitlines():
        if call := _CALL.search(line):
            for four, six in _ADDRESS.findall(call[2]):
                found[call[1], four or six] += 1
    return found


def connected(log: Path) -> Counter[str]:
    """How often the browser has connected a socket to each address."""
    text = log.read_text()
    try:
        told = json.loads(text)
    except json.JSONDecodeError:  # it was ended before it had written the end; a line an event
        told = json.loads(text[: text.rindex(",\n")] + "]}")
    numbers = {told["constants"]["logEventTypes"][name] for name in _CONNECTS}
    addresses = (
        event["params"]["address"]
        for event in told["events"]
        if event["type"] in numbers and "address" in event.get("params", {})
    )
    return Counter(address.rpartition(":")[0].strip("[]") for address in addresses)


def require_loopback(server: Path, browser: Path) -> None:
    """The server neither listens nor speaks elsewhere, and the browser has no socket elsewhere."""
    ours, its = called(server), connected(browser)
    print(f"{server.name}: {dict(ours)}; browser: {dict(its)}")
    assert ours["bind", "127.0.0.1"] >= 1
    assert its["127.0.0.1"] >= 1
    reached = {*(address for _, address in ours), *its} - {_IPV6_PROBE}
    assert {address for address in reached if not ip_address(address).is_loopback} == set()


@contextmanager
def server(log: Path, arguments: Sequence[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """lerecord under strace, and the address of its page."""
    process = subprocess.Popen(
        [*traced(log), sys.executable, "-m", "lerecord", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        try:
            yield process, next(found[0] for line in said if (found := _PAGE.search(line)))
            said.read()
        finally:
            process.terminate()
            process.wait(240)


@contextmanager
def browser(log: Path, folder: Path) -> Iterator[Page]:
    with Chromium(folder, more=(*_QUIET, f"--log-net-log={log}")) as found:
        yield found.page()


def test_the_page_of_a_dataset_reaches_this_machine_only(tmp_path: Path) -> None:
    root = record(tmp_path / "set", [A, B])
    ours, its = tmp_path / "view server", tmp_path / "view browser"
    with server(ours, ["view", str(root), "--no-browser"]) as (process, address):
        with browser(its, tmp_path / "profile") as page:
            page.open(f"{address}#pictures")
            page.until("document.querySelector('.way line') !== null")
            page.open(f"{address}#1")
            page.until("document.querySelectorAll('.camera[data-settled=true]').length === 2")
            page.press("f")
            page.press("a")
            page.until("!document.getElementById('apply').disabled")
            page.click("document.getElementById('apply')")
            page.until("document.querySelector('#summary').textContent.includes('failure')")
        process.terminate()
    assert [each.success for each in episodes(root)] == [None, False]
    assert {each.startswith((address, "about:")) for each in page.requests} == {True}
    assert any("/video/1/" in each for each in page.requests)
    require_loopback(ours, its)


def test_the_page_of_a_session_reaches_this_machine_only(tmp_path: Path) -> None:
    root = tmp_path / "set"
    ours, its = tmp_path / "record server", tmp_path / "record browser"
    asked = ["--task", "Grab the box", "--station", "--no-sound", "--dataset", str(root)]
    with server(ours, ["record", *asked]) as (process, address):
        with browser(its, tmp_path / "profile") as page:
            page.open(address)
            page.until(_button("start"))
            page.press("Enter")
            page.until(f"{_button('save')} && {_FRAMES} > {_LONG}")
            page.press("Enter")
            page.until(f"{_button('start')} && {_button('redo the last')}")
            page.press("q")
            page.until("!document.getElementById('lost').hidden")
        assert process.wait(240) == 0
    assert len(episodes(root)) == 1
    assert {each.startswith((address, "about:")) for each in page.requests} == {True}
    require_loopback(ours, its)
