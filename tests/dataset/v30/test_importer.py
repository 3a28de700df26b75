"""What was exported comes back as it was; what LeRobot wrote becomes a dataset that passes."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from av.video.stream import VideoStream
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lerecord.cli import app
from lerecord.dataset.format import layout
from lerecord.dataset.v30 import Bounds, Exporting, Importing, export_v30, import_v30
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.verify import check
from lerecord.dataset.video import Clip, concatenate, facts_of, index_of, pictures_of
from lerecord.errors import DatasetError
from lerecord.progress import Advance
from tests.dataset.conftest import Lab
from tests.dataset.lists import A, B, C, Scripted, record, tree

FRONT, WRIST = "observation.images.front", "observation.images.wrist"
LENGTHS = (6, 4, 5)
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
DATA = "data/chunk-000/file-000.parquet"
VIDEO = f"videos/{FRONT}/chunk-000/file-000.mp4"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("import") / "original", [A, B, C])


@pytest.fixture(scope="module")
def exported(original: Path) -> Path:
    export_v30(original, original.with_name("exported"))
    return original.with_name("exported")


@pytest.fixture
def source(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "source"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def packets(path: Path) -> list[tuple[bytes, Any, Any, bool]]:
    with av.open(str(path)) as container:
        return [
            (bytes(each), each.pts, each.dts, each.is_keyframe)
            for each in container.demux(video=0)
            if each.size
        ]


def assert_same(original: Path, imported: Path) -> None:
    """Everything to the byte, and of videos every packet and its times."""
    due, found = tree(original), tree(imported)
    assert found.keys() == due.keys()
    for name in due:
        if name.endswith(".mp4"):
            assert packets(imported / name) == packets(original / name)
            assert facts_of(imported / name) == facts_of(original / name)
            keys = (index_of(root / name).key.tolist() for root in (imported, original))
            assert len(set(map(tuple, keys))) == 1
        else:
            assert found[name] == due[name], name


@pytest.mark.parametrize("small", [False, True])
def test_what_was_exported_comes_back_as_it_was(
    original: Path, tmp_path: Path, out: Path, small: bool
) -> None:
    source = tmp_path / "source"
    how = Exporting(bounds=Bounds(0.0002, 0.0001)) if small else Exporting()
    export_v30(original, source, how)
    files = len(list(source.glob("videos/*/*/*.mp4"))), len(list(source.glob("data/*/*")))
    assert files == ((6, 3) if small else (2, 1))
    before = tree(source)
    told: list[Advance] = []
    imported = import_v30(source, out, Importing(told.append))
    assert (imported.info.episodes, imported.info.frames, imported.encoded) == (3, 15, 0)
    assert [(each.done, each.total) for each in told] == [(1, 3), (2, 3), (3, 3)]
    assert_same(original, out)
    assert tree(source) == before
    report = check(out)
    assert (report.findings, report.remarks) == ([], [])


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.builds(Scripted, st.sampled_from("abc"), rows=st.integers(2, 7), seed=st.integers(0, 9)),
        min_size=1,
        max_size=4,
    )
)
def test_any_list_of_takes_comes_back(takes: list[Scripted]) -> None:
    with tempfile.TemporaryDirectory() as name:
        original = record(Path(name) / "original", takes)
        export_v30(original, Path(name) / "exported")
        import_v30(Path(name) / "exported", Path(name) / "imported")
        assert_same(original, Path(name) / "imported")


def test_simulated_pictures_stand_at_their_rows(lab: Lab, tmp_path: Path, out: Path) -> None:
    with lab.open() as writer:
        for rows in (9, 6):
            lab.record(writer, rows=rows)
    export_v30(lab.root, tmp_path / "source")
    import_v30(tmp_path / "source", out)
    assert check(out).findings == []


def video(path: Path, lengths: Sequence[int], codec: str, options: dict[str, str]) -> Path:
    """A video of the camera `front`, whose episodes are encoded apart and joined."""
    clips = []
    for number, length in enumerate(lengths):
        clip = path.with_name(f"clip{number}.mp4")
        with av.open(str(clip), "w", format="mp4") as output:
            stream = output.add_stream(codec, rate=30, options=options)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for row in range(length):
                pixels = np.full((48, 64, 3), 10 * row + 7 * number, dtype=np.uint8)
                pixels[:, : 4 * row + 4] = 255
                output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            output.mux(stream.encode(None))
        clips.append(Clip(clip, length))
    concatenate(clips, path, 30)
    for each in clips:
        each.path.unlink()
    return path


def shown(root: Path) -> Iterator[np.ndarray]:
    for episode in range(len(LENGTHS)):
        yield from pictures_of(root / layout.video_file(episode, FRONT))


REORDERED = {"g": "12", "bf": "3", "x264-params": "b-adapt=0:scenecut=0"}


def test_pictures_that_are_not_decoded_in_their_order_are_copied(source: Path, out: Path) -> None:
    path = video(source / VIDEO, LENGTHS, "libx264", REORDERED)
    decoding = [pts for _, pts, _, _ in packets(path)]
    assert decoding != sorted(decoding)
    assert import_v30(source, out).encoded == 0
    assert all(np.array_equal(*pair) for pair in zip(shown(out), pictures_of(path), strict=True))
    for episode, length in enumerate(LENGTHS):
        facts = facts_of(out / layout.video_file(episode, FRONT))
        assert facts.times == tuple(Fraction(row, 30) for row in range(length))


def test_only_an_episode_without_a_key_picture_is_encoded_again(source: Path, out: Path) -> None:
    """The second and third episode are one group of images: the third must be encoded."""
    first, *others = LENGTHS
    path = video(source / VIDEO, (first, sum(others)), "libx264", {"g": "250", "bf": "0"})
    assert import_v30(source, out).encoded == LENGTHS[2]
    found, due = list(shown(out)), list(pictures_of(path))
    copied = first + LENGTHS[1]
    assert all(np.array_equal(*pair) for pair in zip(found[:copied], due[:copied], strict=True))
    apart = [
        np.abs(left.astype(int) - right).mean() for left, right in zip(found, due, strict=True)
    ]
    assert max(apart) < 3


def test_an_episode_whose_pictures_need_some_behind_it_is_encoded_again(
    source: Path, out: Path
) -> None:
    path = video(source / VIDEO, (sum(LENGTHS),), "libx264", REORDERED | {"g": "250"})
    assert import_v30(source, out).encoded == sum(LENGTHS)
    for left, right in zip(shown(out), pictures_of(path), strict=True):
        assert np.abs(left.astype(int) - right).mean() < 3


def test_what_cannot_be_encoded_again_is_refused(source: Path, out: Path) -> None:
    video(source / VIDEO, (sum(LENGTHS),), "mpeg4", {"g": "250"})
    with pytest.raises(DatasetError, match=r"is mpeg4, and its images 6 to 9 do not begin with"):
        import_v30(source, out)
    assert not out.exists()


def test_a_dataset_of_another_recorder_passes(source: Path, out: Path) -> None:
    (source / layout.HARDWARE).unlink()
    shutil.rmtree(source / layout.CAPTURE)
    import_v30(source, out)
    report = check(out)
    assert report.findings == []
    assert [str(each) for each in report.remarks] == [
        "meta/hardware.json is missing: another recorder made it, of an unknown rig.",
    ]


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path, partitioning=None)), path)


def set_column(name: str, values: list[Any]) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, pa.array(values))

    return change


def test_tasks_are_numbered_by_first_appearance(source: Path, out: Path, original: Path) -> None:
    rewrite(source / v30.TASKS, set_column("task", ["unused", "b"]))
    table = pq.read_table(source / v30.TASKS)
    more = pa.table({"task_index": [2], "task": ["a"]}, schema=table.schema)
    pq.write_table(pa.concat_tables([table, more]), source / v30.TASKS)
    numbers = [{"a": 2, "b": 1}[take.task] for take in (A, B, C) for _ in range(take.rows)]
    rewrite(source / DATA, set_column("task_index", numbers))
    import_v30(source, out)
    for name in (layout.TASKS, layout.data_file(1), layout.EPISODES_STATS, layout.INFO):
        assert (out / name).read_bytes() == (original / name).read_bytes()


def test_names_are_those_that_old_releases_read(source: Path, out: Path) -> None:
    info = json.loads((source / layout.INFO).read_bytes())
    told = info["features"][FRONT]["info"]
    told["is_depth_map"] = told.pop("video.is_depth_map")
    (source / layout.INFO).write_text(json.dumps({**info, "language": "en"}))

    def newer(table: pa.Table) -> pa.Table:
        told = table.schema.metadata[b"huggingface"].replace(b'"Sequence"', b'"List"')
        assert b'"List"' in told
        return table.replace_schema_metadata({b"huggingface": told})

    rewrite(source / DATA, newer)
    import_v30(source, out)
    table = pq.read_table(out / layout.data_file(0), partitioning=None)
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["action"]["_type"] == "Sequence"
    info = json.loads((out / layout.INFO).read_bytes())
    assert info["features"][FRONT]["info"]["video.is_depth_map"] is False
    assert "is_depth_map" not in info["features"][FRONT]["info"]
    assert info["language"] == "en"


def edit_info(**values: Any) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        info = json.loads((root / layout.INFO).read_bytes())
        (root / layout.INFO).write_text(json.dumps(info | values))

    return change


def leave_out(root: Path, *keys: str) -> None:
    info = json.loads((root / layout.INFO).read_bytes())
    kept = {key: value for key, value in info.items() if key not in keys}
    (root / layout.INFO).write_text(json.dumps(kept))


def image_feature(root: Path) -> None:
    info = json.loads((root / layout.INFO).read_bytes())
    info["features"][FRONT]["dtype"] = "image"
    (root / layout.INFO).write_text(json.dumps(info))


def drop(name: str) -> Callable[[Path], None]:
    return lambda root: rewrite(root / EPISODES, lambda table: table.drop_columns([name]))


def test_what_lerobots_converter_wrote_is_imported(source: Path, original: Path, out: Path) -> None:
    """LeRobot 0.4.1 leaves the tasks' index without a name; readers need no list of tasks."""
    rewrite(
        source / v30.TASKS, lambda table: table.rename_columns(["task_index", "__index_level_0__"])
    )
    rewrite(source / EPISODES, lambda table: table.drop_columns(["tasks"]))
    import_v30(source, out)
    assert_same(original, out)


