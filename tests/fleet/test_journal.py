from pathlib import Path

from lerecord.fleet.journal import Journal


def test_a_torn_line_is_written_again_and_whole_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "journals/1.jsonl"
    journal = Journal(path, "a")
    with journal.opened() as lines:
        lines.add({"n": 1})
        lines.add({"n": 2})
    assert journal.entries() is None
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with journal.opened() as lines:
            for number in range(len(lines) + 1, 3):
                lines.add({"n": number})
        assert path.read_bytes() == whole
    with journal.opened() as lines:
        lines.end()
        assert (len(lines), lines.is_ended) == (2, True)
    assert journal.entries() == [{"n": 1}, {"n": 2}]


def test_lines_of_another_plan_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    with Journal(path, "a").opened() as lines:
        lines.end()
    assert Journal(path, "b").entries() is None
    with Journal(path, "b").opened() as lines:
        assert len(lines) == 0
        lines.end()
    assert Journal(path, "b").entries() == []
    assert Journal(path, "a").entries() is None
    Journal(path, "b").drop()
    assert Journal(path, "b").entries() is None
