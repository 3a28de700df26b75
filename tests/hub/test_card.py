import json
from dataclasses import asdict
from pathlib import Path

from huggingface_hub import metadata_load

from lerecord.arms.arm import ArmIdentity
from lerecord.dataset import layout
from lerecord.dataset.snapshot import Snapshot
from lerecord.hub.card import MARK, card


def test_the_card_says_what_is_in_the_dataset(dataset: Path, tmp_path: Path) -> None:
    identity = ArmIdentity(("elbow_flex", "gripper"), (1, 2), ("xl430-w250", "xl330-m288"))
    hardware = json.loads((dataset / layout.HARDWARE).read_text(encoding="utf-8"))
    hardware["identity"] = {
        "arms": {"main": {"follower": asdict(identity)}},
        "rotation": {"wrist": 90},
    }
    (dataset / layout.HARDWARE).write_text(json.dumps(hardware), encoding="utf-8")
    text = card(Snapshot.of(dataset), "box", "v2.1").decode()
    path = tmp_path / "README.md"
    path.write_text(text, encoding="utf-8")
    assert metadata_load(path) == {
        "license": "apache-2.0",
        "task_categories": ["robotics"],
        "tags": ["LeRobot", "lerecord", "koch", "simulated"],
        "configs": [{"config_name": "default", "data_files": "data/*/*.parquet"}],
    }
    lines = text.splitlines()
    for line in (
        "# box",
        MARK.decode(),
        "| robot | `koch` (simulated) |",
        "| fps | 30 |",
        "| frames | 15 |",
        "| length | 0:00:00 |",
        "| LeRobot format | v2.1 |",
        "| Grab the box | 2 |",
        "| Push \\| the box | 1 |",
        "| `action` | float32 | [3] | shoulder_pan.pos, elbow_flex.pos, gripper.pos |",
        "| main | follower | xl430-w250, xl330-m288 | 1, 2 |",
        "| front | 160 x 120 | 0 |",
        "| wrist | 200 x 160 | 90 |",
        "| 1 | Push \\| the box | 5 | 0.2 |",
    ):
        assert line in lines
