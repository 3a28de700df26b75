"""Every field of a dataset's metadata varied: what the real LeRobot loads, lerecord reads alike.

    PYTHONPATH=. PLACE/bin/python tests/interop/lerobot_metadata.py

PLACE is an environment with LeRobot 0.3.3, which reads v2.1, or 0.6.1, which reads v3.0 and whose
datasets are imported. A line a field: of its variations, how many LeRobot loads, how many lerecord
reads alike, and why not the rest; the reasons are in metadata_reasons.py. What has no reason there
is shown, and is an error.
"""

import contextlib
import json
import logging
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("SVT_LOG", "1")
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")

import numpy as np
import pyarrow.parquet as pq
from lerobot.datasets.lerobot_dataset import LeRobotDataset

import lerecord
from lerecord.dataset.format import layout
from lerecord.dataset.v30 import files, import_v30
from lerecord.dataset.verify import check
from lerecord.errors import LerecordError

# Files in folders beside this one; `tests` is another package in LeRobot's environment.
sys.path.append(str(Path(__file__).parents[1] / "dataset"))
variations = import_module("variations")
reasons = import_module("metadata_reasons")
table = import_module("report")

FRONT = "observation.images.front"
LENGTHS = {"grab": 5, "push": 4}
FRAMES = (0, 4, 8)
LARGEST_IMAGE_ERROR = 6
PATIENCE_S = 5
ROOM_BYTES = 2 << 30
"""For LeRobot to list as many episodes as info.json says."""
FEATURES = ("action", FRONT, "timestamp")
"""Those that are varied: the others are like them."""
EPISODES_V30 = "meta/episodes/chunk-000/file-000.parquet"
OF_V21 = (layout.INFO, layout.EPISODES, layout.TASKS, layout.EPISODES_STATS)
OF_V30 = (layout.INFO, EPISODES_V30, files.TASKS, layout.STATS)
OLD = version("lerobot").startswith("0.3")


Place = tuple[str | int, ...]


def written(root: Path) -> Path:
    """A dataset of two episodes and one camera, as LeRobot's own recorder leaves it."""
    vector = {"dtype": "float32", "shape": (2,), "names": ["pan", "lift"]}
    axes = ["height", "width", "channels"]
    camera = {"dtype": "video", "shape": (48, 64, 3), "names": axes}
    features = {"action": vector, "observation.state": vector, FRONT: camera}
    writer = LeRobotDataset.create("local/varied", 30, features, root=root, robot_type="koch")
    random = np.random.default_rng(0)
    y, x = np.mgrid[:48, :64]
    for number, (task, length) in enumerate(LENGTHS.items()):
        for frame in range(length):
            image = np.stack([x + 9 * frame, y + 70 * number, x + y], axis=-1).astype(np.uint8)
            values = [random.random(2, dtype=np.float32) for _ in range(2)]
            made = {"action": values[0], "observation.state": values[1], FRONT: image}
            writer.add_frame(made, task=task) if OLD else writer.add_frame({**made, "task": task})
        writer.save_episode()
    if not OLD:
        writer.finalize()
    return root


@dataclass(frozen=True)
class Variation:
    """One place of one file holds something else.

    Attributes:
        name: the file.
        field: the file's last part and the place, without numbers and names of features.
        told: the place, and what stands there now.
        data: the file as it is then.
    """

    name: str
    field: str
    told: str
    data: bytes


def field_of(name: str, place: Place) -> str:
    words = [str(each) for each in place if isinstance(each, str)]
    shown = ["*" if each in FEATURES else each for each in words]
    return " ".join([Path(name).name, *shown])


def is_tried(name: str, place: Place) -> bool:
    """False of what is like another place: further items of a list, further features."""
    words = [each for each in place if isinstance(each, str)]
    if name == layout.STATS:
        words.insert(0, "stats")
    of_features = words[:1] in (["features"], ["stats"]) and len(words) > 1
    first_item = not any(each for each in place[1:] if isinstance(each, int))
    return first_item and (not of_features or words[1] in FEATURES)


def of_json(root: Path, name: str) -> Iterator[Variation]:
    """Every place of a file of JSON, or of lines of it, with values of every kind."""
    text = (root / name).read_text(encoding="utf-8")
    in_lines = name.endswith("jsonl")
    document = [json.loads(each) for each in text.splitlines()] if in_lines else json.loads(text)
    for place in variations.places_of(document):
        if len(place) < 1 + in_lines or not is_tried(name, place):
            continue
        for value in [each for kind in variations.VALUES.values() for each in kind]:
            made = variations.changed(document, place, value)
            data = "".join(f"{json.dumps(each)}\n" for each in (made if in_lines else [made]))
            told = f"{' '.join(map(str, place))} is {shown(value)}"
            yield Variation(name, field_of(name, place), told, data.encode())