@pytest.mark.parametrize(
    "damage",
    [
        lambda root: rewrite(root / EPISODES, set_column("tasks", [7, 8, 9])),
        lambda root: leave_out(root, "data_path", "video_path"),
    ],
    ids=["tasks that are no text", "no templates of paths"],
)
def test_what_lerobot_does_without_may_be_missing(
    source: Path, original: Path, out: Path, damage: Callable[[Path], None]
) -> None:
    damage(source)
    import_v30(source, out)
    assert_same(original, out)


REFUSALS: list[tuple[Callable[[Path], object], str]] = [
    (edit_info(codebase_version="v2.1"), "is of version v2.1 already; use it as it is."),
    (edit_info(codebase_version="v2.0"), 'is of version "v2.0"; v3.0 can be imported.'),
    (edit_info(fps=29.97), "has fps 29.97, and lerecord works with whole numbers"),
    (edit_info(total_episodes=4), "has 3 episodes and meta/info.json counts 4"),
    (image_feature, f"The feature {FRONT} keeps its images in the data files"),
    (lambda root: (root / layout.INFO).unlink(), "is not a dataset: meta/info.json cannot be read"),
    (lambda root: (root / layout.INFO).write_text("x"), "info.json is not valid JSON"),
    (lambda root: (root / v30.TASKS).write_text("x"), "tasks.parquet cannot be read"),
    (lambda root: (root / DATA).unlink(), "file-000.parquet cannot be read"),
    (lambda root: (root / VIDEO).unlink(), "file-000.mp4 cannot be read as a video"),
    (drop("length"), "file-000.parquet, row 0 lacks 'length'; restore it from a copy."),
    (drop(f"stats/{FRONT}/mean"), f"lacks the statistics of {FRONT} in episode 0"),
    (
        lambda root: rewrite(root / DATA, lambda table: table.slice(0, 14)),
        "has 4 frames of episode 2 instead of 5",
    ),
    (
        lambda root: rewrite(root / DATA, set_column("task_index", [1] * 15)),
        "has frames of task 1, which is none of episode 0",
    ),
    (
        lambda root: rewrite(
            root / EPISODES, set_column(f"videos/{FRONT}/from_timestamp", [0.0, 0.217, 0.35])
        ),
        "has not an image for each frame of episode 1 from 0.217 s on",
    ),
    (
        lambda root: rewrite(
            root / EPISODES, set_column(f"videos/{FRONT}/from_timestamp", [0.0, 0.2, 0.4])
        ),
        "has not an image for each frame of episode 2 from 0.4 s on",
    ),
]


