import os
import subprocess
import sys
from pathlib import Path

from lerecord.fleet.books import Books, is_orphan, know_driver


def dead() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        return process.pid


def test_a_thing_that_kills_its_worker_twice_is_given_up(tmp_path: Path) -> None:
    books = Books(tmp_path)
    for rank, times in ((0, 1), (1, 2)):
        for _ in range(times):
            books.at(rank, f"thing of {rank}")
            assert books.take_lost() == 0
            (tmp_path / f"at/{rank}").write_text(f"{dead()}\nthing of {rank}")
            assert books.take_lost() == 1
            assert books.take_lost() == 0
    assert books.given_up() == {"thing of 1"}
    books.at(2, "another")
    books.ended(2)
    (tmp_path / "at/3").write_text("")
    assert books.take_lost() == 0


def test_batches_and_troubles_are_kept(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.mark_done(3)
    books.mark_done(3)
    assert [books.is_done(each) for each in range(4)] == [False, False, False, True]
    assert books.batches_done() == 1
    books.trouble(1, root="b")
    books.trouble(0, root="a")
    with (tmp_path / "troubles/0").open("ab") as file:
        file.write(b'{"root": "tor')
    assert [each["root"] for each in books.troubles()] == ["a", "b"]


def test_a_worker_knows_when_its_driver_is_gone() -> None:
    before = os.environ.pop("LERECORD_FLEET_DRIVER", None)
    try:
        assert not is_orphan()
        know_driver()
        assert not is_orphan()
        os.environ["LERECORD_FLEET_DRIVER"] = str(dead())
        assert is_orphan()
    finally:
        os.environ.pop("LERECORD_FLEET_DRIVER", None)
        if before is not None:
            os.environ["LERECORD_FLEET_DRIVER"] = before
