import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lerecord.cli import main
from lerecord.config import load_config

SO101 = (
    *("hardware", "new", "bench", "--kind", "so101", "--leader", "/dev/a", "--follower", "/dev/b"),
    *("--camera", "front=/dev/video0"),
)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in an empty folder; its status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_LEROBOT_CALIBRATION", str(tmp_path / "calibrations"))

    def run(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr("sys.argv", ["lerecord", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_a_new_rig_gets_a_config_with_comments(run: Any, tmp_path: Path) -> None:
    status, out, _ = run(*SO101)
    assert not status
    path = tmp_path / "hardware_configs" / "bench.toml"
    config = load_config(path)
    pair = config.arms["main"]
    leader = pair.roles["leader"]
    assert (leader.port, pair.follower.port) == ("/dev/a", "/dev/b")
    assert (leader.driver, leader.calibration) == ("so101", "bench_leader")
    assert {name: each.device for name, each in config.cameras.items()} == {"front": "/dev/video0"}
    text = path.read_text("utf-8")
    assert text.startswith(
        "# The rig bench: so101 arms, as `lerecord hardware new` has found them."
    )
    assert "Copy this file" not in text  # which the template says
    assert "# units a second that a follower is ever told to move" in text
    assert "lerecord calibrate leader --hardware bench" in out


def test_a_rig_without_a_camera_is_told_how_to_get_one(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lerecord.cli.hardware_session.camera_devices", list)
    status, out, _ = run(*SO101[: SO101.index("--camera")])
    assert not status
    assert "No camera is plugged in, and the rig has none." in out
    path = tmp_path / "hardware_configs" / "bench.toml"
    table = "".join(
        line for line in out.splitlines(True) if line.startswith("  ") and "`" not in line
    )
    path.write_text(path.read_text("utf-8") + table, encoding="utf-8")  # as it says
    assert load_config(path).cameras["front"].width == 640


def test_a_config_is_never_written_over(run: Any, tmp_path: Path) -> None:
    run(*SO101)
    path = tmp_path / "hardware_configs" / "bench.toml"
    before = path.read_bytes()
    status, _, err = run(*SO101)
    assert status == 2
    assert "There is a hardware_configs/bench.toml already" in err
    assert path.read_bytes() == before


def test_a_config_is_shown_as_toml_and_json(run: Any) -> None:
    _, text, _ = run("hardware", "show", "sim_so101")
    _, document, _ = run("hardware", "show", "sim_so101", "--json")
    shown, told = tomllib.loads(text), json.loads(document)["config"]
    assert shown["arms"] == told["arms"]
    assert shown["safety"] == told["safety"]
    assert shown["safety"]["max_speed"] == 400.0


def test_a_calibration_that_is_missing_is_named(run: Any) -> None:
    run(*SO101)
    status, _, err = run("hardware", "check", "bench")
    assert status == 2
    assert "There is no calibration 'bench_leader'" in err
    assert "lerecord calibrate" in err
    assert run("hardware", "check", "sim")[0] in (None, 0)
