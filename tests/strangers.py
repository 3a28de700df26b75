"""Datasets as a stranger could send them: a sound one, and what may be planted in and beside it."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from tests.dataset import variations
from tests.dataset.lists import CAMERAS, A, B, C, Scripted, small_lab, stage

SECRET = "SECRET-TOKEN-123"
TAKE = "20260101-000000"
CHANGE = f"{layout.TRANSACTIONS}/{'a' * 16}"


def make(root: Path) -> Path:
    """A dataset with an operation in its trash and a take that was left."""
    lab = small_lab(root, CAMERAS[:1])
    with lab.open() as writer:
        for take in (A, B, C):
            writer.commit(stage(lab, writer, take))
    operations.delete(root, [1])
    with lab.open() as writer:
        left = stage(lab, writer, Scripted("a", 3, 4)).close()
    left.files.path.rename(root / layout.TAKES / TAKE)
    return root


def make_victim(folder: Path) -> Path:
    """What is dear to the user, in a tree that looks like parts of a dataset."""
    for name in ("takes/photos/1.jpg", "docs/thesis.txt", "trash/000001-x/a", "chunk-000/x", "k"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{SECRET} {name}")
    return folder


def digest(folder: Path) -> str:
    """Of every name, kind, mode, time and content."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        told = [str(path.relative_to(folder)), oct(status.st_mode)]
        if path.is_file():
            told += [str(status.st_mtime_ns), path.read_bytes().hex()]
        found.update(repr(told).encode())
    return found.hexdigest()


class Planted(Protocol):
    """Something that a stranger does to the folder in which `set` lies, and `newer` of v3.0."""

    def plant(self, folder: Path) -> None:
        """Do it."""


def _make_room(path: Path) -> bool:
    """Put nothing at a path; False when it cannot be, behind what was planted before."""
    try:
        above = path.parent
        above.mkdir(parents=True, exist_ok=True)
        if "victim" in above.resolve().parts or above.resolve() != above.absolute():
            return False
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except (OSError, RuntimeError):
        return False
    return True


@dataclass(frozen=True)
class Link:
    place: str
    target: str
    absolute: bool
    hard: bool = False

    def plant(self, folder: Path) -> None:
        path, target = folder / self.place, folder / self.target
        if not _make_room(path):
            return
        if self.hard:
            if target.is_file():
                os.link(target, path)
        else:
            path.symlink_to(target if self.absolute else os.path.relpath(target, path.parent))


@dataclass(frozen=True)
class Pipe:
    place: str

    def plant(self, folder: Path) -> None:
        if _make_room(folder / self.place):
            os.mkfifo(folder / self.place)


@dataclass(frozen=True)
class Data:
    place: str
    data: bytes

    def plant(self, folder: Path) -> None:
        if _make_room(folder / self.place):
            (folder / self.place).write_bytes(self.data)


@dataclass(frozen=True)
class Cells:
    """A column of a parquet file holds something else, or is not there."""

    place: str
    column: int
    cell: Any

    def plant(self, folder: Path) -> None:
        path = folder / self.place
        try:
            table = pq.read_table(path, partitioning=None)
        except (OSError, pa.ArrowException):
            return
        name = table.column_names[self.column % len(table.column_names)]
        sink = pa.BufferOutputStream()
        pq.write_table(variations.with_cells(table, name, self.cell), sink)
        Data(self.place, sink.getvalue().to_pybytes()).plant(folder)


@dataclass(frozen=True)
class Bent:
    """One value in a JSON file, or in one of JSON lines, is another."""

    place: str
    way: Sequence[int]
    value: Any

    def plant(self, folder: Path) -> None:
        path = folder / self.place
        try:
            lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
            number = self.way[0] % len(lines)
            lines[number] = json.dumps(_bent(json.loads(lines[number]), self.way, self.value))
        except (OSError, ValueError, ZeroDivisionError):
            return
        Data(self.place, "\n".join(lines).encode()).plant(folder)


def _bent(data: Any, way: Sequence[int], value: Any) -> Any:
    if not way or not isinstance(data, dict | list) or not data:
        return value
    keys: list[Any] = list(data) if isinstance(data, dict) else list(range(len(data)))
    key = keys[way[0] % len(keys)]
    bent = dict(data) if isinstance(data, dict) else list(data)
    bent[key] = _bent(data[key], way[1:], value)
    return bent


