import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lerecord.arms import calibration
from lerecord.arms.calibration import JointCalibration
from lerecord.arms.koch import Follower
from lerecord.errors import ConfigError

MOTORS = Follower.motors


def content() -> dict[str, Any]:
    return {
        motor.name: {
            "id": motor.id,
            "drive_mode": 0,
            "homing_offset": -7 * motor.id,
            "range_min": 100 + motor.id,
            "range_max": 3000,
        }
        for motor in MOTORS
    }


def test_a_file_is_read_in_the_order_of_the_arm(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(dict(reversed(content().items()))))
    read = calibration.load(path, MOTORS)
    assert list(read.joints) == [motor.name for motor in MOTORS]
    assert read.joints["elbow_flex"] == JointCalibration(3, 0, -21, 103, 3000)
    assert read.source == str(path)
    assert read.as_mapping() == content()


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "a.json"
    saved = calibration.parse(content(), MOTORS, "here")
    saved.save(path)
    assert calibration.load(path, MOTORS).joints == saved.joints
    assert json.loads(path.read_text()) == content()


def change(joint: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data[joint].update(values)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data.pop("wrist_roll"), "lacks the joint wrist_roll"),
        (lambda data: data.update(wrist_yaw=data["gripper"]), "a joint 'wrist_yaw'"),
        (change("gripper", id=7), "of gripper .* id 7, and this arm's has id 6"),
        (change("gripper", range_min=3000), "of gripper .* range_min of 3000"),
        (change("gripper", range_min=3001), "of gripper .* range_min of 3001"),
        (change("gripper", range_min=-1), "of gripper ranges from -1"),
        (change("gripper", range_max=4096), "of gripper ranges from 106 to 4096"),
        (change("gripper", drive_mode=2), "of gripper .* drive_mode 2"),
        (change("gripper", homing_offset=2_000_000), "of gripper .* homing_offset of 2000000"),
        (change("gripper", homing_offset=1.5), "of gripper has no whole number homing_offset"),
        (change("gripper", homing_offset="1"), "of gripper has no whole number homing_offset"),
        (change("gripper", homing_offset=True), "of gripper has no whole number homing_offset"),
        (lambda data: data["gripper"].pop("id"), "of gripper has no whole number id"),
        (lambda data: data.update(gripper=5), "of gripper has no whole number id"),
    ],
)
def test_what_does_not_fit_the_arm_is_refused_by_file_and_joint(
    tmp_path: Path, damage: Callable[[dict[str, Any]], None], words: str
) -> None:
    data = content()
    damage(data)
    path = tmp_path / "lab7.json"
    path.write_text(json.dumps(data))
    with pytest.raises(ConfigError, match=f"lab7.json.*{words}") as caught:
        calibration.load(path, MOTORS)
    assert str(caught.value).endswith(".")


def test_what_is_no_calibration_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lab7.json"
    with pytest.raises(ConfigError, match=r"lab7.json cannot be read \(No such file"):
        calibration.load(path, MOTORS)
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"lab7.json is not valid JSON"):
        calibration.load(path, MOTORS)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"lab7.json is not valid JSON"):
        calibration.load(path, MOTORS)
    path.write_text("[]")
    with pytest.raises(ConfigError, match=r"lab7.json is not a table of joints"):
        calibration.load(path, MOTORS)


def test_a_json_file_is_relative_to_the_config(tmp_path: Path) -> None:
    (tmp_path / "calibration").mkdir()
    path = tmp_path / "calibration" / "a.json"
    path.touch()
    assert calibration.find("calibration/a.json", tmp_path, (), {}) == path
    assert calibration.find(str(path), Path("/elsewhere"), (), {}) == path


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HF_LEROBOT_CALIBRATION": "{0}/x", "HF_LEROBOT_HOME": "{0}/no"}, "x"),
        ({"HF_LEROBOT_HOME": "{0}/home", "HF_HOME": "{0}/no"}, "home/calibration"),
        ({"HF_HOME": "{0}/hf", "XDG_CACHE_HOME": "{0}/no"}, "hf/lerobot/calibration"),
        ({"XDG_CACHE_HOME": "{0}/c"}, "c/huggingface/lerobot/calibration"),
    ],
)
def test_an_id_is_looked_up_where_lerobot_keeps_it(
    tmp_path: Path, environ: dict[str, str], folder: str
) -> None:
    environ = {key: value.format(tmp_path) for key, value in environ.items()}
    path = tmp_path / folder / "robots" / "koch_follower" / "lab7.json"
    path.parent.mkdir(parents=True)
    path.touch()
    assert calibration.find("lab7", Path(), Follower.calibration_names, environ) == path


def test_without_any_setting_the_cache_of_the_home_folder_is_meant() -> None:
    home = Path("~/.cache/huggingface/lerobot/calibration").expanduser()
    assert calibration.lerobot_folder({}) == home


def test_names_of_both_generations_are_looked_at_in_order(tmp_path: Path) -> None:
    names = ("robots/so_follower", "robots/so101_follower")
    environ = {"HF_LEROBOT_CALIBRATION": str(tmp_path)}
    with pytest.raises(ConfigError) as caught:
        calibration.find("lab7", Path(), names, environ)
    sentence = str(caught.value)
    assert sentence.index(f"{tmp_path}/{names[0]}/lab7.json") < sentence.index(
        f"{tmp_path}/{names[1]}/lab7.json"
    )
    for name in reversed(names):
        path = tmp_path / name / "lab7.json"
        path.parent.mkdir(parents=True)
        path.touch()
        assert calibration.find("lab7", Path(), names, environ) == path
