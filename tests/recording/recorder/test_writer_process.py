import subprocess
import sys
from pathlib import Path

import pytest

from lerecord.dataset.overview import episodes
from lerecord.recording.recorder import writer_process
from lerecord.recording.recorder.writer_messages import Begin, Command, Commit, Judge
from lerecord.recording.recorder.writer_process import Writing
from tests.dataset.conftest import Lab
from tests.dataset.lists import A, record, small_lab, stage

COMMITS_A_LEFT_TAKE = """
import sys
from pathlib import Path
import lerecord.recording.recorder.writer_process
from lerecord.dataset.write.writer import DatasetWriter
with DatasetWriter.open(Path(sys.argv[1])) as writer:
    before = set(sys.modules)
    (take,) = writer.left_takes
    writer.commit(writer.left_take(take))
    # PyAV fetches a small part of itself when it opens a file.
    print([name for name in set(sys.modules) - before if not name.startswith("av.")])
"""


def test_the_first_commit_waits_for_no_import(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "set")
    with lab.open() as writer:
        lab.record(writer)
        lab.stage(writer).close()
    done = subprocess.run(
        [sys.executable, "-c", COMMITS_A_LEFT_TAKE, lab.root],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ([Judge("new", True), Commit("new", None)], [None, True]),
        ([Commit("new", None), Judge("new", False)], [None, False]),
        ([Judge("new", True), Judge("new", False), Commit("new", 0)], [False]),
        ([Commit("new", 0), Judge("new", True), Judge("new", True)], [True]),
    ],
)
def test_a_take_is_labelled_before_and_after_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[Command], due: list[bool | None]
) -> None:
    monkeypatch.setattr(writer_process, "tell", lambda _: None)
    lab = small_lab(record(tmp_path / "set", [A]))
    with lab.open() as writer:
        staged = stage(lab, writer, A)
        monkeypatch.setattr(writer, "begin_take", lambda *_, **__: staged)
        writing = Writing(writer)
        for command in (Begin("new", "a", None), *said):
            writing.handle(command)
    assert [each.success for each in episodes(lab.root)] == due
