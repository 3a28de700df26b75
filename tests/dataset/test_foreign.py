"""Episodes that another recorder has appended: as LeRobot leaves them, without a sidecar."""

import json
from pathlib import Path

import pytest

from lerecord.dataset import edit, layout
from lerecord.dataset.verify import check
from tests.dataset.lists import A, B, C, record, small_lab, stage, tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two episodes, the last as another recorder leaves it; stats.json is that of the first."""
    stats = (record(tmp_path / "one", [A]) / layout.STATS).read_bytes()
    root = record(tmp_path / "set", [A, B])
    (root / layout.STATS).write_bytes(stats)
    (root / layout.capture_file(1)).unlink()
    health = root / layout.HEALTH
    health.write_bytes(health.read_bytes().splitlines(keepends=True)[0])
    return root


def test_they_are_remarks_and_no_findings(root: Path) -> None:
    report = check(root)
    assert report.findings == []
    assert [str(each) for each in report.remarks] == [
        "meta/stats.json is of the first 1 episodes; the next that lerecord saves brings it up to "
        "date.",
        "episode 1: it has no sidecar: another recorder appended it.",
    ]


def test_the_next_episode_brings_the_statistics_up_to_date(root: Path) -> None:
    lab = small_lab(root)
    with lab.open() as writer:
        writer.commit(stage(lab, writer, C))
    due = record(root.with_name("scratch"), [A, B, C])
    assert (root / layout.STATS).read_bytes() == (due / layout.STATS).read_bytes()
    health = (root / layout.HEALTH).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["episode_index"] for line in health] == [0, 2]
    assert check(root).findings == []


def test_an_edit_does_too_and_its_undo_is_exact(root: Path) -> None:
    edit.relabel(root, [0], "z")
    before = tree(root)
    assert check(root).findings == []
    edit.delete(root, [0])
    assert [str(each) for each in check(root).remarks] == [
        "episode 0: it has no sidecar: another recorder appended it."
    ]
    edit.undo(root)
    assert tree(root) == before


def test_a_sidecar_of_ours_that_is_lost_is_a_finding(root: Path) -> None:
    (root / layout.capture_file(0)).unlink()
    assert "capture/chunk-000/episode_000000.arrow" in str(check(root).findings[0])


@pytest.mark.parametrize(
    ("lines", "finding"),
    [
        (b"", "capture/health.jsonl has the episodes [] where [0] are due."),
        (
            b'{"episode_index": 0}\n{"episode_index": 0}\n',
            "capture/health.jsonl has the episodes [0, 0] where [0] are due.",
        ),
        (
            b'{"episode_index": 0}\n{"episode_index": 7}\n',
            "capture/health.jsonl has the episodes [0, 7] where [0] are due.",
        ),
        (
            b'{"episode_index": 0}',
            "capture/health.jsonl does not end in a newline; the next append would glue two lines.",
        ),
        (b"x\n", "capture/health.jsonl is not valid JSON in every line"),
    ],
)
def test_wrong_health_is_found(root: Path, lines: bytes, finding: str) -> None:
    (root / layout.HEALTH).write_bytes(lines)
    assert [each for each in check(root).findings if finding in str(each)]
