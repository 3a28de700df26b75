from pathlib import Path
from unittest import mock

import pytest

from lerecord.cli import app
from lerecord.cli.record_options import RecordOptions

SHARED = ["--hardware", "sim", "--episode-time", "5", "--reset-time", "0", "--seed", "3"]
SHARED += ["--accept-calibration", "--accept-drift", "--write-calibration", "--trust-rig"]
SHARED += ["--no-sound", "--json"]


def options(arguments: list[str]) -> RecordOptions:
    """What a recording command passes on."""
    with (
        mock.patch("lerecord.cli.recording_session.record", return_value=0) as record,
        mock.patch("lerecord.hub.session_push", return_value=None),
    ):
        app(arguments, standalone_mode=False)
    given: RecordOptions = record.call_args.args[0]
    return given


@pytest.mark.parametrize("command", ["record", "rerecord"])
def test_recording_commands_take_the_same_options(command: str, tmp_path: Path) -> None:
    own = {
        "record": ["--episodes", "2"],
        "rerecord": [str(tmp_path), "1", "4"],
    }[command]
    expected = RecordOptions(
        hardware="sim",
        dataset=None if command == "record" else tmp_path,
        episode_time=5.0,
        reset_time=0.0,
        seed=3,
        accept_calibration=True,
        accept_drift=True,
        write_calibration=True,
        trust_rig=True,
        preview=False,
        sound=False,
        as_json=True,
        task="a",
        episodes=2 if command == "record" else None,
        rerecord=() if command == "record" else (1, 4),
    )
    assert options([command, *own, "--task", "a", *SHARED]) == expected


def test_what_is_not_said_has_its_default() -> None:
    assert options(["record", "--task", "a"]) == RecordOptions(task="a")
