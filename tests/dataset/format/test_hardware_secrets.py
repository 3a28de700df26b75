"""Older datasets may hold a password in a camera's address."""

import json
from pathlib import Path
from typing import Any

import pytest

from lerecord.dataset.format import layout, secret_places, without_secret_places
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from tests.dataset.lists import A, record


def hardware(device: str) -> dict[str, Any]:
    return {
        "config": {"cameras": {"front": {"device": device}, "wrist": {"device": "/dev/video0"}}}
    }


def test_a_password_is_found_and_taken_out() -> None:
    data = json.dumps(hardware("rtsp://me:hunter2@cam/1?token=hunter3&x=1")).encode()
    assert secret_places(data) == ["config.cameras.front.device"]
    cleaned = without_secret_places(data)
    assert json.loads(cleaned) == hardware("rtsp://cam/1?token=***&x=1")
    assert secret_places(cleaned) == []
    assert without_secret_places(cleaned) is cleaned


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"hardware\.json"):
        secret_places(b"[]")


def test_a_check_says_where_a_password_is(tmp_path: Path) -> None:
    root = record(tmp_path / "set", [A])
    path = root / layout.HARDWARE
    assert "password" not in str(check(root, quick=True).remarks)
    data = json.loads(path.read_bytes())
    data["config"] = hardware("rtsp://me:hunter2@cam/1")["config"]
    path.write_text(json.dumps(data))
    report = check(root, quick=True)
    assert report.findings == []
    (remark,) = [str(each) for each in report.remarks if "password" in str(each)]
    assert remark == (
        "meta/hardware.json holds a user name, password or token in config.cameras.front.device; "
        "a push leaves it out, a copy of the folder does not. Delete it there, and change it if "
        "the dataset was shared."
    )
