"""Columns for success and failure are checked against the label that they follow from."""

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import LabelChange, layout
from lerecord.dataset.v30 import export_v30
from lerecord.dataset.verify import check
from tests.dataset.lists import A, B, small_lab, stage

SUCCESS, FAILURE, UNLABELLED = 0, 1, 2
LAST = {SUCCESS: 5, FAILURE: 3, UNLABELLED: 5}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lab = small_lab(tmp_path_factory.mktemp("sets") / "set")
    lab.spec = replace(lab.spec, labels=True)
    root = lab.root
    with lab.open() as writer:
        for take in (A, B, A):
            writer.commit(stage(lab, writer, take))
    operations.label(root, [SUCCESS], LabelChange(True))
    operations.label(root, [FAILURE], LabelChange(False))
    return root


@pytest.fixture
def root(recorded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(recorded, tmp_path / "set")


def change(root: Path, episode: int, name: str, frame: int, value: float | bool) -> None:
    path = root / layout.data_file(episode)
    read = pq.read_table(path, partitioning=None)
    values = read[name].to_pylist()
    values[frame] = value
    place = read.column_names.index(name)
    column = pa.array(values, type=read[name].type)
    pq.write_table(read.set_column(place, name, column), path)


@pytest.mark.parametrize(
    ("episode", "name", "frame", "value", "told"),
    [
        (SUCCESS, "next.done", 2, True, "is True instead of False"),
        (SUCCESS, "next.done", LAST[SUCCESS], False, "is False instead of True"),
        (SUCCESS, "next.reward", LAST[SUCCESS], 0.5, "is 0.5 instead of 1.0"),
        (FAILURE, "next.success", LAST[FAILURE], True, "is True instead of False"),
        (FAILURE, "next.reward", 0, 1.0, "is 1.0 instead of 0.0"),
        (UNLABELLED, "next.done", LAST[UNLABELLED], True, "is True instead of False"),
    ],
)
def test_a_column_that_does_not_follow_from_the_label_is_found(
    root: Path, episode: int, name: str, frame: int, value: float | bool, told: str
) -> None:
    assert check(root, quick=True).findings == []
    change(root, episode, name, frame, value)
    found = [each for each in check(root, quick=True).findings if each.row is not None]
    assert [(each.episode, each.row) for each in found] == [(episode, frame)]
    label = ("success", "failure", "unlabelled")[episode]
    assert found[0].text == f"{name} {told}, which follows from the label ({label})."


def test_a_label_that_somebody_rewrote_without_the_columns_is_found(
    root: Path, tmp_path: Path
) -> None:
    export_v30(root, newer := tmp_path / "newer")
    for each in (root, newer):
        assert check(each, quick=True).findings == []
        labels = each / layout.LABELS
        labels.write_text(labels.read_text().replace("true", "false"))
        found = check(each, quick=True).findings
        assert [finding.text.split()[0] for finding in found] == ["next.reward", "next.success"]


def test_another_recorders_columns_are_its_own_and_a_label_may_contradict_them(root: Path) -> None:
    shutil.rmtree(root / layout.CAPTURE)
    (root / layout.HARDWARE).unlink()
    (root / layout.LABELS).unlink()
    assert check(root, quick=True).findings == []
    operations.label(root, [SUCCESS], LabelChange(False))
    report = check(root, quick=True)
    assert report.findings == []
    (said,) = [each for each in report.remarks if "next.success" in each.text]
    assert (said.episode, "says success and the label failure" in said.text) == (SUCCESS, True)
