"""Columns for success and failure follow from the label, whatever happens to the episode."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import Label, LabelChange, episode_table, layout
from lerecord.dataset.join import merge
from lerecord.dataset.read import Dataset
from lerecord.dataset.v30 import export_v30, import_v30
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from tests.dataset.conftest import Lab
from tests.dataset.lists import A, B, record, small_lab, stage

NAMES = ("next.reward", "next.done", "next.success")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = small_lab(tmp_path / "set")
    lab.spec = replace(lab.spec, labels=True)
    with lab.open() as writer:
        first = stage(lab, writer, A)
        first.label(Label(True))
        writer.commit(first)
        writer.commit(stage(lab, writer, B))
    return lab


def ends(root: Path) -> list[tuple[float, bool, bool]]:
    """Of each episode, what its last frame says; every other frame must say nothing."""
    found = []
    data = Dataset(root)
    for end, length in zip(data.rows.end, (each.length for each in data.episodes), strict=True):
        rows = data.rows.columns
        assert not any(rows[name][end - length : end - 1].any() for name in NAMES)
        found.append(tuple(rows[name][end - 1].item() for name in NAMES))
    return found


SUCCESS, FAILURE, NOTHING = (1.0, True, True), (0.0, True, False), (0.0, False, False)


def test_they_say_what_the_label_says_from_the_commit_on(lab: Lab) -> None:
    root = lab.root
    assert ends(root) == [SUCCESS, NOTHING]
    operations.label(root, [1], LabelChange(False))
    operations.label(root, [0], LabelChange(clears=True))
    assert ends(root) == [NOTHING, FAILURE]
    assert check(root).findings == []
    assert Dataset(root).episode_stats[1]["next.done"].max == pytest.approx(1.0)
    operations.undo(root)
    assert ends(root) == [SUCCESS, FAILURE]
    with lab.open() as writer:
        writer.label(1, True)
        writer.replace(0, stage(lab, writer, B))
    assert ends(root) == [NOTHING, SUCCESS]
    assert check(root).findings == []


def test_a_trim_leaves_the_end_at_the_end(lab: Lab) -> None:
    operations.trim(lab.root, 0, end_s=0.1)
    assert ends(lab.root) == [SUCCESS, NOTHING]
    operations.delete(lab.root, [1])
    assert ends(lab.root) == [SUCCESS]
    operations.undo(lab.root)
    operations.undo(lab.root)
    assert ends(lab.root) == [SUCCESS, NOTHING]
    assert check(lab.root, quick=True).findings == []


def test_other_datasets_have_them_in_their_types(lab: Lab) -> None:
    root = lab.root
    merge(root.with_name("merged"), [root, root])
    assert ends(root.with_name("merged")) == [SUCCESS, NOTHING] * 2
    export_v30(root, root.with_name("exported"))
    import_v30(root.with_name("exported"), root.with_name("imported"))
    assert ends(root.with_name("imported")) == [SUCCESS, NOTHING]
    read = episode_table.read_entire(root / layout.data_file(0))
    assert [read.extras[name].dtype for name in NAMES] == [np.float32, np.bool_, np.bool_]
    assert check(root.with_name("merged"), quick=True).findings == []


def test_a_dataset_that_was_begun_without_them_gets_none(lab: Lab, tmp_path: Path) -> None:
    without = small_lab(record(tmp_path / "without", [A]))
    without.spec = replace(without.spec, labels=True)
    with pytest.raises(DatasetError, match="begun without --labels"):
        without.open()
    lab.spec = replace(lab.spec, labels=False)
    with lab.open() as writer:
        writer.commit(stage(lab, writer, A))
    assert ends(lab.root) == [SUCCESS, NOTHING, NOTHING]


def test_another_recorders_columns_of_the_same_names_are_kept(lab: Lab) -> None:
    root = lab.root
    shutil.rmtree(root / layout.CAPTURE)
    (root / layout.HARDWARE).unlink()
    (root / layout.LABELS).unlink()
    path = root / layout.data_file(0)
    own = pq.read_table(path, partitioning=None)
    place = own.column_names.index("next.reward")
    dense = pa.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], pa.float32())
    pq.write_table(own.set_column(place, "next.reward", dense), path)
    operations.label(root, [0], LabelChange(False))
    operations.trim(root, 0, start_s=1 / 30, end_s=5 / 30)
    kept = pq.read_table(path, partitioning=None)["next.reward"].to_pylist()
    assert kept == pytest.approx([0.2, 0.3, 0.4, 0.5])
