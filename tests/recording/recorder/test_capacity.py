import pytest

from lerecord.recording.recorder.capacity import cores, shortage


def test_a_machine_that_keeps_up_is_not_spoken_of() -> None:
    assert shortage({}, 30, 2) is None
    assert shortage({"front": 0.005, "wrist": 0.005}, 30, 2) is None


def test_too_few_cores_are_told_with_what_helps() -> None:
    said = shortage({f"camera_{number}": 0.005 for number in range(8)}, 60, 2)
    assert said is not None
    assert said.startswith("Encoding 480 images a second needs 2.4 of the 2 cores")
    assert 'set profile = "fast" under [video]' in said


def test_one_camera_that_no_core_keeps_up_with_is_named() -> None:
    said = shortage({"front": 0.04, "wrist": 0.004}, 30, 8)
    assert said is not None
    assert said.startswith(
        "Encoding an image of camera front takes 40 ms, and one comes every 33 ms"
    )


@pytest.mark.parametrize(("needed", "short"), [(0.84, False), (0.86, True)])
def test_some_of_a_core_is_left_to_the_rest_of_the_recorder(needed: float, short: bool) -> None:
    cameras = {"front": needed / 2 / 30, "wrist": needed / 2 / 30}
    assert (shortage(cameras, 30, 1) is not None) == short


def test_there_is_a_core() -> None:
    assert cores() >= 1
