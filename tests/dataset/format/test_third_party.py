"""Episodes of another recorder: appended to a dataset of ours, or a whole dataset, LeRobot's."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lerecord.control import Setup
from lerecord.dataset.edit import Watch
from lerecord.dataset.edit import operations as edit
from lerecord.dataset.format import layout, metadata, stats
from lerecord.dataset.overview import summary
from lerecord.dataset.storage import has_pending
from lerecord.dataset.verify import check
from lerecord.dataset.video import codec_of
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import DatasetError
from tests.dataset import lerobot_made
from tests.dataset.lerobot_made import EPISODES, FRONT, Told, part, seen
from tests.dataset.lists import A, B, C, record, small_lab, stage, tree
from tests.dataset.recovering import recover


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
        "meta/stats.json covers only the first 1 episode; the next episode saved brings it "
        "up to date.",
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
        (b"", "capture/health.jsonl has the episodes [] instead of [0]."),
        (
            b'{"episode_index": 0}\n{"episode_index": 0}\n',
            "capture/health.jsonl has the episodes [0, 0] instead of [0].",
        ),
        (
            b'{"episode_index": 0}\n{"episode_index": 7}\n',
            "capture/health.jsonl has the episodes [0, 7] instead of [0].",
        ),
        (
            b'{"episode_index": 0}',
            "capture/health.jsonl does not end in a newline; the next append would join two lines.",
        ),
        (b"x\n", "capture/health.jsonl, line 1 is not valid JSON"),
    ],
)
def test_wrong_health_is_found(root: Path, lines: bytes, finding: str) -> None:
    (root / layout.HEALTH).write_bytes(lines)
    assert [each for each in check(root).findings if finding in str(each)]


# A dataset that LeRobot wrote from the start


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lerobot_made.write(tmp_path_factory.mktemp("made") / "set")


@pytest.fixture
def theirs(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "theirs"))


NOT_OURS = "meta/hardware.json is missing: another recorder made it, of an unknown rig."


def assert_right(root: Path, episodes: Sequence[Told]) -> None:
    """The dataset has these episodes, and there is nothing of it that nobody knows."""
    assert seen(root) == list(episodes)
    report = check(root)
    assert report.findings == []
    assert [str(each) for each in report.remarks] == [NOT_OURS]
    lines = (root / layout.EPISODES_STATS).read_bytes()
    total = stats.fold(metadata.parse_episodes_stats(lines, len(episodes)))
    assert total is not None
    assert (root / layout.STATS).read_bytes() == metadata.stats_bytes(total)
    assert not (root / layout.HARDWARE).exists()
    assert not (root / layout.CAPTURE).exists()


def test_what_it_lacks_are_remarks(theirs: Path) -> None:
    before = tree(theirs)
    report = check(theirs)
    assert report.findings == []
    assert [str(each) for each in report.remarks] == [
        NOT_OURS,
        "meta/stats.json is missing; the next change by lerecord writes it.",
    ]
    assert seen(theirs) == list(EPISODES)
    assert summary(theirs).simulated is None
    assert tree(theirs) == before


X, Y, Z = EPISODES
EDITS: dict[str, tuple[Callable[[Path], object], list[Told]]] = {
    "delete": (lambda root: edit.delete(root, [0]), [Y, Z]),
    "delete several": (lambda root: edit.delete(root, [0, 2]), [Y]),
    "trim": (lambda root: edit.trim(root, 0, 3 / 30, 7 / 30), [part(X, range(3, 7)), Y, Z]),
    "relabel": (lambda root: edit.relabel(root, [0], "c"), [replace(X, task="c"), Y, Z]),
    "rename": (
        lambda root: edit.rename_task(root, "a", "b"),
        [replace(X, task="b"), Y, replace(Z, task="b")],
    ),
    "transcode": (lambda root: edit.transcode(root, "fast"), [X, Y, Z]),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("form", ["list", "motors"])
def test_it_is_edited_and_every_edit_is_taken_back(tmp_path: Path, form: str, name: str) -> None:
    root = lerobot_made.write(tmp_path / "set", form)
    found = json.loads((root / layout.INFO).read_bytes())
    operation, after = EDITS[name]
    operation(root)
    assert_right(root, after)
    changed = tree(root)
    edit.undo(root)
    assert_right(root, EPISODES)
    assert json.loads((root / layout.INFO).read_bytes()) == found
    edit.redo(root)
    assert_right(root, after)
    assert tree(root) == changed


def test_edits_follow_each_other(theirs: Path) -> None:
    edit.trim(theirs, 1, 0.0, 3 / 30)
    edit.relabel(theirs, [2], "new")
    edit.delete(theirs, [0])
    assert_right(theirs, [part(Y, range(3)), replace(Z, task="new")])
    for _ in range(3):
        edit.undo(theirs)
    assert_right(theirs, EPISODES)


def test_rows_that_stay_are_not_touched(theirs: Path, made: Path) -> None:
    edit.relabel(theirs, [2], "new")
    for name in (layout.data_file(0), layout.data_file(1), layout.video_file(2, FRONT)):
        assert (theirs / name).read_bytes() == (made / name).read_bytes()


def test_a_table_is_written_again_in_its_own_form(theirs: Path, made: Path) -> None:
    edit.delete(theirs, [0])
    now, before = (
        pq.read_schema(root / layout.data_file(index)) for root, index in ((theirs, 0), (made, 1))
    )
    assert now.equals(before, check_metadata=False)
    told = json.loads((now.metadata or {})[b"huggingface"])["info"]["features"]
    assert [told[key]["length"] for key in ("action", "observation.state")] == [2, 3]


def test_transcoding_says_the_codec_and_is_done_once(theirs: Path) -> None:
    assert edit.transcode(theirs, "fast") is not None
    info = json.loads((theirs / layout.INFO).read_bytes())
    assert info["features"][FRONT]["info"]["video.codec"] == "h264"
    assert codec_of(theirs / layout.video_file(0, FRONT)) == "h264"
    assert edit.transcode(theirs, "fast") is None


def test_videos_of_a_codec_that_is_not_encoded_are_cut_once_they_are_transcoded(
    tmp_path: Path,
) -> None:
    root = lerobot_made.write(tmp_path / "set", codec="mpeg4")
    before = tree(root)
    with pytest.raises(DatasetError, match=r"is mpeg4, .* so it is not cut; `lerecord transcode "):
        edit.trim(root, 0, 0.1)
    assert tree(root) == before
    edit.transcode(root, "fast")
    edit.trim(root, 0, 0.1)
    assert_right(root, [part(X, range(3, 8)), Y, Z])


def test_tasks_that_were_numbered_otherwise_keep_their_rows(theirs: Path) -> None:
    lines = [{"task_index": 0, "task": "b"}, {"task_index": 1, "task": "a"}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (theirs / layout.TASKS).write_text(text, encoding="utf-8")
    for index in range(3):
        set_column(theirs / layout.data_file(index), "task_index", lambda old: 1 - old)
    edit.relabel(theirs, [2], "c")
    assert seen(theirs) == [X, Y, replace(Z, task="c")]


def set_column(path: Path, name: str, change: Callable[[Any], Any]) -> None:
    table = pq.read_table(path, partitioning=None)
    values = change(table[name].to_numpy())
    place = table.column_names.index(name)
    pq.write_table(table.set_column(place, name, pa.array(values)), path)


def two_tasks(root: Path) -> None:
    """As LeRobot writes an episode whose last frames were told another task."""
    path = root / layout.EPISODES
    path.write_text(path.read_text().replace('["b"]', '["b", "a"]'))
    set_column(root / layout.data_file(1), "task_index", lambda old: old - (np.arange(5) > 2))
    stored = root / layout.EPISODES_STATS
    each = metadata.parse_episodes_stats(stored.read_bytes(), 3)
    each[1]["task_index"] = stats.of_column(np.array([1, 1, 1, 0, 0]))
    stored.write_bytes(b"".join(metadata.stats_line(*line) for line in enumerate(each)))


def test_an_episode_of_several_tasks_is_right_and_is_not_changed(theirs: Path) -> None:
    two_tasks(theirs)
    assert check(theirs).findings == []
    before = tree(theirs)
    for operation, _ in EDITS.values():
        with pytest.raises(DatasetError, match=r"Episode 1 of .* has the tasks \['b', 'a'\]"):
            operation(theirs)
    assert tree(theirs) == before


def test_a_row_of_a_task_that_is_not_the_episodes_is_found(theirs: Path) -> None:
    set_column(theirs / layout.data_file(1), "task_index", lambda old: old - (np.arange(5) > 2))
    found = [str(each) for each in check(theirs).findings]
    assert "episode 1, frame 3: task_index is 0 instead of 1." in found[0]


@pytest.mark.parametrize(
    ("name", "off", "findings"),
    [
        ("mean", 1.5e-5, 0),
        ("std", 1.5e-5, 0),
        ("mean", 1e-3, 1),
        ("std", 1e-3, 1),
        ("max", 1.5e-5, 1),
    ],
)
def test_statistics_may_be_rounded_as_far_as_float32_rounds(
    theirs: Path, name: str, off: float, findings: int
) -> None:
    stored = theirs / layout.EPISODES_STATS
    each = metadata.parse_episodes_stats(stored.read_bytes(), 3)
    values = each[1]["observation.state"]
    moved = np.array([off, 0, 0])
    each[1]["observation.state"] = replace(values, **{name: getattr(values, name) + moved})
    stored.write_bytes(b"".join(metadata.stats_line(*line) for line in enumerate(each)))
    assert len(check(theirs).findings) == findings


def feature(name: str, **told: Any) -> Callable[[Path], None]:
    """Info.json says something else of a feature."""

    def change(root: Path) -> None:
        info = json.loads((root / layout.INFO).read_bytes())
        info["features"][name] = {**info["features"].get(name, {}), **told}
        (root / layout.INFO).write_text(json.dumps(info), encoding="utf-8")

    return change


def fact(name: str, value: object) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        info = json.loads((root / layout.INFO).read_bytes())
        info["features"][FRONT]["info"][name] = value
        (root / layout.INFO).write_text(json.dumps(info), encoding="utf-8")

    return change


def without(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        info = json.loads((root / layout.INFO).read_bytes())
        del info["features"][name]
        (root / layout.INFO).write_text(json.dumps(info), encoding="utf-8")

    return change


def further_column(root: Path) -> None:
    path = root / layout.data_file(1)
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.append_column("next.done", pa.array([False] * 5)), path)


def further_entry(root: Path) -> None:
    path = root / layout.EPISODES
    path.write_text(path.read_text().replace('"length": 5', '"length": 5, "success": true'))


def several_tasks_unsaid(root: Path) -> None:
    set_column(root / layout.data_file(1), "task_index", lambda old: old - (np.arange(5) > 2))


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "further": (
        feature("next.done", dtype="bool", shape=[1]),
        "The feature next.done is none that lerecord writes",
    ),
    "effort": (
        feature("observation.effort", dtype="float32", shape=[3]),
        "The feature observation.effort is none",
    ),
    "image": (
        feature("observation.images.top", dtype="image", shape=[64, 96, 3]),
        "The feature observation.images.top is none",
    ),
    "dtype": (feature("action", dtype="float64"), r"The feature action is float64 of shape \[2\]"),
    "one joint": (feature("action", shape=[1]), r"The feature action is float32 of shape \[1\]"),
    "index": (feature("index", dtype="int32"), r"The feature index is int32 of shape \[1\]"),
    "no state": (without("observation.state"), "The feature observation.state is missing"),
    "depth": (
        fact("video.is_depth_map", True),
        f"The feature {FRONT} has video.is_depth_map true",
    ),
    "sound": (fact("has_audio", True), f"The feature {FRONT} has has_audio true"),
    "format": (fact("video.pix_fmt", "yuv444p"), 'has video.pix_fmt "yuv444p"'),
    "odd": (feature(FRONT, shape=[63, 96, 3]), rf"The feature {FRONT} is a video of shape \[63"),
    "no codec": (feature(FRONT, info=None), f"The feature {FRONT} does not say its video.codec"),
    "elsewhere": (
        feature("observation.image", **lerobot_made.features()[FRONT]),
        r"The feature observation.image is a video whose name does not begin with observation\.",
    ),
    "column": (further_column, "has a column next.done that lerecord would not keep"),
    "entry": (further_entry, r"episodes\.jsonl has the entry success"),
    "tasks": (several_tasks_unsaid, "has frames of several tasks"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_an_edit_would_lose_is_refused_and_nothing_is_touched(theirs: Path, name: str) -> None:
    change, sentence = REFUSED[name]
    change(theirs)
    before = tree(theirs)
    operations: list[Callable[[], object]] = [
        lambda: edit.delete(theirs, [0]),
        lambda: edit.trim(theirs, 1, 0.0, 3 / 30),
        lambda: edit.transcode(theirs, "fast"),
    ]
    for operation in operations:
        with pytest.raises(DatasetError, match=sentence):
            operation()
    assert tree(theirs) == before
    assert not list((theirs / layout.TRANSACTIONS).glob("*"))


def test_rows_that_would_lose_something_are_not_taken_out_of_the_trash(theirs: Path) -> None:
    further_column(theirs)
    edit.delete(theirs, [1, 2])
    before = tree(theirs)
    with pytest.raises(DatasetError, match=r"has a column next\.done"):
        edit.undo(theirs)
    assert tree(theirs) == before


def test_nothing_is_recorded_into_it(theirs: Path) -> None:
    before = tree(theirs)
    sentence = "so its rig is not known: it can be edited, and not recorded into"
    operations: list[Callable[[], object]] = [
        small_lab(theirs).open,
        lambda: DatasetWriter.open(theirs),
        lambda: Setup.resolve(None, theirs),
        lambda: Setup.resolve("sim", theirs),
    ]
    for refused in operations:
        with pytest.raises(DatasetError, match=sentence):
            refused()
    assert tree(theirs) == before


class KilledError(Exception):
    pass


@pytest.mark.parametrize(("step", "after"), [("mark", [X, Y, Z]), ("step 3", [Y, Z])])
def test_recover_finishes_or_drops_a_killed_edit(
    theirs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    step: str,
    after: list[Told],
) -> None:
    def probe(each: str) -> None:
        if each.startswith(step):
            raise KilledError

    monkeypatch.setattr(
        "lerecord.dataset.storage.transaction.Transaction.__exit__", lambda *_: None
    )
    with pytest.raises(KilledError):
        edit.delete(theirs, [0], Watch(probe=probe))
    assert has_pending(theirs)
    assert recover(theirs) == 0
    assert capsys.readouterr().out == f"{theirs} has {len(after)} episodes.\n"
    assert not has_pending(theirs)
    assert seen(theirs) == after


def test_recover_of_what_has_nothing_to_recover_changes_nothing(theirs: Path) -> None:
    before = tree(theirs)
    assert recover(theirs) == 0
    assert tree(theirs) == before