EPISODE = [layout.data_file(0), layout.capture_file(0), layout.data_file(1)]
VIDEO = layout.video_file(0, "observation.images.front")
META = [
    layout.INFO, layout.TASKS, layout.EPISODES, layout.EPISODES_STATS, layout.STATS,
    layout.HARDWARE, layout.HEALTH,
]  # fmt: skip
KEPT = f"{layout.TRASH}/000001-delete"
PRIVATE = [
    layout.PRIVATE, layout.LOCK, layout.TAKES, layout.TRANSACTIONS, layout.TRASH, KEPT,
    f"{KEPT}/operation.json", f"{KEPT}/episode_000001.parquet.kept", f"{layout.TRASH}/zzz",
    f"{layout.TRASH}/999999-x", ".lerecord/hub.json", ".lerecord/hub.draft", CHANGE,
    f"{CHANGE}/manifest.json", f"{CHANGE}/000000", f"{CHANGE}/draft", f"{layout.TAKES}/new",
    f"{layout.TAKES}/{TAKE}", f"{layout.TAKES}/{TAKE}/take.json",
    f"{layout.TAKES}/{TAKE}/rows.journal", f"{layout.TAKES}/{TAKE}/front.video",
    f"{layout.TAKES}/{TAKE}/front.capture", f"{layout.TAKES}/.{TAKE}",
]  # fmt: skip
PUBLIC = [
    "data", "data/chunk-000", "videos", "videos/chunk-000", "capture", "meta", VIDEO, "README.md",
    str(Path(VIDEO).parent), "capture/chunk-000", "meta/notes.txt", "meta/more", "data/chunk-001",
    *EPISODE, *META,
]  # fmt: skip
BESIDE = [
    ".out.partial", ".out.partial/.lerecord", ".out.partial/.lerecord/lock", ".out.partial/data",
    ".out.partial/meta", ".set.push", ".set.push/.lerecord", ".set.push/frozen",
    ".set.push/other", ".out.partial/.lerecord/txn",
]  # fmt: skip
NEWER = [
    "data", "data/chunk-000", "data/chunk-000/file-000.parquet", "videos", layout.INFO, "capture",
    "meta/episodes", "meta/episodes/chunk-000/file-000.parquet", "meta/tasks.parquet",
    layout.STATS, layout.HARDWARE, "meta/episodes/chunk-001", layout.capture_file(0),
    "videos/observation.images.front/chunk-000/file-000.mp4",
]  # fmt: skip
BESIDE_A_PULL = [
    "out", "out/.lerecord", ".out.pull", ".out.pull/.lerecord", ".out.pull/.lerecord/lock",
    ".out.pull/meta", ".out.pull/meta/info.json", ".out.pull/data/chunk-000", ".out.pull/.cache",
    ".out.pull/.cache/huggingface", ".out.pull/videos", ".out.pull/README.md",
]  # fmt: skip
PLACES = st.sampled_from(
    [
        *(f"set/{each}" for each in [*PRIVATE, *PUBLIC]),
        *BESIDE,
        *(f"newer/{each}" for each in NEWER),
    ]
)
AIMS = st.sampled_from(
    ["victim", "victim/k", "victim/none", "victim/docs", "victim/takes", "victim/trash", ".", "set"]
)
TARGETS = st.sampled_from(
    [
        "../victim/k", "../victim", "../victim/none", "meta/../../victim/k", "/etc/none", "",
        "meta/info.json", "meta/new", "data/chunk-000/x", ".lerecord/lock", ".lerecord", VIDEO,
        ".lerecord/takes", f"{layout.TAKES}/{TAKE}", layout.TRASH, KEPT, f"{KEPT}/a", "README.md",
        "meta/link/k", "data", ".git/hooks/post-merge", *META, *EPISODE,
    ]
)  # fmt: skip
SOURCES = st.sampled_from(["000000", "000001", "manifest.json", "../../lock", "../../../victim/k"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)
    | st.sampled_from(["../../victim/k", "../victim", "/tmp", "a/b", "\ud800", "x" * 300]),
    lambda each: st.lists(each, max_size=3)
    | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=4,
)  # fmt: skip
STEPS = st.one_of(
    st.fixed_dictionaries({"kind": st.just("move"), "source": SOURCES, "target": TARGETS}),
    st.fixed_dictionaries(
        {
            "kind": st.just("append"),
            "target": TARGETS,
            "length": st.integers(0, 9),
            "data": st.just("PLANTED\n"),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("remove"), "target": TARGETS}),
    JSON,
)


