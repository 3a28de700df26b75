import os
from pathlib import Path

import pytest

from lerecord.config import find_config, load_config, parse_config, read_toml
from lerecord.errors import ConfigError

SIM = Path(__file__).parents[2] / "hardware_configs" / "sim.toml"


def written(folder: Path, old: str = "", new: str = "") -> Path:
    text = SIM.read_text(encoding="utf-8")
    assert old in text
    path = folder / "rig.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["sim", "sim_so101", "koch", "so101"])
def test_packaged_configs_are_valid(name: str) -> None:
    loaded = load_config(find_config(name))
    assert loaded.fps == 30
    assert list(loaded.cameras) == ["front", "wrist"]


@pytest.mark.parametrize("name", ["sim_bimanual", "koch_bimanual", "so101_bimanual"])
def test_two_pairs_are_left_and_right_with_three_cameras(name: str) -> None:
    loaded = load_config(find_config(name))
    assert list(loaded.arms) == ["left", "right"]
    assert list(loaded.cameras) == ["front", "left_wrist", "right_wrist"]
    arms = [arm for pair in loaded.arms.values() for arm in pair.roles.values()]
    assert len({arm.port for arm in arms}) == 4


def test_a_name_in_the_working_folder_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "hardware_configs"
    folder.mkdir()
    own = written(folder, "fps = 30", "fps = 60")
    own.rename(folder / "sim.toml")
    monkeypatch.chdir(tmp_path)
    assert load_config(find_config("sim")).fps == 60
    assert load_config(find_config("koch")).fps == 30


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        ConfigError, match=r"no hardware config named 'kuch'; known are koch, koch_bimanual"
    ):
        find_config("kuch")


def test_a_path_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"There is no hardware config rigs/mine\.toml"):
        find_config("rigs/mine.toml")


REFUSALS = [
    (
        "[cameras.front]",
        '[cameras."\\u001b[2J"]',
        r"[cameras.\x1b[2J] has an invalid name; use lower-case letters, digits and _",
    ),
    ("fps = 30", "fpps = 30", "unknown key 'fpps' at the top level; did you mean 'fps'?"),
    ("width", "widht", "unknown key 'widht' in [cameras.front]; did you mean 'width'?"),
    (
        'port = "sim:leader"',
        'prot = "x"',
        "unknown key 'prot' in [arms.main.leader]; did you mean 'port'?",
    ),
    ("[simulator]", "[simulater]", "unknown key 'simulater' at the top level; did you mean 'sim"),
    ("height = 480", "", "the key 'height' is missing in [cameras.front]; add it."),
    ('port = "sim:leader"', "", "the key 'port' is missing in [arms.main.leader]; add it."),
    (
        '"sim:leader"',
        '"sim:leader"\npython = "python"',
        "port in [arms.main.leader] is 'sim:leader': with python it is among the options; move it",
    ),
    ('"sim:leader"', '"sim:leader"\noptions = { id = 1 }', "options are for a driver with python"),
    ("fps = 30", 'fps = "30"', "fps at the top level is '30': input should be a valid integer."),
    ("fps = 30", "fps = 30.0", "fps at the top level is 30.0: input should be a valid integer."),
    ("width = 640", "width = 641", "width in [cameras.front] is 641: input should be a multiple"),
    ('units = "normalized"', 'units = "radians"', "units at the top level is 'radians': input"),
    ("fps = 30", "fps = ", "is not valid TOML"),
    ("[simulator]", "[safety]\nmax_speed = 1e12\n[simulator]", "max_speed in [safety] is 1"),
    ("[simulator]", "[safety]\nramp_speed = inf\n[simulator]", "should be a finite number"),
    ("[simulator]", "[safety]\nalign_tolerance = nan\n[simulator]", "should be a finite number"),
    ("[simulator]", "[quality]\nmax_silence_s = 1e6\n[simulator]", "max_silence_s in [quality]"),
    ("[simulator]", "[simulator]\nseed = -1", "seed in [simulator] is -1"),
    ("width = 640", "width = 65500", "width in [cameras.front] is 65500"),
    ('"sim:leader"', '"sim:leader"\nlimits = { gripper = [-inf, 1e300] }', "limits"),
    ('"sim:leader"', '"sim:leader"\nlimits = { gripper = [0, 1e300] }', "must be within 1000"),
    ('"sim:leader"', '""', "port in [arms.main.leader] is ''"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), REFUSALS, ids=[each[1] for each in REFUSALS])
def test_a_wrong_config_is_refused_in_one_sentence(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    path = written(tmp_path, old, new)
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert str(refused.value).startswith(str(path))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_config_says_why(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.chmod(0)
    with pytest.raises(ConfigError, match="Permission denied"):
        load_config(path)


def test_limits_are_ranges(tmp_path: Path) -> None:
    leader = 'port = "sim:leader"'
    good = written(tmp_path, leader, f"{leader}\nlimits = {{ gripper = [0, 90.0] }}")
    assert load_config(good).arms["main"].roles["leader"].limits == {"gripper": [0, 90.0]}
    bad = written(tmp_path, leader, f"{leader}\nlimits = {{ gripper = [90.0, 0.0] }}")
    with pytest.raises(ConfigError, match=r"limits of gripper must be \[lowest, highest\]"):
        load_config(bad)


def test_faults_are_for_a_simulator_that_the_recorder_starts(tmp_path: Path) -> None:
    good = written(tmp_path, "[simulator]", '[simulator]\nfaults = "faults.toml"')
    simulator = load_config(good).simulator
    assert simulator is not None
    assert simulator.faults == "faults.toml"
    bad = written(tmp_path, "[simulator]", '[simulator]\nstart = false\nfaults = "faults.toml"')
    with pytest.raises(ConfigError, match=r"give them to `lerecord sim --faults` instead\.$"):
        load_config(bad)


def test_simulated_places_are_resolved() -> None:
    reached = load_config(SIM).reached_at(
        {"leader": "/dev/pts/8", "follower": "/dev/pts/9"},
        {"front": "http://a", "wrist": "http://b"},
    )
    assert reached.arms["main"].roles["leader"].port == "/dev/pts/8"
    assert reached.arms["main"].follower.port == "/dev/pts/9"
    assert [camera.device for camera in reached.cameras.values()] == ["http://a", "http://b"]
    with pytest.raises(ConfigError, match=r"no sim:leader; it has sim:other"):
        load_config(SIM).reached_at({"other": "x"}, {})


def test_a_rotated_camera_is_recorded_upright(tmp_path: Path) -> None:
    turned = load_config(written(tmp_path, "width = 640", "rotation = 90\nwidth = 640"))
    assert turned.cameras["front"].recorded_size == (480, 640)
    assert turned.cameras["wrist"].recorded_size == (640, 480)


def test_a_password_in_a_value_is_not_quoted() -> None:
    data = read_toml(SIM)
    data["cameras"]["front"]["device"] = ["http://me:hunter2@cam/v"]
    with pytest.raises(ConfigError, match=r"device in \[cameras\.front\]") as told:
        parse_config(data, "a.toml")
    assert "hunter2" not in str(told.value)
