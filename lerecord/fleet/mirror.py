"""Datasets in object stores and on the Hub: a copy here, of which only what has changed is fetched.

Everything else works on folders. A listing is one pass, files are streamed, and what the store
refuses is named by its dataset, which is left out this time; the others go on. Credentials are the
library's business, from the environment; none is kept or printed.
"""

import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lerecord.dataset.format import layout
from lerecord.errors import DatasetError
from lerecord.fleet.state import State
from lerecord.fleet.store import AT_ONCE, Object, attempted, listed, opened, plain
from lerecord.secrets import without_secrets

_CHUNK = 1 << 20
_MANIFEST = ".manifest.json"


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is here of a place elsewhere.

    Attributes:
        folder: the copy.
        failures: folders of datasets in it that are not whole, and why.
    """

    folder: Path
    failures: Mapping[Path, str]


def mirrored(url: str, state: State) -> Mirror:
    """Fetch what has changed since the last time.

    Args:
        url: whatever fsspec opens: `s3://bucket/lab`, `hf://datasets/USER/NAME@v2.1`.
        state: the copy is in its folder.

    Raises:
        ConfigError: the library that opens it is not installed.
        DatasetError: the place cannot be listed.
    """
    store, path = opened(url)
    folder = state.folder / "mirror" / plain(url)
    objects = listed(store, path, url)
    if not objects:
        raise DatasetError(f"{without_secrets(url)} has no files; check the address.")
    return _Fetch(store, folder, objects).run()


class _Fetch:
    """Brings a copy up to date."""

    def __init__(self, store: Any, folder: Path, objects: list[Object]) -> None:
        self._store = store
        self._folder = folder
        self._objects = objects
        self._known = _manifest(folder)

    def run(self) -> Mirror:
        self._folder.mkdir(0o700, parents=True, exist_ok=True)
        self._remove_others()
        wanted = [each for each in self._objects if not self._is_here(each)]
        ends = [each for each in wanted if each.here.endswith(layout.INFO)]
        failed: dict[str, str] = {}
        for part in ([each for each in wanted if each not in ends], ends):  # info.json last
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for each, reason in zip(part, pool.map(self._fetched, part), strict=True):
                    if reason:
                        failed[each.here] = reason
                    else:
                        self._known[each.here] = [each.size, each.version]
        draft = self._folder / f".draft{_MANIFEST}"
        draft.write_text(json.dumps(self._known), encoding="utf-8")
        draft.replace(self._folder / _MANIFEST)
        return Mirror(self._folder, self._failures(failed))

    def _is_here(self, each: Object) -> bool:
        path = self._folder / each.here
        same = self._known.get(each.here) == [each.size, each.version]
        return same and path.is_file() and path.stat().st_size == each.size

    def _remove_others(self) -> None:
        there = {each.here for each in self._objects}
        for name in [each for each in self._known if each not in there]:
            (self._folder / name).unlink(missing_ok=True)
            del self._known[name]

    def _fetched(self, each: Object) -> str:
        """Fetch a file; why it could not be, or nothing."""
        return attempted(lambda: self._stream(each))

    def _stream(self, each: Object) -> None:
        path = self._folder / each.here
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.part")
        with self._store.open(each.name, "rb") as source, draft.open("wb") as target:
            shutil.copyfileobj(source, target, _CHUNK)
        if (size := draft.stat().st_size) != each.size:
            raise OSError(f"{size} of {each.size} bytes came")
        draft.replace(path)

    def _failures(self, failed: Mapping[str, str]) -> dict[Path, str]:
        """By the dataset's folder; the first of each, and how many there are."""
        roots = {each.here.removesuffix(layout.INFO) for each in self._objects if _is_info(each)}
        found: dict[Path, list[str]] = {}
        for name, reason in failed.items():
            root = max((each for each in roots if name.startswith(each)), key=len, default="")
            found.setdefault(self._folder / root, []).append(f"{name} ({reason})")
        return {
            root: f"{names[0]} could not be fetched"
            + (f", and {len(names) - 1} more" if len(names) > 1 else "")
            + "; run the same command again."
            for root, names in found.items()
        }


def _is_info(each: Object) -> bool:
    return each.here == layout.INFO or each.here.endswith(f"/{layout.INFO}")


def _manifest(folder: Path) -> dict[str, list[Any]]:
    try:
        data = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
