"""Any field of the metadata may be anything: it is read, or refused in a sentence, untouched.

A few examples run with the suite; `LERECORD_FUZZ=2000` runs as many.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lerecord.control import Setup
from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.join import compared, merge
from lerecord.dataset.overview import summary
from lerecord.dataset.read import Dataset
from lerecord.dataset.storage import Snapshot
from lerecord.dataset.v30 import export_v30, files, import_v30
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import LerecordError
from lerecord.hub.card import card
from tests.dataset import lerobot_made
from tests.dataset.lists import A, B, record, tree

EXAMPLES = int(os.environ.get("LERECORD_FUZZ", "12"))
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FILES = (
    layout.INFO,
    layout.EPISODES,
    layout.TASKS,
    layout.EPISODES_STATS,
    layout.STATS,
    layout.HARDWARE,
    layout.HEALTH,
)
EPISODES_V30 = "meta/episodes/chunk-000/file-000.parquet"
NOTHING = object()


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


VALUES = st.sampled_from(
    [
        NOTHING,
        None,
        True,
        "",
        "x",
        "30",
        "../../x",
        "{x.__class__}",
        "\ud800",
        "\x1b[2J",
        -1,
        0,
        1,
        7,
        1.5,
        29.97,
        30.0,
        float("nan"),
        float("inf"),
        1e308,
        10**9,
        2**63,
        2**70,
        [],
        {},
        [None],
        ["x"],
        [1, 2, 3],
        {"x": 1},
        nested(40),
    ]
)
Path_ = tuple[str | int, ...]


def paths_of(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Where every part of a JSON document stands."""
    yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths_of(each, (*path, key))


def changed(value: Any, path: Path_, to: Any) -> Any:
    if not path:
        return {} if to is NOTHING else to
    for key in path[:-1]:
        value = value[key]
    if to is NOTHING:
        del value[path[-1]]
    else:
        value[path[-1]] = to
    return None


@st.composite
def mutations(draw: st.DrawFn, root: Path) -> Callable[[Path], None]:
    """A change of one place in one file."""
    name = draw(st.sampled_from([each for each in FILES if (root / each).exists()]))
    lines = (root / name).read_text(encoding="utf-8")
    documents = [json.loads(line) for line in lines.splitlines()] if "jsonl" in name else None
    document = json.loads(lines) if documents is None else documents
    path = draw(st.sampled_from(list(paths_of(document))[1:]))
    value = draw(VALUES)

    def apply(target: Path) -> None:
        changed(document, path, value)
        if documents is None:
            text = json.dumps(document)
        else:
            text = "".join(json.dumps(each) + "\n" for each in documents)
        (target / name).write_text(text, encoding="utf-8")

    return apply


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = record(tmp_path_factory.mktemp("fuzz") / "ours", [A, B])
    hardware = json.loads((root / layout.HARDWARE).read_text(encoding="utf-8"))
    hardware["simulated"] = True  # a quick check does not look for the strips
    (root / layout.HARDWARE).write_text(json.dumps(hardware), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lerobot_made.write(tmp_path_factory.mktemp("fuzz") / "theirs", codec="h264")


@pytest.fixture(scope="module")
def newer(ours: Path) -> Path:
    export_v30(ours, ours.with_name("newer"))
    return ours.with_name("newer")


def refused(act: Callable[[], object]) -> bool:
    """True when it is refused in one line; anything else that is raised is a bug."""
    sentence = None
    try:
        act()
    except LerecordError as error:
        sentence = str(error)
    if sentence is not None:
        assert sentence
        assert sentence.isprintable()
        assert len(sentence) < 2000
    return sentence is not None


def read_all(root: Path) -> None:
    data = Dataset(root)
    _ = data.stats
    if len(data):
        data.gather(data.episode_data_index["from"][:1])


def append_nothing(root: Path) -> None:
    with DatasetWriter.open(root):
        pass


def assert_safe(source: Path, mutate: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, out = Path(folder, "set"), Path(folder, "out")
        shutil.copytree(source, root)
        mutate(root)
        before = tree(root)
        readers: list[Callable[[], object]] = [
            lambda: summary(root),
            lambda: check(root, quick=True),
            lambda: read_all(root),
            lambda: compared([Snapshot.of(source), Snapshot.of(root)]),
            lambda: card(Snapshot.of(root), "name", "v2.1"),
            lambda: Setup.resolve(None, root),
            lambda: merge(out, [root]),
            lambda: export_v30(root, out),
            lambda: import_v30(root, out),
        ]
        for act in readers:
            if refused(act):
                assert not out.exists()
            shutil.rmtree(out, ignore_errors=True)
            assert tree(root) == before
            assert [each.name for each in Path(folder).iterdir()] == ["set"]
        writers: list[Callable[[], object]] = [
            lambda: append_nothing(root),
            lambda: operations.relabel(root, [0], "z"),
            lambda: operations.delete(root, [1]),
        ]
        for act in writers:
            before = tree(root)
            if refused(act):
                assert tree(root) == before


@FUZZ
@given(data=st.data())
def test_our_own_metadata(ours: Path, data: st.DataObject) -> None:
    assert_safe(ours, data.draw(mutations(ours)))


@FUZZ
@given(data=st.data())
def test_metadata_of_lerobot(theirs: Path, data: st.DataObject) -> None:
    assert_safe(theirs, data.draw(mutations(theirs)))


@FUZZ
@given(data=st.data())
def test_the_info_of_v30(newer: Path, data: st.DataObject) -> None:
    assert_safe(newer, data.draw(mutations(newer)))


CELLS = st.sampled_from(
    [
        NOTHING,
        None,
        pa.scalar("x"),
        pa.scalar("../x"),
        pa.scalar(-1),
        pa.scalar(2**62),
        pa.scalar(1.5),
        pa.scalar(float("nan")),
        pa.scalar(1e308),
        pa.scalar(True),
        pa.scalar(b"x"),
        pa.scalar(["x"]),
        pa.scalar([], pa.list_(pa.float64())),
        pa.scalar([None], pa.list_(pa.float64())),
        pa.scalar([-1]),
        pa.scalar([[1.0, 2.0]]),
        pa.scalar({"a": 1}),
    ]
)


@FUZZ
@given(data=st.data())
def test_the_tables_of_v30(newer: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([EPISODES_V30, files.TASKS]))
    table = pq.read_table(newer / name, partitioning=None)
    column = data.draw(st.sampled_from(table.column_names))
    cell: Any = data.draw(CELLS)
    place = table.column_names.index(column)

    def mutate(root: Path) -> None:
        new = table.remove_column(place)
        if cell is not NOTHING:
            values: Any = pa.nulls(len(table)) if cell is None else pa.repeat(cell, len(table))
            new = table.set_column(place, column, values)
        pq.write_table(new, root / name)

    assert_safe(newer, mutate)
