import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lerecord.cli.dataset_report import check, info, list_episodes
from lerecord.cli.output import Output
from lerecord.dataset.format import layout
from lerecord.dataset.overview import CameraOverview, summary
from lerecord.errors import DatasetError

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab

JSON = Output(as_json=True)


def recorded(lab: "Lab") -> str:
    with lab.open() as writer:
        for task, rows in (("a", 5), ("b", 7), ("a", 6)):
            lab.record(writer, task, rows=rows)
        left = writer.begin_take("c")
        left.close()
    return left.id


def test_a_dataset_in_numbers(lab: "Lab") -> None:
    left = recorded(lab)
    found = summary(lab.root)
    files = sum(path.stat().st_size for path in lab.root.rglob("*") if path.is_file())
    assert found.disk_bytes == files
    assert (found.robot_type, found.fps, found.simulated) == ("koch", 30, True)
    assert (found.episodes, found.frames, found.seconds) == (3, 18, 0.6)
    assert found.tasks == {"a": 2, "b": 1}
    assert found.cameras == (
        CameraOverview("front", 160, 120, "h264"),
        CameraOverview("wrist", 200, 160, "h264"),
    )
    assert found.left_takes == (left,)


def test_info_is_printed(lab: "Lab", capsys: pytest.CaptureFixture[str]) -> None:
    left = recorded(lab)
    info(lab.root, Output())
    *lines, disk, unsaved = capsys.readouterr().out.splitlines()
    assert lines == [
        "format    LeRobot v2.1",
        "robot     koch (simulated)",
        "episodes  3, 18 frames at 30 a second, 0:01",
        "task      2 x a",
        "task      1 x b",
        "camera    front, 160x120, h264",
        "camera    wrist, 200x160, h264",
    ]
    assert disk.startswith("disk      0.")
    assert unsaved == f"unsaved   1 take: {left} (to save it: `lerecord recover {lab.root}`)"
    assert summary(lab.root).unreadable_takes == ()
    (layout.take_folder(lab.root, left) / "take.json").write_text("x")
    info(lab.root, Output())
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"damaged   1 take: {left}; `lerecord recover {lab.root}` says what is wrong"
    )
    info(lab.root, JSON)
    data = json.loads(capsys.readouterr().out)
    assert (data["episodes"], data["tasks"]) == (3, {"a": 2, "b": 1})


@pytest.mark.parametrize("takes", [1, 2])
def test_a_folder_that_holds_only_takes_that_were_left_says_so(lab: "Lab", takes: int) -> None:
    with lab.open() as writer:
        for _ in range(takes):
            writer.begin_take("c").close()
    (lab.root / layout.INFO).unlink(missing_ok=True)
    many = "a take that was" if takes == 1 else "2 takes that were"
    with pytest.raises(DatasetError, match=f"has no episode yet, only {many} never saved: ") as no:
        info(lab.root, Output())
    assert f"`lerecord recover {lab.root}`" in str(no.value)


def test_long_datasets_are_told_in_hours(
    lab: "Lab", capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(lab)
    long = replace(summary(lab.root), seconds=3723.4)
    monkeypatch.setattr("lerecord.cli.dataset_report.summary", lambda root: long)
    info(lab.root, Output())
    assert "1:02:03" in capsys.readouterr().out


def test_a_check_is_printed_and_its_status_says_it(
    lab: "Lab", capsys: pytest.CaptureFixture[str]
) -> None:
    with lab.open() as writer:
        lab.record(writer, rows=5, unmeasured=frozenset({2}))
    assert check(lab.root, False, Output()) == 0
    assert capsys.readouterr().out.splitlines() == [
        "remark: episode 0, frame 2: a read failed and the last measured state is repeated.",
        f"{lab.root}: nothing is wrong (every image was decoded).",
    ]
    (lab.root / layout.STATS).unlink()
    assert check(lab.root, True, Output()) == 1
    assert capsys.readouterr().out.splitlines()[0] == "wrong: meta/stats.json is missing."
    assert check(lab.root, False, JSON) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["sound"] is False
    assert data["findings"] == [
        {"text": "meta/stats.json is missing.", "episode": None, "camera": None, "frame": None}
    ]
    assert data["remarks"][0]["frame"] == 2


def test_a_folder_without_a_dataset_is_refused(lab: "Lab") -> None:
    with pytest.raises(DatasetError, match="is not a dataset"):
        info(lab.root, Output())
    with pytest.raises(DatasetError, match="is not a dataset"):
        check(lab.root, False, Output())


def test_episodes_are_listed_a_line_each(lab: "Lab", capsys: pytest.CaptureFixture[str]) -> None:
    recorded(lab)
    path = lab.root / layout.HEALTH
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line |= {"missed": 0, "cameras": {}, "same_views": []}
    lines[1] |= {"salvaged": True, "missed": 7}
    path.write_text("".join(json.dumps(line) + "\n" for line in lines[:2]))
    list_episodes(lab.root, Output())
    assert capsys.readouterr().out.splitlines() == [
        "   0     0.2 s  good                a",
        "   1     0.2 s  salvaged, 1 remark  b",
        "   2     0.2 s  not known           a",
    ]
    list_episodes(lab.root, JSON)
    data = json.loads(capsys.readouterr().out)
    assert data["episodes"][1] == {
        "episode": 1,
        "seconds": 7 / 30,
        "tasks": ["b"],
        "health": "salvaged, 1 remark",
        "verdict": None,
        "reasons": [],
        "success": None,
        "note": "",
    }


def test_a_health_that_is_none_of_ours_is_named(lab: "Lab") -> None:
    recorded(lab)
    line = {"episode_index": 0, "cameras": 3}
    (lab.root / layout.HEALTH).write_text(json.dumps(line) + "\n")
    with pytest.raises(DatasetError, match=r"health\.jsonl is not of lerecord's form at episode 0"):
        list_episodes(lab.root, Output())
