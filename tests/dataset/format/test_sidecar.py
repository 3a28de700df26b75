import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lerecord.dataset.format import (
    COLUMNS,
    CameraSpec,
    FrameColumns,
    Sidecar,
    StoredSidecar,
    TrackSummary,
    health_of,
    read_sidecar,
    write_sidecar,
)
from lerecord.dataset.format.health import health_line
from lerecord.errors import DatasetError
from lerecord.frame import BusFaults

CAMERA = CameraSpec("front", 160, 120)
LATER = ("unchanged", "blank")


def sidecar() -> Sidecar:
    due = np.arange(4) / 30 + 100
    late = np.array([0.001, 0.002, 0.002, 0.004])
    counts = np.arange(20, dtype=np.uint32).reshape(4, 5)
    frames = FrameColumns(
        {column.name: column.missing(4, 2) for column in COLUMNS}
        | {
            "due": due,
            "started": due + late,
            "lateness_s": late,
            "bus_s": np.full(4, 0.003),
            "retries": np.array([0, 2, 0, 1], dtype=np.uint32),
            "measured": np.array([True, False, True, True]),
            "missed": np.array([False, False, True, False]),
            "requested": np.arange(8, dtype=np.float32).reshape(4, 2),
            "source": np.array([0, 0, 1, 255], dtype=np.uint8),
            "velocity": np.linspace(-3, 4, 8, dtype=np.float32).reshape(4, 2),
            "effort": np.linspace(-900, 900, 8, dtype=np.float32).reshape(4, 2),
        }
        | {f"bus.{name}": counts[:, place] for place, name in enumerate(BusFaults._fields)}
    )
    track = TrackSummary(
        captured_at=due - np.array([0.01, 0.02, 0.3, 0.01]),
        sequence=np.array([5, 6, 6, 7], dtype=np.uint32),
        repeated=np.array([False, False, True, False]),
        corrupt=np.array([False, False, True, False]),
        histogram=np.arange(768, dtype=np.int64).reshape(3, 256) * 10**12,
        histogram_rows=4,
        unchanged=np.array([False, True, False, False]),
        blank=np.array([False, False, False, True]),
    )
    return Sidecar(frames, {"front": track}, {"task": "Größe", "calibration": {"a": [1, 2]}})


def test_the_truth_comes_back(tmp_path: Path) -> None:
    before = sidecar()
    write_sidecar(tmp_path / "a", before)
    after = read_sidecar(tmp_path / "a", (CAMERA,))
    for name in ("due", "started", "lateness_s", "missed", "measured", "bus_s", "retries"):
        assert np.array_equal(after.frames.values[name], before.frames.values[name]), name
    for name in ("requested", "source", "velocity", "effort"):
        assert np.array_equal(after.frames.values[name], before.frames.values[name]), name
    assert after.facts == before.facts
    assert list(after.frames.faults) == list(before.frames.faults)
    assert [each.tolist() for each in after.frames.faults.values()] == np.arange(20).reshape(
        4, 5
    ).T.tolist()
    for name in ("captured_at", "sequence", "repeated", "corrupt", "histogram", *LATER):
        left, right = getattr(after.tracks["front"], name), getattr(before.tracks["front"], name)
        assert np.array_equal(left, right), name
    assert np.allclose(after.image_age_s("front"), [0.011, 0.022, 0.302, 0.014])


def test_it_is_an_arrow_file_that_any_reader_opens(tmp_path: Path) -> None:
    write_sidecar(tmp_path / "a", sidecar())
    read = pa.ipc.open_file(pa.memory_map(str(tmp_path / "a"))).read_all()
    assert read.column_names == [
        "due",
        "started",
        "lateness_s",
        "missed",
        "measured",
        "bus_s",
        "retries",
        "requested",
        "source",
        "velocity",
        "effort",
        "bus.timeouts",
        "bus.corrupt",
        "bus.strays",
        "bus.drained_bytes",
        "bus.alerts",
        "front.captured_at",
        "front.sequence",
        "front.repeated",
        "front.corrupt",
        "front.unchanged",
        "front.blank",
    ]
    assert read["requested"].to_pylist()[1] == [2.0, 3.0]


def test_motion_that_no_arm_measures_is_not_stored(tmp_path: Path) -> None:
    unmeasured = np.full((4, 2), np.nan, np.float32)
    before = sidecar()
    silent = FrameColumns({**before.frames.values, "velocity": unmeasured, "effort": unmeasured})
    write_sidecar(tmp_path / "a", replace(before, frames=silent))
    assert "velocity" not in StoredSidecar.load(tmp_path / "a").table.column_names
    after = read_sidecar(tmp_path / "a", (CAMERA,))
    np.testing.assert_array_equal(after.frames.velocity, unmeasured)
    np.testing.assert_array_equal(after.frames.effort, unmeasured)


def test_health_is_one_line() -> None:
    assert json.loads(health_line(3, sidecar())) == {
        "episode_index": 3,
        "rows": 4,
        "salvaged": False,
        "missed": 1,
        "unmeasured": 1,
        "retries": 3,
        "bus": {"timeouts": 30, "corrupt": 34, "strays": 38, "drained_bytes": 42, "alerts": 46},
        "lateness_s": {"p50": 0.002, "p99": 0.00394, "max": 0.004},
        "cameras": {
            "front": {
                "repeated": 1,
                "corrupt": 1,
                "max_image_age_s": 0.302,
                "fps": None,  # of so short a take
                "unchanged": 1,
                "longest_unchanged_s": 0.023333,
                "blank": 1,
            }
        },
        "same_views": [],
    }
    assert health_line(3, sidecar()).endswith(b"}\n")


def test_what_an_older_recording_lacks_stays_unknown(tmp_path: Path) -> None:
    before = sidecar()
    track = replace(before.tracks["front"], unchanged=None, blank=None)
    write_sidecar(tmp_path / "a", replace(before, tracks={"front": track}))
    after = read_sidecar(tmp_path / "a", (CAMERA,))
    assert after.tracks["front"].unchanged is None
    health = health_of(after)["cameras"]["front"]
    assert [health[name] for name in (*LATER, "longest_unchanged_s")] == [None] * 3
    assert StoredSidecar.load(tmp_path / "a").cut(range(1, 3), {"front": track.histogram})


def test_an_older_recording_does_not_say_who_drove(tmp_path: Path) -> None:
    write_sidecar(tmp_path / "a", sidecar())
    stored = StoredSidecar.load(tmp_path / "a")
    older = replace(stored, table=stored.table.drop_columns(["source"])).parsed((CAMERA,))
    assert "source" not in older.frames.values
    assert older.frames.requested.shape == (4, 2)
    assert "drove" not in health_of(older)


def test_the_first_row_of_a_cut_compares_with_nothing(tmp_path: Path) -> None:
    write_sidecar(tmp_path / "a", sidecar())
    stored = StoredSidecar.load(tmp_path / "a")
    cut = stored.cut(range(1, 4), {}).cut(range(3), {"front": np.zeros((3, 256), np.int64)})
    track = cut.parsed((CAMERA,)).tracks["front"]
    assert track.unchanged is not None
    assert track.unchanged.tolist() == [False, False, False]


def test_a_camera_that_is_not_in_it_is_said(tmp_path: Path) -> None:
    write_sidecar(tmp_path / "a", sidecar())
    for path, cameras in (
        (tmp_path / "a", (CameraSpec("wrist", 160, 120),)),
        (tmp_path / "missing", (CAMERA,)),
    ):
        with pytest.raises(DatasetError, match="cannot be read"):
            read_sidecar(path, cameras)