@pytest.mark.parametrize(("damage", "text"), REFUSALS, ids=[each[1] for each in REFUSALS])
def test_what_is_wrong_is_refused_and_leaves_nothing(
    source: Path, out: Path, damage: Callable[[Path], object], text: str
) -> None:
    damage(source)
    before = tree(source)
    with pytest.raises(DatasetError) as refused:
        import_v30(source, out)
    assert text in str(refused.value)
    assert tree(source) == before
    assert [each.name for each in out.parent.iterdir()] == ["source"]


def test_an_import_that_ends_anywhere_leaves_nothing_or_everything(
    source: Path, out: Path, original: Path
) -> None:
    steps: list[str] = []
    import_v30(source, out, Importing(probe=steps.append))
    assert len(steps) > 20
    for number in range(len(steps)):
        shutil.rmtree(out, ignore_errors=True)
        left = iter(range(number))

        def probe(step: str, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise InterruptedError

        with pytest.raises(DatasetError, match="could not be created"):
            import_v30(source, out, Importing(probe=probe))
        assert [each.name for each in out.parent.iterdir()] == ["source"]
    import_v30(source, out)
    assert_same(original, out)


def test_a_source_that_changes_meanwhile_is_refused(source: Path, out: Path) -> None:
    def probe(step: str) -> None:
        if step == f"write {layout.TASKS}":
            (source / "meta/more").write_text("x")

    with pytest.raises(DatasetError, match="was changed while it was read"):
        import_v30(source, out, Importing(probe=probe))
    assert not out.exists()


def test_a_folder_with_something_in_it_is_refused(source: Path, out: Path) -> None:
    out.mkdir()
    (out / "mine").write_text("x")
    with pytest.raises(DatasetError, match="is not empty"):
        import_v30(source, out)
    assert (out / "mine").read_text() == "x"


def test_further_files_and_columns_are_carried_or_named(source: Path, out: Path) -> None:
    (source / "meta/modality.json").write_text("{}")
    (source / "meta/link.json").symlink_to(source / layout.INFO)
    (source / "meta/more").mkdir()
    rewrite(source / EPISODES, lambda table: table.append_column("success", [[True] * 3]))
    left: list[str] = []
    import_v30(source, out, Importing(left_out=left.append))
    assert (out / "meta/modality.json").read_text() == "{}"
    assert left == ["meta/link.json", "meta/more", "success in meta/episodes"]
    assert not (out / "meta/tasks.parquet").exists()
    assert check(out).findings == []


def test_the_command_says_what_came_of_it(source: Path, out: Path) -> None:
    command = ["import", str(source), str(out)]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.output == (
        f"{out} has 3 episodes, 15 frames and 2 tasks; 0 images re-encoded; `lerecord "
        f"check {out}` verifies it.\n"
    )
