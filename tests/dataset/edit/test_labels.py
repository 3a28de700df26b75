"""Labels stay with their episodes, whatever happens to the list."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from lerecord.cli.dataset_report import info, list_episodes
from lerecord.cli.output import Output
from lerecord.dataset.edit import operations
from lerecord.dataset.format import Label, LabelChange, label_of, layout, read_annotations
from lerecord.dataset.join import ByEpisodes, merge, split
from lerecord.dataset.overview import episodes, summary
from lerecord.dataset.read import Dataset
from lerecord.dataset.storage import Snapshot
from lerecord.dataset.v30 import export_v30, import_v30
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from tests.dataset.lists import A, B, C, record, small_lab, stage

SUCCESS, FAILURE = LabelChange(True), LabelChange(False)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = record(tmp_path_factory.mktemp("labels") / "set", [A, B, C])
    operations.label(root, [0], SUCCESS)
    operations.label(root, [2], LabelChange(False, "dropped \u201cit\u201d"))
    return root


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "set"))


def labels(root: Path) -> list[Label]:
    snapshot = Snapshot.of(root)
    kept = read_annotations(snapshot.meta.__getitem__)
    return [label_of(kept.get(each.index, {})) for each in snapshot.episodes()]


ALL = [Label(True), Label(), Label(False, "dropped \u201cit\u201d")]


def test_they_are_said_shown_and_taken_away(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert labels(root) == ALL
    assert [Label(each.success, each.note) for each in episodes(root)] == ALL
    assert summary(root).labels == {"success": 1, "failure": 1, "unlabelled": 1}
    list_episodes(root, Output())
    assert capsys.readouterr().out.splitlines()[2] == (
        f"   2     0.2 s  good  failure  a ({ALL[2].note})"
    )
    info(root, Output())
    assert "labels    1 success, 1 failure, 1 unlabelled" in capsys.readouterr().out
    operations.label(root, [0, 2], LabelChange(note="", clears=True))
    assert labels(root) == [Label()] * 3
    assert (root / layout.LABELS).read_bytes() == b""
    operations.label(root, [2], LabelChange(note="good light"))
    operations.label(root, [2], SUCCESS)
    assert labels(root)[2] == Label(True, "good light")
    assert check(root, quick=True).findings == []


def test_every_edit_carries_them_and_an_undo_brings_them_back(root: Path) -> None:
    operations.delete(root, [1])
    operations.relabel(root, [0], "z")
    operations.trim(root, 1, end_s=0.1)
    assert labels(root) == [ALL[0], ALL[2]]
    operations.label(root, [0, 1], LabelChange(False, "x"))
    assert labels(root) == [Label(False, "x")] * 2
    for due in ([ALL[0], ALL[2]], [ALL[0], ALL[2]], [ALL[0], ALL[2]], ALL):
        operations.undo(root)
        assert labels(root) == due
    operations.redo(root)
    assert labels(root) == [ALL[0], ALL[2]]


def test_an_episode_done_again_has_none(root: Path) -> None:
    lab = small_lab(root)
    with lab.open() as writer:
        writer.replace(0, stage(lab, writer, A))
    assert labels(root) == [Label(), *ALL[1:]]
    operations.undo(root)
    assert labels(root) == ALL


def test_a_take_that_was_left_is_recovered_with_what_was_said_of_it(root: Path) -> None:
    lab = small_lab(root)
    with lab.open() as writer:
        left = stage(lab, writer, A)
        left.label(Label(False))
        left.close()
    with lab.open() as writer:
        (take,) = writer.left_takes
        writer.salvage(take)
    assert labels(root) == [*ALL, Label(False)]


def test_other_datasets_that_are_made_of_it_have_them(root: Path) -> None:
    merge(root.with_name("merged"), [root, root])
    assert labels(root.with_name("merged")) == ALL * 2
    split(root, [root.with_name("half")], ByEpisodes([[0, 2]]))
    assert labels(root.with_name("half")) == [ALL[0], ALL[2]]
    export_v30(root, root.with_name("exported"))
    import_v30(root.with_name("exported"), root.with_name("imported"))
    assert labels(root.with_name("imported")) == ALL


def test_a_trainer_reads_those_of_a_label(root: Path) -> None:
    assert [each.index for each in Dataset(root, where="success").episodes] == [0]
    assert [each.index for each in Dataset(root, [2, 1], where="failure").episodes] == [2]
    assert len(Dataset(root, where="unlabelled")) == B.rows
    with pytest.raises(DatasetError, match=r"No episode of .* is chosen where 'success'"):
        Dataset(root, [1], where="success")
    with pytest.raises(DatasetError, match="success, failure, unlabelled, not where 'good'"):
        Dataset(root, where="good")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({}, "say success or failure"),
        ({"note": "x" * 3000}, "longer than 2000"),
        ({"note": "\udc80"}, "UTF-8"),
    ],
)
def test_what_says_nothing_is_refused(said: dict[str, Any], refusal: str) -> None:
    with pytest.raises(DatasetError, match=refusal):
        LabelChange(**said)


def test_what_is_said_already_is_refused(root: Path) -> None:
    with pytest.raises(DatasetError, match="said of episode 0 already"):
        operations.label(root, [0], SUCCESS)
    with pytest.raises(DatasetError, match="no episode 3"):
        operations.label(root, [3], SUCCESS)


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ('{"episode_index": 0, "success": 1}\n', 'says {"success": 1}'),
        ('{"episode_index": 9, "success": true}\n', "has the episodes [9]"),
        ('{"episode_index": 0, "success": true}', "does not end in a newline"),
    ],
)
def test_labels_that_are_none_are_found(root: Path, line: str, finding: str) -> None:
    (root / layout.LABELS).write_text(line)
    assert any(finding in str(each) for each in check(root, quick=True).findings)
