"""Runs in LeRobot's own interpreter: makes a robot or a teleoperator and serves it.

    PYTHON -P peer.py DESCRIPTOR NAME

DESCRIPTOR is a stream socket; NAME is for whoever lists processes. Each message on the socket is
HEAD and then as many bytes as HEAD says: float64 values or a JSON object. An answer has the kind
and the number of what it answers. It has no terminal: stdin is empty, and what a plug-in prints
goes to stderr. It ends with the socket, and leaves the arm as it is then: only the other end lets
it go. Nothing of lerecord is imported here.
"""

import contextlib
import dataclasses
import importlib
import importlib.metadata
import json
import os
import pkgutil
import signal
import socket
import struct
import sys
import time
import traceback
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

HEAD = struct.Struct("<cIHI")
"""Kind, number, tries that were made again, size of what follows."""

DESCRIBE, CONNECT, READ, COMMAND, LET_GO = b"D", b"C", b"R", b"W", b"X"
FAILED = b"E"
"""Answers any of them: {"error": sentence, "asked": whether it wanted a person to type}."""

_ATTEMPTS = 3
_CONNECT_S = 3.0  # LeRobot sends some fifty requests to connect, and none of them twice
_PAUSE_S = 0.002
_CHUNK = 65536
_Message = tuple[bytes, int, bytes]
_KINDS = {"follower": ("robots", "Robot"), "leader": ("teleoperators", "Teleoperator")}
_DISTRIBUTIONS = {"follower": "lerobot_robot_", "leader": "lerobot_teleoperator_"}
_MAKERS = {"follower": "make_robot_from_config", "leader": "make_teleoperator_from_config"}


def _registered(role: str, kind: str) -> Any:
    """The base class of configs, once the plug-in that registers `kind` is imported."""
    package, base = _KINDS[role]
    package = f"lerobot.{package}"
    configs = getattr(importlib.import_module(package), f"{base}Config")
    failed = []
    for module in _modules(role, kind, package):
        if kind in configs.get_known_choices():
            return configs
        try:
            importlib.import_module(module)
        except Exception as error:  # it lacks what it needs, and need not be the one that is meant
            failed.append(f"{module} ({error})")
    known = ", ".join(sorted(configs.get_known_choices()))
    lacking = f"; these could not be imported: {', '.join(failed)}" if failed else ""
    raise LookupError(f"there is no {base.lower()} {kind!r}; known are {known}{lacking}")


def _modules(role: str, kind: str, package: str) -> Iterator[str]:
    """Where plug-ins are: the one of that name first, then those beside LeRobot, then the rest."""
    own = sorted(each.name for each in pkgutil.iter_modules(sys.modules[package].__path__))
    yield from (f"{package}.{name}" for name in own if name == kind)
    names = {str(each.metadata["Name"]) for each in importlib.metadata.distributions()}
    normal = sorted(name.replace("-", "_").lower() for name in names)
    yield from (name for name in normal if name.startswith(_DISTRIBUTIONS[role]))
    yield from (f"{package}.{name}" for name in own if name not in (kind, "config", "utils"))
    yield package  # imported already: the last of the others is looked at, too


