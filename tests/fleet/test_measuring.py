"""Statistics of a fleet: those of all frames at once, taken once."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lerecord.dataset.format import layout
from lerecord.dataset.join import merge
from lerecord.dataset.read import stored_at
from lerecord.dataset.v30 import export_v30
from lerecord.fleet import Engine, FleetStats, HowToWork, State, statistics
from lerecord.fleet.distribution import Distribution
from lerecord.fleet.tally import Tally, tally_of
from tests.dataset.lists import A, small_lab, stage

ALONE = HowToWork(Engine(workers=1))
BOXES = ("one/box", "two/box", "two/cup")


def column(folder: Path, key: str) -> np.ndarray:
    found = []
    for each in BOXES:
        stored = stored_at(folder / each)
        for record in stored.episodes():
            found += stored.files.frames(record.index, [key])[key].to_pylist()
    return np.array(found).reshape(len(found), -1)


def same(left: FleetStats, right: FleetStats) -> bool:
    data = [[each.to_data() for each in rig.features.values()] for rig in left.rigs]
    return data == [[each.to_data() for each in rig.features.values()] for rig in right.rigs]


def test_they_are_what_numpy_says_of_all_frames(
    stations: Path, state: State, tmp_path: Path
) -> None:
    found = statistics([stations], state, ALONE)
    (rig,) = found.rigs
    assert (rig.rig, rig.episodes, rig.frames, found.read, found.left) == ("koch", 8, 41, 8, 0)
    assert not {"index", "episode_index", "task_index"} & rig.features.keys()
    for key in ("observation.state", "action", "timestamp", "frame_index"):
        values, data = column(stations, key).astype(np.float64), rig.features[key].to_data()
        assert data["min"] == values.min(axis=0).tolist()
        assert data["max"] == values.max(axis=0).tolist()
        assert data["count"] == [41]
        np.testing.assert_allclose(data["mean"], values.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(data["std"], values.std(axis=0), rtol=1e-9, atol=1e-12)
        for name, share in (("q01", 0.01), ("q50", 0.5), ("q90", 0.9)):
            assert data[name] == np.quantile(values, share, axis=0).tolist(), (key, name)
    merge(tmp_path / "merged", [stations / each for each in BOXES])
    export_v30(tmp_path / "merged", tmp_path / "v3.0")
    one = statistics([tmp_path / "v3.0"], state, ALONE)
    assert same(found, one)
    stored = json.loads((tmp_path / "v3.0" / layout.STATS).read_bytes())
    for key, full in rig.features.items():
        data = full.to_data()
        for name, value in data.items():
            if name in ("mean", "std"):
                np.testing.assert_allclose(value, stored[key][name], rtol=1e-9, atol=1e-12)
            else:
                assert value == stored[key][name], (key, name)


def test_what_has_not_changed_is_not_read_again(
    stations: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = statistics([stations], state, ALONE)
    shutil.rmtree(stations / "one/box/data")
    again = statistics([stations], state, ALONE)
    assert (again.read, same(first, again)) == (0, True)
    lab = small_lab(stations / "two/cup")
    with lab.open() as writer:
        writer.commit(stage(lab, writer, A))
    dry = statistics([stations], state, replace(ALONE, dry_run=True))
    assert (dry.read, dry.left, len(dry.rigs[0].datasets)) == (0, 3, 2)
    more = statistics([stations], state, ALONE)
    assert (more.read, more.rigs[0].frames) == (3, 47)


def test_rigs_are_counted_apart_and_what_cannot_be_read_is_named(
    stations: Path, state: State
) -> None:
    path = stations / "two/cup" / layout.INFO
    path.write_bytes(path.read_bytes().replace(b'"robot_type": "koch"', b'"robot_type": "so101"'))
    (stations / "two/box" / layout.data_file(1)).unlink()
    (stations / "one/torn/.lerecord").mkdir(parents=True)
    found = statistics([stations], state, ALONE)
    assert [(rig.rig, rig.episodes) for rig in found.rigs] == [("koch", 3), ("so101", 2)]
    assert sorted(each.place.name for each in found.troubles) == ["box", "torn"]
    assert any("episode_000001.parquet" in each.reason for each in found.troubles)
    assert (found.read, found.left) == (5, 3)


def test_images_whose_histograms_are_lost_are_decoded(stations: Path, state: State) -> None:
    whole = statistics([stations / "one/box"], state, ALONE)
    shutil.rmtree(stations / "two/box/capture")
    decoded = statistics([stations / "two/box"], state, ALONE)
    for key in ("observation.images.front", "observation.images.wrist"):
        kept, seen = (each.rigs[0].features[key].to_data() for each in (whole, decoded))
        assert kept["count"] == seen["count"]
        np.testing.assert_allclose(kept["mean"], seen["mean"], atol=0.02)


def test_a_tally_survives_the_disk(stations: Path, tmp_path: Path) -> None:
    tally = tally_of(stored_at(stations / "two/cup"), 1)
    tally.save(tmp_path / "part.npz")
    again = Tally.load(tmp_path / "part.npz")
    assert (again.episodes, again.frames) == (1, 6)
    kept, seen = (each.statistics() for each in (tally, again))
    assert {key: each.to_data() for key, each in kept.items()} == {
        key: each.to_data() for key, each in seen.items()
    }


@pytest.mark.parametrize("count", [1, 2, 7, 32])
def test_of_many_parts_few_are_in_memory(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [
        Tally(
            1,
            3,
            {"x": [Distribution.of(np.array([number, number // 2, 3.0]))]},
            {"c": np.full((3, 256), number)},
        )
        for number in range(count)
    ]
    due, joined, at_once = Tally.joined(parts), Tally.joined, []

    def counting(some: Sequence[Tally]) -> Tally:
        at_once.append(len(some))
        return joined(some)

    monkeypatch.setattr(Tally, "joined", counting)
    found = Tally.of_all(iter(parts))
    assert max(at_once) <= 3
    assert (found.episodes, found.frames) == (count, 3 * count)
    (left,), (right,) = found.vectors["x"], due.vectors["x"]
    assert left.values.tolist() == right.values.tolist()
    assert left.counts.tolist() == right.counts.tolist()
    assert found.images["c"].tolist() == due.images["c"].tolist()
