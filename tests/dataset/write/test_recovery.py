import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.overview import summary
from lerecord.dataset.staging import ClosedTake, left_takes
from lerecord.dataset.storage import DatasetLock, has_pending
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from lerecord.dataset.write.recovery import Clock, opened_to_recover
from lerecord.errors import DatasetError
from tests.dataset.lists import A, B, C, D, Scripted, record, small_lab, stage, tree
from tests.dataset.recovering import recover


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An episode, and two takes that were never committed."""
    root = record(tmp_path / "set", [A])
    lab = small_lab(root)
    with lab.open() as writer:
        for take in (B, C):
            stage(lab, writer, take).close()
    make_old(root)
    return root


def make_old(root: Path) -> None:
    for path in (root / layout.TAKES).glob("*/*"):
        os.utime(path, (1, 1))


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, answers: Iterator[str]) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: next(answers))


def episodes(root: Path) -> list[str]:
    with DatasetWriter.open(root) as writer:
        assert writer.left_takes == []
        return [writer.task_of(index) for index in range(writer.episodes)]


def test_without_a_terminal_every_take_is_kept(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recover(root) == 0
    assert episodes(root) == ["a", "b", "a"]
    said = capsys.readouterr().out
    assert "episode 1, 4 of 4 frames, 0.1 s, b" in said
    assert f"{root} has 3 episodes." in said
    assert recover(root) == 0
    assert "nothing to recover" in capsys.readouterr().out
    assert check(root).findings == []


def test_everything_is_discarded_when_that_is_asked(root: Path) -> None:
    assert recover(root, discard_all=True) == 0
    assert episodes(root) == ["a"]


def test_at_a_terminal_each_take_is_asked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch, iter(["what?", "d", "Keep"]))
    assert recover(root) == 0
    assert episodes(root) == ["a", "a"]


def test_before_the_first_episode_a_dataset_is_known_by_its_takes(tmp_path: Path) -> None:
    lab = small_lab(tmp_path / "set")
    with lab.open() as writer:
        stage(lab, writer, A).close()
    make_old(lab.root)
    assert recover(lab.root) == 0
    assert episodes(lab.root) == ["a"]


def test_what_a_killed_commit_left_is_finished(tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def probe(step: str) -> None:
        if step.startswith("step 3"):
            raise KilledError

    lab = small_lab(tmp_path / "set")
    with lab.open(probe=probe) as writer, pytest.raises(KilledError):
        writer.commit(stage(lab, writer, A))
    assert has_pending(lab.root)
    assert recover(lab.root) == 0
    assert not has_pending(lab.root)
    assert episodes(lab.root) == ["a"]


def test_a_folder_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a dataset"):
        recover(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_take_that_cannot_be_kept_stays_and_is_said(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = small_lab(root.with_name("other"), cameras=(small_lab(root).spec.cameras[0],))
    with lab.open() as writer:
        take = stage(lab, writer, Scripted()).close()
    take.files.path.rename(layout.take_folder(root, take.id))
    make_old(root)
    assert recover(root) == 2
    assert f"{take.id}: This is not the rig" in capsys.readouterr().err
    with DatasetWriter.open(root) as writer:
        assert (writer.episodes, writer.left_takes) == (3, [take.id])


def test_a_take_whose_facts_are_damaged_stays_and_keeps_no_other_from_being_saved(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = sorted((root / layout.TAKES).iterdir())
    (first / "take.json").write_bytes(bytes(100))
    assert recover(root) == 2
    said = capsys.readouterr()
    assert f"{first.name}: {first}/take.json cannot be read" in said.err
    assert f"or remove the take with `lerecord recover {root} --discard`." in said.err
    assert "episode 1, 5 of 5 frames" in said.out
    assert (first / "front.video").exists()
    assert recover(root, discard_all=True) == 0
    assert f"{first.name}: discarded, 4 frames." in capsys.readouterr().out
    assert not first.exists()


def test_a_take_that_lost_its_facts_is_named_until_it_is_discarded(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = sorted((root / layout.TAKES).iterdir())
    (first / "take.json").unlink()
    assert recover(root) == 2
    said = capsys.readouterr()
    assert said.err == (
        f"{first.name}: {first}/take.json is missing, so the task and the rig of the take are not "
        f"known; restore it, or remove the take with `lerecord recover {root} --discard`.\n"
    )
    assert f"{second.name}: episode 1, 5 of 5 frames" in said.out
    assert recover(root) == 2
    assert recover(root, discard_all=True) == 0
    assert not first.exists()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(bytes(100))])
def test_before_the_first_episode_no_damaged_take_is_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], object]
) -> None:
    lab = small_lab(tmp_path / "set")
    with lab.open() as writer:
        take = stage(lab, writer, A).close()
    damage(take.files.facts)
    make_old(lab.root)
    with pytest.raises(
        DatasetError, match=f"no episode yet, .*: {take.id}.*`lerecord recover {lab.root}`"
    ):
        summary(lab.root)
    assert recover(lab.root) == 2
    assert f"{take.id}: {take.files.facts} " in capsys.readouterr().err
    with lab.open() as writer:
        writer.commit(stage(lab, writer, B))
    assert summary(lab.root).unreadable_takes == (take.id,)
    assert take.files.video("front").exists()
    assert recover(lab.root, discard_all=True) == 0
    assert episodes(lab.root) == ["b"]


def test_damaged_takes_alone_are_discarded_when_that_is_asked(tmp_path: Path) -> None:
    lab = small_lab(tmp_path / "set")
    with lab.open() as writer:
        first, second = (stage(lab, writer, A).close() for _ in range(2))
    first.files.facts.unlink()
    second.files.facts.write_text("x")
    make_old(lab.root)
    assert recover(lab.root, discard_all=True) == 0
    assert list((lab.root / layout.TAKES).iterdir()) == []
    assert recover(lab.root) == 0


def test_a_take_that_has_frames_is_not_removed_for_its_facts_are_missing(root: Path) -> None:
    first, second = sorted((root / layout.TAKES).iterdir())
    (first / "take.json").unlink()
    (second / "take.json").unlink()
    (second / "rows.journal").unlink()
    with DatasetWriter.open(root):
        assert first.is_dir()
        assert not second.exists()


class Ending:
    """A clock in whose time others go on: each entry is called once, at its second."""

    def __init__(self, **others: object) -> None:
        self.at_s = 0.0
        self.naps = 0
        self.events: list[tuple[float, object]] = []

    def now(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.at_s += seconds
        self.naps += 1
        while self.events and self.events[0][0] <= self.at_s:
            event = self.events.pop(0)[1]
            assert callable(event)
            event()


def test_it_waits_for_a_writer_that_is_just_ending(root: Path) -> None:
    ending = Ending()
    lock = DatasetLock(root)
    lock.__enter__()
    ending.events = [(1.5, lock.__exit__)]
    with opened_to_recover(root, Clock(ending.now, ending.sleep)) as writer:
        assert writer.episodes == 1
    assert 1.5 <= ending.at_s < 1.7


def test_it_does_not_wait_for_a_recorder_that_goes_on(root: Path) -> None:
    ending = Ending()
    with (
        DatasetLock(root),
        pytest.raises(DatasetError, match="Another lerecord"),
    ):
        opened_to_recover(root, Clock(ending.now, ending.sleep))
    assert 2.0 <= ending.at_s < 2.2


def test_it_waits_until_the_cameras_have_ended_their_tracks(root: Path) -> None:
    ending = Ending()
    track = next((root / layout.TAKES).glob("*/front.video"))
    grown: list[float] = []

    def grow() -> None:
        grown.append(ending.at_s)
        with track.open("ab") as file:
            file.write(b"x")

    os.utime(track)
    ending.events = [(0.2, grow), (0.4, grow)]
    opened_to_recover(root, Clock(ending.now, ending.sleep)).close()
    assert len(grown) == 2
    assert 0.7 <= ending.at_s < 0.9


def test_takes_that_were_left_long_ago_are_not_waited_for(root: Path) -> None:
    ending = Ending()
    opened_to_recover(root, Clock(ending.now, ending.sleep)).close()
    assert ending.naps == 0


def redo_left(root: Path, takes: Sequence[Scripted], episode: int, cut_short: bool) -> None:
    """A dataset, and a take that was to replace one of its episodes."""
    record(root, takes)
    lab = small_lab(root)
    with lab.open() as writer:
        with mock.patch.object(writer, "begin_take", partial(writer.begin_take, replaces=episode)):
            staged = stage(lab, writer, D)
        if not cut_short:  # it was saved, and its commit failed
            with pytest.raises(DatasetError):
                writer.replace(99, staged)
        staged.close()
    if cut_short:
        for path in staged.folder.glob("*.histogram"):
            path.write_bytes(path.read_bytes()[:-1])
    make_old(root)


def test_a_redo_that_was_saved_goes_where_its_episode_is_now(tmp_path: Path) -> None:
    root = tmp_path / "set"
    redo_left(root, [A, B, C], 1, cut_short=False)
    operations.delete(root, [0])
    assert recover(root) == 0
    assert tree(root) == tree(record(tmp_path / "scratch", [D, C]))


@pytest.mark.parametrize(
    "name", [layout.video_file(1, "observation.images.front"), layout.data_file(1)]
)
def test_a_redo_replaces_an_episode_that_lost_a_file(tmp_path: Path, name: str) -> None:
    root = tmp_path / "set"
    redo_left(root, [A, B, C], 1, cut_short=False)
    (root / name).unlink()
    assert recover(root) == 0
    assert tree(root) == tree(record(tmp_path / "scratch", [A, D, C]))


def test_a_redo_whose_episode_is_gone_says_what_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "set"
    redo_left(root, [A, B, C], 1, cut_short=False)
    operations.delete(root, [1])
    before = tree(root)
    assert recover(root) == 2
    assert f"`lerecord recover {root} --append`" in capsys.readouterr().err
    assert tree(root) == before
    assert len(left_takes(root)) == 1
    assert recover(root, redone="append") == 0
    assert episodes(root) == ["a", "a", "c"]


def test_a_redo_that_was_cut_short_replaces_nothing_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "set"
    redo_left(root, [A, B, C], 1, cut_short=True)
    before = tree(root)
    assert recover(root) == 2
    assert "was meant to replace episode 1 and was never saved" in capsys.readouterr().err
    assert tree(root) == before
    assert recover(root, redone="replace") == 0
    assert episodes(root) == ["a", "c", "a"]
    assert check(root).findings == []


@pytest.mark.parametrize(
    ("answers", "due"),
    [(["k", "r"], ["a", "c", "a"]), (["append"], ["a", "b", "a", "c"]), (["d"], ["a", "b", "a"])],
)
def test_at_a_terminal_a_redo_goes_where_one_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[str], due: list[str]
) -> None:
    root = tmp_path / "set"
    redo_left(root, [A, B, C], 1, cut_short=True)
    at_a_terminal(monkeypatch, iter(answers))
    assert recover(root) == 0
    assert episodes(root) == due


def episodes_and_takes(root: Path) -> tuple[int, int]:
    with DatasetWriter.open(root) as writer:
        return writer.episodes, len(writer.left_takes)


def test_a_redo_that_a_kill_ended_replaces_nothing_though_it_is_whole(tmp_path: Path) -> None:
    root = tmp_path / "set"
    record(root, [A, B])
    lab = small_lab(root)
    with (
        lab.open() as writer,
        mock.patch.object(writer, "begin_take", partial(writer.begin_take, replaces=1)),
    ):
        stage(lab, writer, D).close()
    make_old(root)
    before = tree(root)
    assert recover(root) == 2
    assert tree(root) == before


def test_the_episode_saved_last_is_done_again_before_it_is_committed(tmp_path: Path) -> None:
    root = tmp_path / "set"
    record(root, [A])
    lab = small_lab(root)
    with lab.open() as writer:
        stage(lab, writer, B).close()
        with mock.patch.object(writer, "begin_take", partial(writer.begin_take, replaces=1)):
            stage(lab, writer, D).close()
    make_old(root)
    assert recover(root) == 2
    assert episodes_and_takes(root) == (2, 1)
    assert recover(root, redone="replace") == 0
    assert tree(root) == tree(record(tmp_path / "scratch", [A, D]))


@pytest.mark.parametrize("name", ["take.json", "rows.journal", "front.video", "front.capture"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_take_with_something_that_is_no_file_of_its_own_is_refused(
    root: Path, name: str, kind: str
) -> None:
    take = left_takes(root)[0]
    path = root / layout.TAKES / take / name
    moved = path.rename(root.parent / "elsewhere")
    if kind == "link":
        path.symlink_to(moved)
    else:
        os.mkfifo(path)
    before = moved.read_bytes()
    with pytest.raises(DatasetError, match=rf"{name} is (a link|not a file)"):
        ClosedTake.load(root, take)
    assert moved.read_bytes() == before


def test_a_link_to_a_take_elsewhere_is_no_take_and_goes_alone(root: Path) -> None:
    takes = left_takes(root)
    elsewhere = (root / layout.TAKES / takes[0]).rename(root.parent / "elsewhere")
    (root / layout.TAKES / takes[0]).symlink_to(elsewhere)
    assert left_takes(root) == takes[1:]
    assert recover(root, discard_all=True) == 0
    assert not (root / layout.TAKES / takes[0]).is_symlink()
    assert (elsewhere / "take.json").is_file()


def test_takes_that_lie_elsewhere_are_refused(root: Path) -> None:
    elsewhere = (root / layout.TAKES).rename(root.parent / "elsewhere")
    (root / layout.TAKES).symlink_to(elsewhere)
    held = sorted(elsewhere.rglob("*"))
    for does in (
        lambda: recover(root, discard_all=True),
        lambda: DatasetWriter.open(root),
    ):
        with pytest.raises(DatasetError, match="takes is a link"):
            does()
    assert sorted(elsewhere.rglob("*")) == held


@pytest.mark.parametrize(
    "facts",
    ["", "[]", "[" * 100_000, '{"task": "\\ud800"}', '{"task": 3, "begun": "", "spec": {}}'],
)
def test_facts_that_no_recorder_leaves_are_refused(root: Path, facts: str) -> None:
    take = left_takes(root)[0]
    (root / layout.TAKES / take / "take.json").write_text(facts)
    with pytest.raises(DatasetError, match=r"take\.json cannot be read"):
        ClosedTake.load(root, take)
