"""What cameras did wrong in recordings of ours: remarks, one a kind, and never findings."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lerecord.dataset.format import CameraSpec, HardwareRecord
from lerecord.dataset.verify import check
from tests.dataset.conftest import HARDWARE

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab

ROWS = 40
SAME_SIZE = (CameraSpec("front", 64, 48), CameraSpec("wrist", 64, 48))


@pytest.fixture
def lab(lab: "Lab") -> "Lab":
    """Of real cameras: what they show carries no strip."""
    hardware = HardwareRecord({**HARDWARE, "simulated": False})
    lab.spec = replace(lab.spec, cameras=SAME_SIZE, hardware=hardware)
    return lab


def remarks(lab: "Lab", *takes: dict[str, Any]) -> list[str]:
    with lab.open() as writer:
        for take in takes:
            lab.record(writer, rows=ROWS, **take)
    report = check(lab.root)
    assert report.findings == []
    assert [str(each) for each in check(lab.root, quick=True).remarks] == [
        str(each) for each in report.remarks
    ]
    return [str(each) for each in report.remarks]


def apart(camera: str, row: int) -> int:
    """Another view from each camera."""
    return row + (500 if camera == "wrist" else 0)


def test_a_camera_slower_than_the_loop_is_remarked_once(lab: "Lab") -> None:
    def slow(camera: str, row: int) -> int:
        return apart(camera, row // 3 if camera == "front" else row)

    found = remarks(lab, {"show": apart}, {"show": slow}, {"show": slow})
    assert [each for each in found if "images a second" in each] == [
        "episode 1: Camera front gave 10.0 images a second and 30 are recorded: more light or a "
        "shorter exposure makes most cameras faster. Likewise in 1 more episode."
    ]


def test_missed_slots_are_remarked_once(lab: "Lab") -> None:
    take = {"show": apart, "missed_before": {3: 3, 20: 5}}
    found = [each for each in remarks(lab, take, take) if "The loop missed" in each]
    assert found == [
        "episode 0: The loop missed 8 of 48 slots, each of which repeats the frame before: close "
        "other programs, or lower the fps. Likewise in 1 more episode."
    ]


def test_two_names_of_one_camera_are_remarked(lab: "Lab") -> None:
    assert remarks(lab, {}, {}) == [
        "episode 0: Cameras front and wrist show the same images: give each its own device. "
        "Likewise in 1 more episode."
    ]


def test_images_of_one_shade_are_remarked(lab: "Lab", monkeypatch: pytest.MonkeyPatch) -> None:
    def dark(sequence: int, milliseconds: int, size: tuple[int, int]) -> np.ndarray[Any, Any]:
        return np.full((size[1], size[0], 3), sequence % 3, np.uint8)

    monkeypatch.setattr("tests.dataset.conftest.picture", dark)
    found = remarks(lab, {"show": apart})
    assert [each for each in found if "single shade" in each] == [
        f"episode 0: Camera {name} gave 40 of 40 images in a single shade: check its lens cap and "
        f"its exposure."
        for name in ("front", "wrist")
    ]


def test_the_same_image_for_long_is_remarked(lab: "Lab") -> None:
    found = remarks(lab, {"show": lambda camera, row: 0 if camera == "front" else row})
    assert any(each.startswith("episode 0, camera front") and "old" in each for each in found)
    assert not [each for each in found if "wrist" in each]