def of_parquet(root: Path, name: str) -> Iterator[Variation]:
    """Every column of a parquet file, filled with values of every kind."""
    found = pq.read_table(root / name, partitioning=None)
    for column in found.column_names:
        if not is_tried(name, tuple(column.split("/"))):
            continue
        for cell in [each for kind in variations.CELLS.values() for each in kind]:
            with tempfile.NamedTemporaryFile() as file:
                pq.write_table(variations.with_cells(found, column, cell), file.name)
                data = Path(file.name).read_bytes()
            field = field_of(name, tuple(column.split("/")))
            yield Variation(name, field, f"{column} is {shown(cell)}", data)


def shown(value: Any) -> str:
    return "missing" if value is variations.NOTHING else repr(value)[:60]


def all_of(root: Path) -> dict[str, list[Variation]]:
    """The variations of each field."""
    found: dict[str, list[Variation]] = {}
    for name in OF_V21 if OLD else OF_V30:
        of_file = of_parquet if name.endswith("parquet") else of_json
        for each in of_file(root, name):
            found.setdefault(each.field, []).append(each)
    return found


class TooLongError(Exception):
    """LeRobot would go on for ever, such as over the names of 10**9 files."""


@contextlib.contextmanager
def patience() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise TooLongError

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def limit_memory() -> None:
    """To what is in use, and some room."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


Read = tuple[int, list[dict[str, Any]]]


def theirs(root: Path) -> Read | None:
    """The number of frames that LeRobot loads, and some of them; None when it does not."""
    try:
        with patience():
            data = LeRobotDataset("local/varied", root, video_backend="pyav")
            return len(data), [data[each] for each in FRAMES]
    except Exception:  # it may fail in any way
        return None


def ours(root: Path, scratch: Path) -> tuple[Read | str, list[str]]:
    """The same of lerecord, and what `check` finds; or what it says instead of reading."""
    try:
        if not OLD:
            shutil.rmtree(scratch, ignore_errors=True)
            import_v30(root, scratch)
            root = scratch
        data = lerecord.Dataset(root, images="float32")
        read = len(data), [data[each] for each in FRAMES if each < len(data)]
    except LerecordError as error:
        return str(error), []
    return read, [str(each) for each in check(root).findings]


def apart(mine: Read, due: Read) -> str | None:
    """The first difference between what both read."""
    if mine[0] != due[0]:
        return f"frames: {mine[0]} instead of {due[0]}"
    for number, frame, other in zip(FRAMES, mine[1], due[1], strict=True):
        if frame.keys() != other.keys():
            return f"keys: {sorted(frame.keys() ^ other.keys())}"
        for key, value in other.items():
            if isinstance(value, str):
                same = frame[key] == value
            elif key == FRONT:
                same = np.abs(frame[key] - value.numpy()).max() * 255 <= LARGEST_IMAGE_ERROR
            else:
                same = frame[key].tolist() == value.tolist()
            if not same:
                return f"{key} of frame {number}: {frame[key]} instead of {value}"
    return None


def tried(root: Path, variation: Variation) -> tuple[bool, str | None, list[str]]:
    """Whether LeRobot loads it, what lerecord does else, and what `check` finds."""
    path = root / variation.name
    before = path.read_bytes()
    path.write_bytes(variation.data)
    try:
        due = theirs(root)
        read, findings = ours(root, root.with_name("imported"))
    finally:
        path.write_bytes(before)
    if due is None:
        return False, None, []
    return True, read if isinstance(read, str) else apart(read, due), findings


def seen(root: Path, variations_of_it: Sequence[Variation]) -> str:
    """Try every variation of a field."""
    loaded = alike = 0
    why: Counter[str] = Counter()
    for each in variations_of_it:
        loads, difference, findings = tried(root, each)
        loaded += loads
        alike += loads and difference is None
        if difference is not None:
            reason = reasons.reason(f"{each.field}: {difference}", reasons.NOT_ALIKE)
            table.expect(f"a reason; {each.told}, and lerecord: {difference}", bool(reason), True)
            why[reason] += 1
            continue
        strange = [found for found in findings if reasons.reason(found, reasons.FOUND) is None]
        table.expect(f"findings of check; {each.told}", strange, [])
    told = "".join(f"; {count} not: {reason}" for reason, count in why.items())
    return f"{len(variations_of_it)} tried, LeRobot loads {loaded}, {alike} read alike{told}"


def main() -> int:
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        root = written(Path(folder) / "varied")
        read, due = ours(root, root.with_name("imported"))[0], theirs(root)
        if isinstance(read, str) or due is None or apart(read, due) is not None:
            raise SystemExit(f"What LeRobot wrote is not read alike as it is: {read}")
        limit_memory()
        found = all_of(root)
        checks = [table.Check(name, partial(seen, root, each)) for name, each in found.items()]
        return 0 if table.report("metadata varied", checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
