"""Watching what is synced, made and renamed, in order."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


class Watched:
    """Records each sync, mkdir and rename below a folder, in order, as `call path`."""

    def __init__(self, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.top = top
        self.events: list[str] = []
        for name in ("fsync", "fdatasync", "mkdir", "rename", "replace"):
            monkeypatch.setattr(os, name, self._recording(name, getattr(os, name)))

    def _recording(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def recorded(what: int | str | Path, *rest: object, **named: object) -> object:
            made = call(what, *rest, **named)
            below = named.get("dir_fd", named.get("src_dir_fd"))
            path = _path_of(what) if below is None else _path_of(below) / str(what)
            if path.is_relative_to(self.top):
                kind = "sync" if "sync" in name else name.replace("replace", "rename")
                self.events.append(f"{kind} {path.relative_to(self.top)}")
            return made

        return recorded

    def synced(self) -> list[str]:
        return [each.removeprefix("sync ") for each in self.events if each.startswith("sync ")]


def _path_of(what: object) -> Path:
    """Of a path, or of a descriptor."""
    return Path(f"/proc/self/fd/{what}").readlink() if isinstance(what, int) else Path(str(what))
