"""Drives the Chromium of this machine by its own protocol; nothing is downloaded for it."""

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest

pytest.importorskip("websockets", reason="the extra `web` is not installed")

from websockets.sync.client import ClientConnection, connect

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")
_PATIENCE_S = 240.0
_GONE = ("Inspected target navigated", "Cannot find context", "context was destroyed")
_CODES = {"ArrowLeft": 37, "ArrowRight": 39, "ArrowUp": 38, "ArrowDown": 40, "End": 35, "Home": 36}


def executable() -> str | None:
    """Where it is; None where there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


class Page:
    """One tab.

    Attributes:
        requests: every address that it has asked for.
        complaints: what it wrote to its console as an error, and what it did not catch.
    """

    def __init__(self, browser: "Chromium", session: str) -> None:
        self._browser, self._session = browser, session
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def begin(self) -> None:
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **given: Any) -> Any:
        return self._browser.call(method, self._session, **given)

    def heard(self, message: Any) -> None:
        given = message["params"]
        if message["method"] == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        elif message["method"] == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(given["exceptionDetails"]))
        elif message["method"] == "Log.entryAdded" and given["entry"]["level"] == "error":
            self.complaints.append(given["entry"]["text"])

    def open(self, address: str) -> None:
        self.call("Page.navigate", url=address)

    def look(self, width: int, height: int, dark: bool = False) -> None:
        """The size of its window, and the colours that the system wants."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def evaluate(self, script: str) -> Any:
        """What an expression comes to; of a promise, what it is fulfilled with."""
        given = {"expression": script, "awaitPromise": True, "returnByValue": True}
        told = self.call("Runtime.evaluate", **given)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + _PATIENCE_S
        while not self._is_true(script):
            assert time.monotonic() < deadline, f"{script}; {self.complaints}"
            time.sleep(0.02)

    def _is_true(self, script: str) -> bool:
        """False, too, where another document takes the place of this one meanwhile."""
        try:
            found = self.evaluate(f"(() => {{ try {{ return Boolean({script}) }} catch {{}} }})()")
        except AssertionError as error:
            if not any(each in str(error) for each in _GONE):
                raise
            return False
        return bool(found)

    def press(self, key: str) -> None:
        text = {"Enter": "\r", " ": " "}.get(key, key if len(key) == 1 else "")
        code = _CODES.get(key, 13 if key == "Enter" else ord(key[0].upper()))
        given: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code}
        if text:
            given["text"] = text
        self.call("Input.dispatchKeyEvent", type="keyDown", **given)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def click(self, element: str) -> None:
        """Press and release the mouse in the middle of what an expression finds."""
        place = self.evaluate(
            f"(() => {{ const found = {element}; found.scrollIntoView({{ block: 'nearest' }});"
            "const { x, y, width, height } = found.getBoundingClientRect();"
            "return { x: x + width / 2, y: y + height / 2 }; })()"
        )
        self.call("Input.dispatchMouseEvent", type="mouseMoved", **place)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


class Chromium:
    """The browser, without a window; a context manager.

    Args:
        profile: a new folder.
        more: options of its own.
    """

    def __init__(self, profile: Path, more: Sequence[str] = ()) -> None:
        found = executable()
        if found is None:
            pytest.skip("Chromium is not installed")
        arguments = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        arguments += ["--no-first-run", "--disable-gpu", "--mute-audio", "--disable-dev-shm-usage"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        self._process = subprocess.Popen(
            [found, *arguments, *more, "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(self._connected())
        self._number = 0
        self._pages: dict[str, Page] = {}

    def _connected(self) -> ClientConnection:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if listening := _LISTENING.search(line):
                address = listening[1].decode()
                return connect(address, compression=None, max_size=None, max_queue=None)
        pytest.skip("Chromium does not start here")

    def call(self, method: str, session: str | None = None, **given: Any) -> Any:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": given}
        if session is not None:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(timeout=_PATIENCE_S))
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            if (page := self._pages.get(answer.get("sessionId"))) is not None:
                page.heard(answer)

    def page(self) -> Page:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        told = self.call("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, told["sessionId"])
        self._pages[told["sessionId"]] = page
        page.begin()
        return page

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE_S)
        self._stack.close()
        assert self._process.stderr is not None
        self._process.stderr.close()
