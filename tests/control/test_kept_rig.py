import json
from pathlib import Path
from typing import Any

import pytest

from lerecord.control import Rig, Setup, dataset_spec
from lerecord.control.kept_rig import KeptRig
from lerecord.errors import ConfigError, DatasetError, LerecordError
from tests.live import SETUP, SIM


def dataset(root: Path, **changes: dict[str, Any]) -> Path:
    """A folder that keeps the simulated rig, with other values in tables of its config."""
    kept = json.loads(
        json.dumps(dataset_spec(SETUP, Rig(SETUP.config, SETUP.calibrations)).hardware.entries)
    )
    for table, values in changes.items():
        kept["config"][table] |= values
    (root / "meta").mkdir(parents=True)
    (root / "meta" / "hardware.json").write_text(json.dumps(kept), encoding="utf-8")
    return root


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without hardware configs."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def local(folder: Path, old: str, new: str) -> None:
    text = SIM.read_text(encoding="utf-8")
    assert old in text
    (folder / "hardware_configs").mkdir()
    (folder / "hardware_configs" / "mine.toml").write_text(text.replace(old, new), encoding="utf-8")


def test_the_rig_of_a_dataset_is_known_where_a_config_of_this_machine_is_the_same(
    tmp_path: Path,
) -> None:
    setup = Setup.resolve(None, dataset(tmp_path / "box"))
    assert setup.kept is not None
    assert setup.kept.is_local
    assert setup.config == SETUP.config
    assert setup.calibrations.keys() == SETUP.calibrations.keys()


CHANGES: list[dict[str, Any]] = [
    {"safety": {"max_speed": 401.0}},
    {"cameras": {"front": {"device": "http://10.0.0.7/", "width": 640, "height": 480, "fps": 30}}},
    {"simulator": {"start": False}},
    {"quality": {"max_silence_s": 2.0}},
]


@pytest.mark.parametrize("changed", CHANGES, ids=[next(iter(each)) for each in CHANGES])
def test_any_other_rig_is_refused_when_nobody_is_there_and_shown_when_somebody_is(
    tmp_path: Path, changed: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    kept = KeptRig.read(dataset(tmp_path / "box", **changed))
    assert not kept.is_local
    with pytest.raises(ConfigError, match=r"main leader: koch on sim:leader.*--trust-rig") as told:
        kept.require_trust(attended=False)
    assert "\n" not in str(told.value)

    kept.require_trust(attended=True, ask=lambda _: "y")
    shown = capsys.readouterr().out
    assert "main follower: koch on sim:follower" in shown
    assert f"max_speed {kept.config.safety.max_speed:g}, ramp_speed 60" in shown


@pytest.mark.parametrize("answer", ["", "n", "maybe"])
def test_a_rig_that_is_shown_is_not_used_without_a_yes(tmp_path: Path, answer: str) -> None:
    kept = KeptRig.read(dataset(tmp_path / "box", safety={"max_speed": 401.0}))
    with pytest.raises(ConfigError, match="The rig was not used"):
        kept.require_trust(attended=True, ask=lambda _: answer)


def test_a_password_is_neither_shown_nor_what_makes_a_rig_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local(Path(), 'device = "sim:front"', 'device = "http://me:secret@cam/video"')
    camera = {"width": 640, "height": 480, "fps": 30}
    cameras = {"front": {"device": "http://cam/video", **camera}}
    kept = KeptRig.read(dataset(tmp_path / "box", cameras=cameras))
    assert kept.is_local
    assert kept.config.cameras["front"].device == "http://me:secret@cam/video"

    cameras["front"]["device"] = "http://you:hidden@other/video"
    kept = KeptRig.read(dataset(tmp_path / "other", cameras=cameras))
    kept.require_trust(attended=True, ask=lambda _: "y")
    shown = capsys.readouterr().out
    assert "camera front: opencv on http://other/video" in shown
    assert "hidden" not in shown


def test_a_dataset_keeps_no_password_and_its_rig_is_used_with_the_local_one(
    tmp_path: Path,
) -> None:
    place = "rtsp://me:secret@cam/video?channel=1&token=secret"
    local(Path(), 'device = "sim:front"', f'device = "{place}"')
    Path("hardware_configs/calibration").symlink_to(SIM.parent / "calibration")
    setup = Setup.resolve("mine", tmp_path / "box")
    spec = dataset_spec(setup, Rig(setup.config, setup.calibrations))
    assert setup.config.cameras["front"].device == place
    assert "secret" not in json.dumps(spec.to_json())

    (tmp_path / "box" / "meta").mkdir(parents=True)
    kept = tmp_path / "box" / "meta" / "hardware.json"
    kept.write_text(json.dumps(dict(spec.hardware.entries)), encoding="utf-8")
    again = Setup.resolve(None, tmp_path / "box")
    assert again.kept is not None
    assert again.kept.is_local
    assert again.config.cameras["front"].device == place


def test_a_config_that_came_with_the_dataset_is_none_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = dataset(tmp_path / "box", safety={"max_speed": 401.0})
    local(root, "[simulator]", "[safety]\nmax_speed = 401.0\n\n[simulator]")
    monkeypatch.chdir(root)
    assert not KeptRig.read(Path()).is_local


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ("[]", "object"),
        ("{}", "holds no hardware config"),
        ('{"config": {}}', "the key 'robot_type' is missing"),
        (None, "has no calibration of the main leader"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path: Path, content: str | None, told: str) -> None:
    root = dataset(tmp_path / "box")
    path = root / "meta" / "hardware.json"
    if content is None:
        kept = json.loads(path.read_text(encoding="utf-8"))
        content = json.dumps({**kept, "calibration": {"main": []}})
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LerecordError, match=told) as refused:
        Setup.resolve(None, root)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_of_any_size_is_not_read(tmp_path: Path) -> None:
    root = dataset(tmp_path / "box")
    with (root / "meta" / "hardware.json").open("r+b") as file:
        file.truncate(40 << 20)
    with pytest.raises(DatasetError, match="has 40 MB, and at most 32 MB are read"):
        KeptRig.read(root)
