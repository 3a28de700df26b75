"""What is said of a take stays with its episode, and is shown."""

from pathlib import Path

import pytest

from lerecord.cli.dataset_report import info, list_episodes
from lerecord.cli.output import Output
from lerecord.dataset.edit import operations
from lerecord.dataset.format import Reason, Verdict, layout
from lerecord.dataset.overview import episodes
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from lerecord.recording.review import Limits, Reviewer
from tests.dataset.lists import A, B, C, record, small_lab, stage

IDLE = Reason("idle_tail", Verdict.LOOK, "It ends idle.", "--end 0.1")
BLACK = Reason("blank", Verdict.REDO, "It is black.")


def test_a_review_is_kept_through_edits_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = small_lab(record(tmp_path / "set", [A]))
    with lab.open() as writer:
        writer.review = lambda *_: [BLACK, IDLE]
        assert writer.commit(stage(lab, writer, B)).review == (BLACK, IDLE)
        writer.review = lambda *_: []
        assert writer.replace(0, stage(lab, writer, C)).review == ()
    root = lab.root
    assert [each.verdict for each in episodes(root)] == [Verdict.KEEP, Verdict.REDO]
    list_episodes(root, Output())
    info(root, Output())
    shown = capsys.readouterr().out
    assert "redo: blank, idle tail" in shown
    assert "reviews   1 keep, 1 redo" in shown
    remarks = [str(each) for each in check(root, quick=True).remarks]
    mend = f"`lerecord edit trim {root} 1 --end 0.1`"
    assert f"episode 1: It ends idle. {mend} cuts it off." in remarks
    operations.trim(root, 1, end_s=0.1)
    assert episodes(root)[1].reasons == ("It is black.",)
    operations.delete(root, [0])
    operations.undo(root)
    assert episodes(root)[1].verdict is Verdict.REDO
    path = root / layout.HEALTH
    path.write_text(path.read_text().replace('"redo"', '"gone"'))
    with pytest.raises(DatasetError, match=r"A review in capture/health\.jsonl"):
        episodes(root)


def test_the_reviewer_knows_the_takes_before(tmp_path: Path) -> None:
    lab = small_lab(record(tmp_path / "set", [A, A, A]))
    with lab.open() as writer:
        writer.review = Reviewer(lab.root, Limits(length_factor=1.5))
        fine, short = (writer.commit(stage(lab, writer, each)).review for each in (A, C))
        writer.review = Reviewer(lab.root, Limits(length_factor=1.1))
        shorter = writer.commit(stage(lab, writer, C)).review
    kinds = [{each.kind for each in review or ()} for review in (fine, short, shorter)]
    assert [("short" in each, "moved" in each, "swapped" in each) for each in kinds] == [
        (False, False, False),
        (False, False, False),
        (True, False, False),
    ]
