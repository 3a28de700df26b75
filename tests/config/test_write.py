from pathlib import Path

import pytest

from lerecord.config import ConfigFile, load_config
from lerecord.errors import ConfigError

SIM = Path(__file__).parents[2] / "hardware_configs" / "sim.toml"


def test_what_is_not_changed_stays_to_the_byte(tmp_path: Path) -> None:
    file = ConfigFile(SIM)
    file.write(tmp_path / "rig.toml")
    assert (tmp_path / "rig.toml").read_bytes() == SIM.read_bytes()


def test_a_changed_key_keeps_its_line_and_all_comments(tmp_path: Path) -> None:
    file = ConfigFile(SIM)
    file.put(("arms", "main", "leader", "port"), '/dev/tty "A"')
    file.put(("simulator", "start"), value=False)
    before, after = SIM.read_text(encoding="utf-8").splitlines(), file.text.splitlines()
    added = after.index("start = false")
    assert after[added - 1].startswith("[simulator] #")
    assert [line for line in after if line not in before] == [
        "start = false",
        'port = "/dev/tty \\"A\\""',
    ]
    file.write(tmp_path / "rig.toml")
    assert load_config(tmp_path / "rig.toml").arms["main"].roles["leader"].port == '/dev/tty "A"'


def test_tables_are_added_and_dropped() -> None:
    file = ConfigFile(SIM)
    camera = {"device": "/dev/video0", "width": 640, "height": 480, "fps": 30}
    file.drop(("cameras", "front"))
    file.put(("cameras", "top"), camera)
    file.put(("safety", "max_speed"), 100.0)
    file.drop(("video", "codec"))
    assert list(file.config.cameras) == ["wrist", "top"]
    assert file.config.safety.max_speed == 100.0
    file.drop(("cameras",))
    assert file.config.cameras == {}
    assert "[cameras" not in file.text
    file.put(("cameras", "top"), camera)
    assert '[cameras.top]\ndevice = "/dev/video0"\n' in file.text


def test_no_config_is_written_that_would_not_load(tmp_path: Path) -> None:
    target = tmp_path / "rig.toml"
    target.write_text("mine", encoding="utf-8")
    file = ConfigFile(SIM)
    file.put(("fps",), 0)
    with pytest.raises(ConfigError, match="fps at the top level is 0"):
        file.write(target)
    assert [each.name for each in tmp_path.iterdir()] == ["rig.toml"]
    assert target.read_text(encoding="utf-8") == "mine"


def test_what_cannot_be_written_or_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rig\.toml cannot be written \(No such file"):
        ConfigFile(SIM).write(tmp_path / "missing" / "rig.toml")
    (tmp_path / "torn.toml").write_text("fps = ", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"torn\.toml is not valid TOML"):
        ConfigFile(tmp_path / "torn.toml")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    link = tmp_path / "rig.toml"
    link.symlink_to(tmp_path / "shared.toml")
    ConfigFile(SIM).write(link)
    assert link.is_symlink()
    assert (tmp_path / "shared.toml").read_bytes() == SIM.read_bytes()
