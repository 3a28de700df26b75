import subprocess
import sys
from pathlib import Path

from tests.dataset.conftest import Lab

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
