import json
from pathlib import Path

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout, line_of
from lerecord.dataset.join import merge
from tests.dataset.lists import A, B, C, record

LABELS = "capture/labels.jsonl"


def labels_of(root: Path) -> dict[int, bool]:
    lines = map(json.loads, (root / LABELS).read_text().splitlines())
    return {line["episode_index"]: line["success"] for line in lines}


def test_an_annotation_in_the_table_is_carried_through_every_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(layout.ANNOTATIONS, "labels", LABELS)
    root = record(tmp_path / "set", [A, B, C])
    lines = [{"episode_index": 0, "success": True}, {"episode_index": 2, "success": False}]
    (root / LABELS).write_bytes(b"".join(map(line_of, lines)))
    operations.delete(root, [0])
    assert labels_of(root) == {1: False}
    operations.trim(root, 1, 0.0, 0.1)
    assert labels_of(root) == {1: False}
    operations.undo(root)
    operations.undo(root)
    assert labels_of(root) == {0: True, 2: False}
    merge(tmp_path / "merged", [root, root])
    assert labels_of(tmp_path / "merged") == {0: True, 2: False, 3: True, 5: False}
