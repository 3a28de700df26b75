"""Any field of the metadata may be anything: it is read, or refused in a sentence, untouched.

A few examples run with the suite; `LERECORD_FUZZ=2000` runs as many.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lerecord.control import Setup
from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.join import compared, merge
from lerecord.dataset.overview import summary
from lerecord.dataset.read import Dataset, stored_at
from lerecord.dataset.storage import Snapshot
from lerecord.dataset.v30 import export_v30, files, import_v30
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import LerecordError
from lerecord.hub.card import card
from tests.dataset import lerobot_made, variations
from tests.dataset.lists import A, B, record, tree

EXAMPLES = int(os.environ.get("LERECORD_FUZZ", "12"))
FUZZ = settings(
    max_examples=EXAMPLES,
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
VALUES = st.sampled_from([each for kind in variations.VALUES.values() for each in kind])
CELLS = st.sampled_from([each for kind in variations.CELLS.values() for each in kind])


@st.composite
def mutations(draw: st.DrawFn, root: Path) -> Callable[[Path], None]:
    """A change of one place in one file."""
    name = draw(st.sampled_from([each for each in FILES if (root / each).exists()]))
    lines = (root / name).read_text(encoding="utf-8")
    documents = [json.loads(line) for line in lines.splitlines()] if "jsonl" in name else None
    document = json.loads(lines) if documents is None else documents
    place = draw(st.sampled_from(list(variations.places_of(document))[1:]))
    made = variations.changed(document, place, draw(VALUES))

    def apply(target: Path) -> None:
        if documents is None:
            text = json.dumps(made)
        else:
            text = "".join(json.dumps(each) + "\n" for each in made)
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
            lambda: compared([stored_at(source), stored_at(root)]),
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


@FUZZ
@given(data=st.data())
def test_the_tables_of_v30(newer: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([EPISODES_V30, files.TASKS]))
    table = pq.read_table(newer / name, partitioning=None)
    column = data.draw(st.sampled_from(table.column_names))
    varied = variations.with_cells(table, column, data.draw(CELLS))

    def mutate(root: Path) -> None:
        pq.write_table(varied, root / name)

    assert_safe(newer, mutate)
