import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lerecord.dataset.format import layout
from lerecord.dataset.join import compared
from lerecord.dataset.join.compatibility import Tier, require_compatible
from lerecord.dataset.storage import Snapshot
from lerecord.errors import DatasetError
from tests.dataset.conftest import Lab

Change = Callable[[Any], None]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lab = Lab(tmp_path_factory.mktemp("recorded") / "set")
    with lab.open() as writer:
        lab.record(writer, rows=2)
    return lab.root


@pytest.fixture
def pair(recorded: Path, tmp_path: Path) -> tuple[Path, Path]:
    for name in ("set", "other"):
        shutil.copytree(recorded, tmp_path / name)
    return tmp_path / "set", tmp_path / "other"


def at(*path: str, value: Any) -> Change:
    def change(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return change


def gone(*path: str) -> Change:
    def change(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return change


def rename_camera(data: Any) -> None:
    data["features"]["observation.images.hand"] = data["features"].pop("observation.images.wrist")


IDS = ("identity", "arms", "main", "follower")
FRONT = ("features", "observation.images.front")
REFUSED: list[tuple[str, Change, Tier, str]] = [
    (layout.INFO, at("fps", value=60), Tier.FORM, "fps is 30 in A and 60 in B"),
    (layout.INFO, at("robot_type", value="so101"), Tier.FORM, "robot type is koch in A and so101"),
    (
        layout.INFO,
        at(*FRONT, "shape", value=[240, 320, 3]),
        Tier.FORM,
        "camera front is 160x120 in A and 320x240 in B",
    ),
    (layout.INFO, rename_camera, Tier.FORM, "camera wrist is 200x160 in A and absent in B"),
    (layout.INFO, rename_camera, Tier.FORM, "camera hand is absent in A and 200x160 in B"),
    (
        layout.INFO,
        at(*FRONT, "info", "video.is_depth_map", value=True),
        Tier.FORM,
        "video.is_depth_map of camera front is false in A and true in B",
    ),
    (
        layout.INFO,
        at("features", "action", "names", value=["a", "b", "c"]),
        Tier.FORM,
        'names of action is ["shoulder_pan.pos", "elbow_flex.pos", "gripper.pos"] in A and '
        '["a", "b", "c"] in B',
    ),
    (
        layout.INFO,
        at("features", "observation.state", "dtype", value="float64"),
        Tier.FORM,
        "dtype of observation.state is float32 in A and float64 in B",
    ),
    (
        layout.INFO,
        at("features", "next.reward", value={"dtype": "float32", "shape": [1], "names": None}),
        Tier.FORM,
        "shape of next.reward is absent in A and [1] in B",
    ),
    (layout.HARDWARE, at("units", value="degrees"), Tier.FORM, "units is normalized in A and deg"),
    (layout.HARDWARE, at("simulated", value=False), Tier.MODEL, "simulated is true in A and false"),
    (
        layout.HARDWARE,
        at(*IDS, "model", value=[1, 2]),
        Tier.HARDWARE,
        "arms.main.follower.model is [1060, 1200] in A and [1, 2] in B",
    ),
    (
        layout.HARDWARE,
        at(*IDS, "models", value=["xl430"]),
        Tier.MODEL,
        'arms.main.follower.models is absent in A and ["xl430"] in B',
    ),
    (
        layout.HARDWARE,
        at(*IDS, "joints", value=["pan"]),
        Tier.MODEL,
        'arms.main.follower.joints is absent in A and ["pan"] in B',
    ),
    (
        layout.HARDWARE,
        at("identity", "rotation", value={"front": 180}),
        Tier.HARDWARE,
        "rotation.front is absent in A and 180 in B",
    ),
]
REPORTED: list[tuple[str, Change, Tier, str]] = [
    (
        layout.HARDWARE,
        at("calibration", "main", "follower", "gripper", "range_min", value=11),
        Tier.CALIBRATION,
        "calibration.main.follower.gripper.range_min is 10 in A and 11 in B",
    ),
    (
        layout.HARDWARE,
        at("config", "arms", "main", "port", value="/dev/ttyACM0"),
        Tier.ENVIRONMENT,
        "config.arms.main.port is /dev/ttyUSB0 in A and /dev/ttyACM0 in B",
    ),
    (
        layout.HARDWARE,
        at("video", "crf", value=30),
        Tier.ENVIRONMENT,
        "video.crf is null in A and 30",
    ),
    (
        layout.INFO,
        at(*FRONT, "info", "video.codec", value="av1"),
        Tier.ENVIRONMENT,
        "video.codec of camera front is h264 in A and av1 in B",
    ),
]


def changed(root: Path, name: str, change: Change) -> None:
    data = json.loads((root / name).read_bytes())
    change(data)
    (root / name).write_text(json.dumps(data))


def said(pair: tuple[Path, Path]) -> list[tuple[Tier, str]]:
    (comparison,) = compared([Snapshot.of(root) for root in pair])
    return [
        (each.tier, each.text.replace(str(pair[0]), "A").replace(str(pair[1]), "B"))
        for each in comparison.differences
    ]


def test_copies_are_the_same(pair: tuple[Path, Path]) -> None:
    assert said(pair) == []
    require_compatible([Snapshot.of(root) for root in (*pair, pair[0])])


@pytest.mark.parametrize(("name", "change", "tier", "text"), [*REFUSED, *REPORTED])
def test_every_difference_is_named_in_its_tier(
    pair: tuple[Path, Path], name: str, change: Change, tier: Tier, text: str
) -> None:
    changed(pair[1], name, change)
    assert any(each is tier and words.startswith(text) for each, words in said(pair)), said(pair)


@pytest.mark.parametrize(("name", "change", "tier", "text"), REFUSED)
def test_what_stands_against_joining_is_refused_by_its_name(
    pair: tuple[Path, Path], name: str, change: Change, tier: Tier, text: str
) -> None:
    changed(pair[1], name, change)
    snapshots = [Snapshot.of(root) for root in pair]
    with pytest.raises(DatasetError, match="cannot be merged") as refused:
        require_compatible(snapshots)
    assert f"{tier.value}: {text.partition(' is ')[0]} is " in str(refused.value)
    if tier is Tier.HARDWARE:
        require_compatible(snapshots, allow_hardware=True)
    else:
        with pytest.raises(DatasetError):
            require_compatible(snapshots, allow_hardware=True)


@pytest.mark.parametrize(("name", "change", "tier", "text"), REPORTED)
def test_what_is_only_reported_is_not_refused(
    pair: tuple[Path, Path], name: str, change: Change, tier: Tier, text: str
) -> None:
    changed(pair[1], name, change)
    require_compatible([Snapshot.of(root) for root in pair])


def test_a_rig_that_is_not_known_is_refused_unless_allowed(pair: tuple[Path, Path]) -> None:
    (pair[1] / layout.HARDWARE).unlink()
    assert said(pair) == [(Tier.HARDWARE, "meta/hardware.json is present in A and absent in B")]
    snapshots = [Snapshot.of(root) for root in pair]
    with pytest.raises(DatasetError, match=r"hardware: meta/hardware\.json is present"):
        require_compatible(snapshots)
    require_compatible(snapshots, allow_hardware=True)
    (pair[0] / layout.HARDWARE).unlink()
    assert said(pair) == []


def test_every_dataset_is_compared_with_the_first(pair: tuple[Path, Path]) -> None:
    third = pair[0].with_name("third")
    shutil.copytree(pair[0], third)
    changed(third, layout.INFO, at("fps", value=50))
    pairs = compared([Snapshot.of(root) for root in (*pair, third)])
    assert [(each.other, len(each.differences)) for each in pairs] == [(pair[1], 0), (third, 1)]


def test_no_dataset_is_refused() -> None:
    with pytest.raises(DatasetError, match="No dataset was given"):
        require_compatible([])
