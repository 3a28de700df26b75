import json
from dataclasses import asdict, replace
from pathlib import Path

from huggingface_hub import metadata_load

from lerecord.arms.protocols import ArmIdentity
from lerecord.dataset.format import layout
from lerecord.dataset.storage import Snapshot
from lerecord.hub.card import MARK, card
from lerecord.printable import shown
from tests.dataset import lerobot_made
from tests.dataset.lists import A, record, small_lab, stage


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


def test_of_another_recorders_dataset_it_says_that_the_hardware_is_not_known(
    tmp_path: Path,
) -> None:
    root = lerobot_made.write(tmp_path / "set", names="motors")
    info = json.loads((root / layout.INFO).read_bytes())
    for robot, tags, line in (
        ("lekiwi", ["lekiwi"], "| robot | `lekiwi` |"),
        (None, [], "| robot | not known |"),
    ):
        (root / layout.INFO).write_text(json.dumps(info | {"robot_type": robot}), encoding="utf-8")
        text = card(Snapshot.of(root), "box", "v2.1").decode()
        path = tmp_path / "README.md"
        path.write_text(text, encoding="utf-8")
        assert (metadata_load(path) or {})["tags"] == ["LeRobot", "lerecord", *tags]
        lines = text.splitlines()
        assert line in lines
        assert "| `action` | float32 | [2] | x.vel, y.vel |" in lines
        (said,) = [each for each in lines if "not known: another recorder made" in each]
        assert said.endswith("it has no `meta/hardware.json`.")


def test_the_card_says_what_columns_of_labels_mean_where_they_follow_from_labels(
    tmp_path: Path,
) -> None:
    lab = small_lab(tmp_path / "set")
    lab.spec = replace(lab.spec, labels=True)
    with lab.open() as writer:
        writer.commit(stage(lab, writer, A))

    def told() -> str:
        return card(Snapshot.of(lab.root), "box", "v2.1").decode()

    said = "The columns `next.reward`, `next.done`, `next.success` follow from the label"
    assert "| `next.success` | bool | [1] |" in told()
    assert said in told()
    (lab.root / layout.HARDWARE).unlink()
    assert said not in told()
    assert said not in card(Snapshot.of(record(tmp_path / "plain", [A])), "box", "v2.1").decode()


def test_the_card_names_the_licence_that_was_chosen(dataset: Path, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_bytes(card(Snapshot.of(dataset), "box", "v2.1", "cc-by-4.0"))
    assert (metadata_load(path) or {})["license"] == "cc-by-4.0"


def test_what_a_stranger_wrote_is_shown_and_means_nothing(tmp_path: Path) -> None:
    root = lerobot_made.write(tmp_path / "set", names="motors")
    evil = '<img src=x>|[a](http://x.org)\n---\nlicense: mit\n"\x1b\u202e'
    info = json.loads((root / layout.INFO).read_bytes())
    info["features"]["action"]["names"] = [evil, "x"]
    (root / layout.INFO).write_text(json.dumps(info | {"robot_type": evil}), encoding="utf-8")
    tasks = root / layout.TASKS
    first, *others = tasks.read_text(encoding="utf-8").splitlines(keepends=True)
    named = json.dumps(json.loads(first) | {"task": evil}) + "\n"
    tasks.write_text("".join([named, *others]), encoding="utf-8")
    text = card(Snapshot.of(root), "box", "v2.1").decode()
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    front = metadata_load(tmp_path / "README.md") or {}
    assert front["tags"] == ["LeRobot", "lerecord", shown(evil)]
    assert {each["config_name"] for each in front["configs"]} == {"default"}
    inert = r"`<img src=x>\|[a](http://x.org) --- license: mit \"\x1b\u202e`".replace('\\"', '"')
    assert f"| {inert} |" in text
    assert text.count("<img") == text.count(inert[:10]) + 1  # the one in the front matter
    assert not {"\x1b", "\u202e"} & set(text)
