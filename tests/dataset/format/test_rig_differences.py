"""Whether the followers of a dataset are those at hand."""

from typing import Any

import pytest

from lerecord.dataset.format import DatasetSpec, HardwareRecord, follower_differences


def rig(units: str = "degrees", fps: int = 30, **follower: Any) -> DatasetSpec:
    told = {"ids": [1], "homing_offset": 0, "leader_ids": [1]} | follower
    hardware = HardwareRecord.of(
        config={},
        identity={
            "arms": {
                "main": {
                    "leader": {"ids": told["leader_ids"]},
                    "follower": {"ids": told["ids"]},
                }
            }
        },
        calibration={"main": {"follower": {"pan": {"homing_offset": told["homing_offset"]}}}},
        simulated=False,
    )
    return DatasetSpec("koch", fps, units, ("pan.pos",), (), hardware=hardware)


@pytest.mark.parametrize("same", [{}, {"fps": 50}, {"leader_ids": [7]}])
def test_another_rate_or_leader_replays_the_same(same: dict[str, Any]) -> None:
    assert follower_differences(rig(**same), rig()) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"units": "normalized"}, "units is normalized here and degrees in the dataset"),
        ({"ids": [2]}, "arms.main.follower.ids is [2] here and [1] in the dataset"),
        (
            {"homing_offset": 5},
            "calibration.main.follower.pan.homing_offset is 5 here and 0 in the dataset",
        ),
    ],
)
def test_another_follower_does_not(other: dict[str, Any], told: str) -> None:
    assert follower_differences(rig(**other), rig()) == [told]
