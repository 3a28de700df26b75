import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import Sidecar, episode_table, layout, read_sidecar
from lerecord.dataset.verify import check
from lerecord.dataset.video import pictures_of
from lerecord.errors import DatasetError

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab


@pytest.fixture
def recorded(lab: "Lab") -> Path:
    with lab.open() as writer:
        lab.record(writer, "a", rows=5)
        lab.record(writer, "b", rows=20, missed_before={6: 2}, show=lambda camera, row: row // 2)
        lab.record(writer, "a", rows=4)
    return lab.root


@pytest.mark.parametrize(
    ("start_s", "end_s", "rows"),
    [
        (0.1, 0.5, range(3, 15)),
        (None, 0.4, range(12)),
        (0.3, None, range(9, 22)),
        (2 / 15, 11 / 15, range(4, 22)),
        (0.05, 0.31, range(2, 10)),
        (0.2, 0.6, range(8, 18)),  # frames 6 and 7 repeat frame 5, which is cut away
    ],
)
def test_what_remains_is_what_was_there(
    recorded: Path, lab: "Lab", start_s: float | None, end_s: float | None, rows: range
) -> None:
    def read() -> tuple[episode_table.EpisodeColumns, Sidecar]:
        return (
            episode_table.read_episode(recorded / layout.data_file(1)),
            read_sidecar(recorded / layout.capture_file(1), lab.spec.cameras),
        )

    columns, sidecar = read()
    pictures = list(pictures_of(recorded / layout.video_file(1, "observation.images.front")))
    edited = operations.trim(recorded, 1, start_s, end_s)
    part, cut = read()
    assert edited.frames == 9 + len(rows)
    assert np.array_equal(part.state, columns.state[rows.start : rows.stop])
    assert np.array_equal(part.action, columns.action[rows.start : rows.stop])
    assert part.timestamp.tolist() == episode_table.timestamps(len(rows), 30).tolist()
    for name in ("due", "started", "bus_s", "missed", "measured", "requested"):
        due = sidecar.frames.values[name][rows.start : rows.stop]
        assert np.array_equal(cut.frames.values[name], due), name
    assert not cut.tracks["front"].repeated[0]
    assert cut.facts["trimmed"] == [rows.start, rows.stop]
    found = list(pictures_of(recorded / layout.video_file(1, "observation.images.front")))
    assert len(found) == len(rows)
    for left, right in list(zip(pictures[rows.start : rows.stop], found, strict=True))[1:]:
        assert np.array_equal(left, right)
    assert check(recorded).findings == []


def test_its_health_and_statistics_are_those_of_what_remains(recorded: Path) -> None:
    operations.trim(recorded, 1, 0.0, 0.5)
    health = [json.loads(line) for line in (recorded / layout.HEALTH).read_text().splitlines()]
    assert [each["rows"] for each in health] == [5, 15, 4]
    assert (health[1]["missed"], health[1]["cameras"]["front"]["repeated"]) == (2, 8)
    lines = (recorded / layout.EPISODES_STATS).read_text().splitlines()
    stats = json.loads(lines[1])["stats"]
    read = episode_table.read_episode(recorded / layout.data_file(1))
    assert np.allclose(stats["action"]["mean"], read.action.astype(float).mean(axis=0))
    pictures = np.stack(
        list(pictures_of(recorded / layout.video_file(1, "observation.images.wrist")))
    )
    due = pictures[..., ::-1].astype(float).mean(axis=(0, 1, 2)) / 255
    assert np.allclose(np.ravel(stats["observation.images.wrist"]["mean"]), due)
    assert stats["observation.images.wrist"]["count"] == [15]


def test_what_a_later_release_keeps_in_the_sidecar_stays(recorded: Path) -> None:
    import pyarrow as pa

    path = recorded / layout.capture_file(1)
    with pa.OSFile(str(path), "rb") as file:
        stored = pa.ipc.open_file(file).read_all()
    with_more = stored.append_column("later", pa.array(range(22)))
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, with_more.schema) as writer:
        writer.write_table(with_more)
    operations.trim(recorded, 1, 0.1, 0.5)
    operations.relabel(recorded, [1], "z")
    with pa.OSFile(str(path), "rb") as file:
        assert pa.ipc.open_file(file).read_all()["later"].to_pylist() == list(range(3, 15))


def test_an_episode_without_a_sidecar_is_trimmed_too(recorded: Path) -> None:
    (recorded / layout.capture_file(1)).unlink()
    health = recorded / layout.HEALTH
    lines = health.read_bytes().splitlines(keepends=True)
    health.write_bytes(lines[0] + lines[2])
    operations.trim(recorded, 1, 0.1, 0.5)
    assert not (recorded / layout.capture_file(1)).exists()
    operations.delete(recorded, [0])
    assert health.read_bytes().count(b"\n") == 1
    assert (recorded / layout.capture_file(1)).exists()
    assert not (recorded / layout.capture_file(0)).exists()
    operations.undo(recorded)
    operations.undo(recorded)
    assert health.read_bytes() == lines[0] + lines[2]


def test_a_video_that_does_not_decode_stops_it_before_anything_is_touched(
    recorded: Path,
) -> None:
    path = recorded / layout.video_file(1, "observation.images.front")
    shutil.copyfile(recorded / layout.video_file(0, "observation.images.front"), path)
    with pytest.raises(DatasetError, match="has 5 images for 22 frames"):
        operations.trim(recorded, 1, 0.1, 0.6)
    assert not (recorded / layout.TRASH).exists()
