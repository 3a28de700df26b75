"""Datasets with the columns of rollouts: who acted, and what the policy wanted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lerecord.control import Driver
from lerecord.dataset.edit import operations
from lerecord.dataset.format import EpisodeColumns, Info, episode_table, layout
from lerecord.dataset.join import MultiDataset, merge
from lerecord.dataset.read import Dataset
from lerecord.dataset.v30 import export_v30, import_v30
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from lerecord.frame import Frame
from tests.dataset.conftest import Lab
from tests.dataset.lists import CAMERAS, small_lab

POLICY, PERSON, NOBODY = Driver.POLICY, Driver.CORRECTION, Driver.NOBODY
DRIVERS = (POLICY, POLICY, NOBODY, PERSON, PERSON, POLICY)
SAID = np.arange(3, dtype=np.float32)


class Rollouts(Lab):
    """Records what several drivers do, one frame each."""

    drivers: Sequence[Driver] = DRIVERS
    _at = 0

    def _frame(self, *given: Any, **named: Any) -> Frame:
        driver = self.drivers[self._at % len(self.drivers)]
        self._at += 1
        frame = super()._frame(*given, **named)
        said = SAID + self._at if driver is POLICY else None
        after_s = 0.1 * self._at if driver is POLICY else None
        return replace(frame, source=driver, policy_action=said, policy_latency_s=after_s)


def rollouts(root: Path, drivers: Sequence[Driver] = DRIVERS) -> Rollouts:
    lab = Rollouts(root)
    lab.spec = replace(small_lab(root).spec, cameras=CAMERAS[:1], rollouts=True)
    lab.drivers = drivers
    return lab


def recorded(root: Path, *takes: Sequence[Driver]) -> Path:
    for drivers in takes:
        lab = rollouts(root, drivers)
        with lab.open() as writer:
            lab.record(writer, "a", rows=len(drivers))
    return root


def columns(root: Path, episode: int = 0) -> EpisodeColumns:
    return episode_table.read_episode(root / layout.data_file(episode))


@dataclass(frozen=True)
class Wanted:
    """What stands in the columns of these drivers."""

    drivers: Sequence[Driver]
    first: int = 0

    def require(self, found: EpisodeColumns) -> None:
        said = [driver is POLICY for driver in self.drivers]
        action = [(SAID + self.first + row + 1) * spoke for row, spoke in enumerate(said)]
        assert found.extras["has_policy_action"].tolist() == said
        np.testing.assert_array_equal(found.extras["policy_action"], action)
        assert found.extras["intervention"].tolist() == [
            driver in (PERSON, Driver.LEADER) for driver in self.drivers
        ]


def test_each_frame_says_who_acted_and_what_the_policy_wanted(tmp_path: Path) -> None:
    root = recorded(tmp_path / "set", DRIVERS)
    Wanted(DRIVERS).require(columns(root))
    features = Info.from_bytes((root / layout.INFO).read_bytes()).features
    assert list(features)[-3:] == ["policy_action", "has_policy_action", "intervention"]
    assert features["policy_action"].names == features["action"].names
    assert features["intervention"].dtype == "bool"
    health = json.loads((root / layout.HEALTH).read_text())
    assert health["drove"] == {"policy": 3, "person": 2, "nobody": 1}
    assert health["policy_latency_s"] == {"p50": 0.2, "max": 0.6}
    assert check(root).findings == []


def test_demonstrations_in_such_a_dataset_are_a_persons(tmp_path: Path) -> None:
    root = recorded(tmp_path / "set", DRIVERS)
    lab = rollouts(root, [Driver.LEADER])
    lab.spec = replace(lab.spec, rollouts=False)  # as `lerecord record` has it
    with lab.open() as writer:
        lab.record(writer, "a", rows=4)
    Wanted([Driver.LEADER] * 4).require(columns(root, 1))
    assert check(root).findings == []


def test_rollouts_do_not_go_into_a_dataset_without_the_columns(tmp_path: Path) -> None:
    lab = rollouts(tmp_path / "set")
    lab.spec = replace(lab.spec, rollouts=False)
    with lab.open() as writer:
        lab.record(writer, "a", rows=4)
    assert columns(tmp_path / "set").extras == {}
    with pytest.raises(DatasetError, match="no columns for what a policy does"):
        rollouts(tmp_path / "set").open()


def test_every_edit_keeps_the_columns(tmp_path: Path) -> None:
    root = recorded(tmp_path / "set", DRIVERS, DRIVERS[::-1], DRIVERS[1:])
    operations.trim(root, 0, 1 / 30, 5 / 30)
    Wanted(DRIVERS[1:5], first=1).require(columns(root))
    operations.delete(root, [1])
    Wanted(DRIVERS[1:]).require(columns(root, 1))
    operations.undo(root)
    Wanted(DRIVERS[::-1]).require(columns(root, 1))
    assert check(root).findings == []


def test_the_columns_go_to_version_3_and_back(tmp_path: Path) -> None:
    root = recorded(tmp_path / "set", DRIVERS, DRIVERS[::-1])
    export_v30(root, tmp_path / "out")
    import_v30(tmp_path / "out", tmp_path / "back")
    for episode in range(2):
        before, after = columns(root, episode), columns(tmp_path / "back", episode)
        for name, column in before.extras.items():
            np.testing.assert_array_equal(after.extras[name], column)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_demonstrations_merge_with_rollouts_as_a_persons(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    roots = [recorded(tmp_path / "rollouts", DRIVERS), tmp_path / "demonstrations"]
    lab = rollouts(roots[1], [Driver.LEADER])
    lab.spec = replace(lab.spec, rollouts=False)
    with lab.open() as writer:
        lab.record(writer, "b", rows=4)
    merged = tmp_path / "merged"
    merge(merged, [roots[each] for each in order])
    Wanted(DRIVERS).require(columns(merged, order.index(0)))
    Wanted([Driver.LEADER] * 4).require(columns(merged, order.index(1)))
    assert check(merged).findings == []
    corrections = Dataset(merged).only("corrections")
    assert len(corrections) == 4 + DRIVERS.count(PERSON)
    assert [each["intervention"] for each in corrections] == [True] * len(corrections)
    assert len(Dataset(merged).only("policy")) == DRIVERS.count(POLICY)
    with pytest.raises(DatasetError, match="does not say who acts"):
        Dataset(roots[1]).only("policy")
    with pytest.raises(DatasetError, match="merge them"):
        MultiDataset(roots)