def _without_cameras(config: Any) -> None:
    """Let a config have no cameras, nor the configs in it: lerecord reads them itself."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name == "cameras":
            config.cameras = {}
        elif dataclasses.is_dataclass(value):
            _without_cameras(value)


def _version(module: str) -> str:
    top = module.partition(".")[0]
    names = importlib.metadata.packages_distributions().get(top, [])
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in sorted(set(names)))


def _floats(features: Mapping[str, Any]) -> list[str]:
    return [name for name, kind in features.items() if kind is float]


class _Plugin:
    """A robot or a teleoperator, with the names of its values in their order."""

    def __init__(self, role: str, options: dict[str, Any]) -> None:
        import draccus

        config = draccus.decode(_registered(role, options["type"]), options)
        _without_cameras(config)
        package = importlib.import_module(f"lerobot.{_KINDS[role][0]}")
        self._config = config
        self._device = getattr(package, _MAKERS[role])(config)
        self._names = _floats(self._device.action_features)
        if role == "follower":
            self._look = self._device.get_observation
            measured = _floats(self._device.observation_features)
        else:
            self._look = self._device.get_action
            measured = self._names
        self._unmeasured = [name for name in self._names if name not in measured]

    def describe(self) -> dict[str, Any]:
        calibration = getattr(self._device, "calibration", None)
        joints = calibration.items() if isinstance(calibration, dict) else ()
        return {
            "features": self._names,
            "unmeasured": self._unmeasured,
            "version": _version(type(self._device).__module__),
            "degrees": getattr(self._config, "use_degrees", None),
            "calibration": {
                str(name): dataclasses.asdict(joint)
                for name, joint in joints
                if dataclasses.is_dataclass(joint) and not isinstance(joint, type)
            },
        }

    def connect(self) -> dict[str, Any]:
        """Connect; a bus that loses a packet is tried again, from the beginning."""
        until = time.monotonic() + _CONNECT_S
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._connected()
            except EOFError:
                raise
            except Exception:
                if attempt >= _ATTEMPTS and time.monotonic() >= until:
                    raise
            self._close()

    def _close(self) -> None:
        """Close what a connection that failed has left open; that may lose packets, too.

        LeRobot closes a port only once every servo has acknowledged that it is let go.
        """
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(Exception):  # it may not have come far
                self._device.disconnect()
            if not getattr(self._device, "is_connected", False):
                return

    def _connected(self) -> dict[str, Any]:
        self._device.connect(calibrate=False)
        return {"calibrated": bool(self._device.is_calibrated)}

    def read(self) -> bytes:
        values = self._look()
        return array("d", [float(values[name]) for name in self._names]).tobytes()

    def command(self, data: bytes) -> bytes:
        goal = dict(zip(self._names, array("d", data), strict=True))
        sent = {**goal, **self._device.send_action(goal)}
        return array("d", [float(sent[name]) for name in self._names]).tobytes()

    def let_go(self) -> dict[str, Any]:
        self._device.disconnect()
        return {}


class _Server:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._unread = b""
        self._plugin: _Plugin | None = None

    def serve(self) -> None:
        """Answer until the other end closes."""
        while data := self._channel.recv(_CHUNK):
            self._unread += data
            for kind, number, content in _newest(list(self._messages())):
                self._answer(kind, number, content)

    def _messages(self) -> Iterator[_Message]:
        while len(self._unread) >= HEAD.size:
            kind, number, _, size = HEAD.unpack_from(self._unread)
            end = HEAD.size + size
            if len(self._unread) < end:
                return
            yield kind, number, self._unread[HEAD.size : end]
            self._unread = self._unread[end:]

    def _answer(self, kind: bytes, number: int, content: bytes) -> None:
        retries = 0
        try:
            if kind == READ:
                answer, retries = self._read(content)
            else:
                answer = self._do(kind, content)
        except EOFError:
            kind, answer = FAILED, _as_json({"error": "", "asked": True})
        except Exception as error:  # whatever it is: the other end says it
            told = " ".join(f"{type(error).__name__}: {error}".split())
            kind, answer = FAILED, _as_json({"error": told, "asked": False})
        self._channel.sendall(HEAD.pack(kind, number, retries, len(answer)) + answer)

    def _do(self, kind: bytes, content: bytes) -> bytes:
        if kind == DESCRIBE:
            asked = json.loads(content)
            self._plugin = _Plugin(asked["role"], asked["options"])
            return _as_json(self._plugin.describe())
        assert self._plugin is not None
        if kind == COMMAND:
            return self._plugin.command(content)
        return _as_json(self._plugin.connect() if kind == CONNECT else self._plugin.let_go())

    def _read(self, content: bytes) -> tuple[bytes, int]:
        """What is measured, and how often it was tried again within the seconds that are given."""
        assert self._plugin is not None
        (budget_s,) = array("d", content)
        until = time.monotonic() + budget_s
        retries = 0
        while True:
            try:
                return self._plugin.read(), retries
            except EOFError:
                raise
            except Exception:
                if time.monotonic() >= until:
                    raise
            time.sleep(_PAUSE_S)
            retries += 1


def _newest(messages: list[_Message]) -> Iterator[_Message]:
    """In their order, without reads and commands that a later one replaces."""
    for at, message in enumerate(messages):
        later = [each[0] for each in messages[at + 1 :]]
        if message[0] not in (READ, COMMAND) or message[0] not in later:
            yield message


def _as_json(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said).encode()


def main(descriptor: str) -> None:
    """Serve until the socket ends, then end at once: LeRobot's `__del__` would let arms drop."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(each, signal.SIG_IGN)
    os.dup2(2, 1)
    server = _Server(socket.socket(fileno=int(descriptor)))
    try:
        with contextlib.suppress(ConnectionError):
            server.serve()
    except Exception:
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
