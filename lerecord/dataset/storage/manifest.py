"""The steps of a change, and the manifest that lists them.

A manifest is data that may come from a stranger with the dataset. It is taken when every step has
the declared form and stays with the kinds of files that a dataset has; else it is refused whole.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from lerecord.dataset.format import layout

NAME = "manifest.json"
VERSION = 1
LIMIT_BYTES = 40_000_000
"""About 200,000 steps; parsing as much of the worst JSON takes less than 1 GB."""

_SOURCE = re.compile(r"[0-9]{6,9}")
_FINGERPRINT = re.compile(r"[0-9]{1,16}-[0-9a-f]{8}")
_MOST_BYTES = 2**53
_OPTIONAL = {"fingerprint"}


@dataclass(frozen=True, slots=True)
class Move:
    """Put a staged file in its place, over what may be there."""

    source: str
    """Name in the transaction's folder."""
    target: str
    """Path in the dataset, as in every step."""
    fingerprint: str | None = None
    """Of the staged file, from the mark on: it tells that file from the one it replaces."""


@dataclass(frozen=True, slots=True)
class Append:
    """Let a file go on with `data` after its first `length` bytes; it is made when missing."""

    target: str
    length: int
    data: str

    def behind(self, before: bytes) -> bytes:
        """The bytes to write after `before`, or its last byte: no two lines become one."""
        data = self.data.encode()
        glued = before and not before.endswith(b"\n") and not data.startswith(b"\n")
        return b"\n" + data if glued else data


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a file or a folder with everything in it; none is fine."""

    target: str


Step = Move | Append | Remove
_KINDS: Mapping[str, type[Step]] = {"move": Move, "append": Append, "remove": Remove}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_FIELDS = {name: tuple(each.name for each in fields(kind)) for name, kind in _KINDS.items()}


class ManifestError(ValueError):
    """Why a manifest is refused."""


class OtherVersionError(ManifestError):
    """It is of another version of lerecord."""


def to_bytes(steps: Iterable[Step]) -> bytes:
    """The manifest of these steps.

    Raises:
        ManifestError: no manifest may say so.
    """
    steps = list(steps)
    for step in steps:
        _require_allowed(step)
    data = [_to_data(step) for step in steps]
    manifest = json.dumps({"version": VERSION, "steps": data}, ensure_ascii=False).encode()
    if len(manifest) > LIMIT_BYTES:
        raise ManifestError(f"its {len(steps)} steps are too many")
    return manifest


def _to_data(step: Step) -> dict[str, Any]:
    kind = _NAMES[type(step)]
    return {"kind": kind, **{name: getattr(step, name) for name in _FIELDS[kind]}}


def parse(manifest: bytes) -> list[Step]:
    """The steps of a manifest.

    Raises:
        ManifestError: it has another form, or a step is none of a change.
    """
    try:
        data = json.loads(manifest)
    except (ValueError, RecursionError) as error:
        raise ManifestError("it is not JSON") from error
    if not isinstance(data, dict):
        raise ManifestError("it is not an object")
    if data.get("version") != VERSION and isinstance(data.get("version"), int):
        raise OtherVersionError(f"it is of version {data['version']!r:.20}")
    if data.keys() != {"version", "steps"} or not isinstance(data["steps"], list):
        raise ManifestError("it has not a version and steps")
    return [_parsed(step) for step in data["steps"]]


def _parsed(data: Any) -> Step:
    kind = _KINDS.get(str(data.get("kind"))) if isinstance(data, dict) else None
    if kind is None:
        raise ManifestError("a step is of no known kind")
    known = {"kind", *_FIELDS[data["kind"]]}
    if data.keys() - known or known - data.keys() - _OPTIONAL:
        raise ManifestError(f"a step to {data['kind']} has other entries than such a step")
    step = kind(**{key: value for key, value in data.items() if key != "kind"})
    _require_allowed(step)
    return step


def _require_allowed(step: Step) -> None:
    if not _is_target(step):
        raise ManifestError(f"a change has no business with {step.target!r:.200}")
    match step:
        case Move(source=source, fingerprint=fingerprint):
            if not isinstance(source, str) or not _SOURCE.fullmatch(source):
                raise ManifestError(f"{source!r:.200} is not the number of a staged file")
            if not isinstance(fingerprint, str | None) or not _FINGERPRINT.fullmatch(
                fingerprint or "0-00000000"
            ):
                raise ManifestError(f"{fingerprint!r:.200} is not the fingerprint of a file")
        case Append(length=length, data=data):
            if type(length) is not int or not 0 <= length < _MOST_BYTES:
                raise ManifestError(f"{step.target!r:.200} has no {length!r:.50} bytes")
            if not _is_text(data):
                raise ManifestError(f"what is appended to {step.target!r:.200} is not text")


def _is_target(step: Step) -> bool:
    """True for files that a dataset has; what is kept in private comes and goes as a whole."""
    if not _is_text(step.target):
        return False
    if step.target.startswith(f"{layout.PRIVATE}/"):
        return _is_private(step)
    top, *below = step.target.split("/")
    return top in layout.FOLDERS and bool(below) and all(map(_is_plain, below))


def _is_private(step: Step) -> bool:
    _, top, *below = step.target.split("/")
    if not all(map(_is_plain, below)):
        return False
    match step:
        case Move():
            return f"{layout.PRIVATE}/{top}" == layout.TRASH and len(below) == 2
        case Remove():
            most = {layout.TRASH: (0, 1), layout.TAKES: (1,)}
            return len(below) in most.get(f"{layout.PRIVATE}/{top}", ())
    return False


def _is_plain(part: str) -> bool:
    return bool(part) and not part.startswith(".") and part.isprintable()


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair, from a JSON escape
        return False
    return True