def _manifest(steps: list[Any]) -> Data:
    data = json.dumps({"version": 1, "steps": steps})
    return Data(f"set/{CHANGE}/manifest.json", data.encode())


BENT = [
    *(f"set/{each}" for each in META),
    f"set/{KEPT}/operation.json",
    f"set/{layout.TAKES}/{TAKE}/take.json",
    f"newer/{layout.INFO}",
    f"newer/{layout.HARDWARE}",
]
TABLES = [f"newer/{each}" for each in NEWER if each.endswith(".parquet")]
CELLS = [each for kind in variations.CELLS.values() for each in kind]
PLANTED: st.SearchStrategy[Planted] = st.one_of(
    st.builds(Cells, st.sampled_from(TABLES), st.integers(0, 99), st.sampled_from(CELLS)),
    st.builds(Link, PLACES, AIMS, st.booleans()),
    st.builds(Link, PLACES, st.just("victim/k"), st.just(False), st.just(True)),
    st.builds(Pipe, PLACES),
    st.builds(_manifest, st.lists(STEPS, max_size=3)),
    st.builds(Data, st.just(f"set/{CHANGE}/000000"), st.just(b"PLANTED")),
    st.builds(Data, PLACES, st.binary(max_size=20)),
    st.builds(
        Bent, st.sampled_from(BENT), st.lists(st.integers(0, 50), min_size=1, max_size=5), JSON
    ),
)

PLANTED_BESIDE_A_PULL: st.SearchStrategy[Planted] = st.one_of(
    st.builds(Link, st.sampled_from(BESIDE_A_PULL), AIMS, st.booleans()),
    st.builds(
        Link, st.sampled_from(BESIDE_A_PULL), st.just("victim/k"), st.just(False), st.just(True)
    ),
    st.builds(Pipe, st.sampled_from(BESIDE_A_PULL)),
    st.builds(Data, st.sampled_from(BESIDE_A_PULL), st.binary(max_size=20)),
)
SERVED = st.dictionaries(
    st.sampled_from(
        [
            "../victim/k", "meta/../../victim/k", "data/../../victim/k", "/etc/none", "meta",
            "meta/info.json", "meta/info.json/x", "meta/link/k", "data//x", "data/./x", "videos/..",
            "data/a\\b", ".lerecord/lock", ".lerecord/hub.json", "README.md", "capture/new",
            "meta/" + "x" * 300,
        ]
    ),
    st.binary(max_size=20),
    max_size=3,
)  # fmt: skip
"""Name to content of files that a Hub serves among those of a dataset."""

Command = Callable[[Path], Sequence[str]]
COMMANDS: dict[str, Sequence[str]] = {
    "info": ("info", "{set}"),
    "info as JSON": ("info", "{set}", "--json"),
    "check": ("check", "{set}", "--quick"),
    "recover": ("recover", "{set}"),
    "recover by discarding": ("recover", "{set}", "--discard"),
    "compat": ("compat", "{set}", "{set}"),
    "export": ("export", "{set}", "{out}"),
    "merge": ("merge", "{set}", "{set}", "{out}"),
    "import": ("import", "{newer}", "{out}"),
    "info of v3.0": ("info", "{newer}"),
    "list of v3.0": ("list", "{newer}"),
    "check of v3.0": ("check", "{newer}"),
    "compat of v3.0": ("compat", "{set}", "{newer}"),
    "merge of v3.0": ("merge", "{newer}", "{set}", "{out}"),
    "delete of v3.0": ("edit", "delete", "{newer}", "0"),
    "transcode": ("transcode", "{set}", "--profile", "fast"),
    "delete": ("edit", "delete", "{set}", "0"),
    "trim": ("edit", "trim", "{set}", "0", "--end", "0.1"),
    "relabel": ("edit", "relabel", "{set}", "0", "--task", "new"),
    "rename-task": ("edit", "rename-task", "{set}", "a", "z"),
    "undo": ("edit", "undo", "{set}"),
    "redo": ("edit", "redo", "{set}"),
    "empty-trash": ("edit", "empty-trash", "{set}"),
}


def arguments(command: str, folder: Path) -> list[str]:
    """The command's arguments in a folder."""
    places = {name: folder / name for name in ("set", "newer", "out")}
    return [each.format(**places) for each in COMMANDS[command]]
