import re
from pathlib import Path
from typing import Any, get_args

import pytest

from lerecord.config import Table
from lerecord.errors import ConfigError
from lerecord.simulator.dynamixel import PING
from lerecord.simulator.dynamixel.packets import encode
from lerecord.simulator.faults import CameraFault, Faults, load, parse
from lerecord.simulator.faults.rules import CameraRule, PortRule, ServoRule, WireRule
from lerecord.simulator.server.stage import Stage

RETURN_DELAY_S = 0.0005  # of a servo as it is new

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "simulator.md"
WIRE = '[[wire]]\narm = "follower"\nfault = "drop"\n'


def test_the_example_of_the_documentation_is_a_file_of_faults(tmp_path: Path) -> None:
    (example,) = re.findall(
        r"```toml\n(seed = .*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
    )
    path = tmp_path / "faults.toml"
    path.write_text(example, encoding="utf-8")
    rules = load(path)
    assert all((rules.wire, rules.servo, rules.port, rules.camera))


@pytest.mark.parametrize("model", [WireRule, ServoRule, PortRule, CameraRule])
def test_every_key_and_every_fault_is_documented(model: type[Table]) -> None:
    documented = DOCUMENT.read_text(encoding="utf-8")
    faults = get_args(model.model_fields["fault"].annotation)
    assert faults
    for word in (*model.model_fields, *faults):
        assert f"`{word}`" in documented


REFUSALS = [
    ('[[wires]]\narm = "leader"', "unknown key 'wires' at the top level; did you mean 'wire'?"),
    (WIRE + "evry = 3", "unknown key 'evry' in [[wire]] number 1; did you mean 'every'?"),
    (WIRE + '[[wire]]\narm = "leader"', "the key 'fault' is missing in [[wire]] number 2; add it."),
    (WIRE + "probability = 1.5", "probability in [[wire]] number 1 is 1.5: input should be less"),
    (WIRE + "every = 0", "every in [[wire]] number 1 is 0: input should be greater"),
    (WIRE + "every = 3\nprobability = 0.1", "in [[wire]] number 1: a rule has `probability` or"),
    (WIRE + "delay_s = 0.1", "in [[wire]] number 1: `delay_s` belongs to a fault that is 'late'"),
    (WIRE.replace("drop", "late"), "in [[wire]] number 1: `delay_s` belongs to a fault"),
    (WIRE + 'instruction = "sync_write"', "nobody answers a sync_write"),
    (WIRE.replace("drop", "dropp"), "fault in [[wire]] number 1 is 'dropp': input should be"),
    (WIRE.replace("follower", "folower"), "arm in [[wire]] number 1 is 'folower': input should be"),
    (WIRE + "id = 7", "id in [[wire]] number 1 is 7: input should be"),
    (
        '[[servo]]\narm = "leader"\nid = 1\nfault = "overload"\nfor_s = 1',
        "in [[servo]] number 1: `for_s` belongs to a 'reboot'",
    ),
    ('[[camera]]\nname = "top"\nfault = "stall"', "name in [[camera]] number 1 is 'top': input"),
    ("seed = 1.5", "seed at the top level is 1.5: input should be a valid integer."),
    ("seed =", "is not valid TOML"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSALS, ids=[each[1] for each in REFUSALS])
def test_wrong_rules_are_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert str(refused.value).startswith(str(path))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_line_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="tables of a file of faults"):
        parse([1])


class Rig:
    """Both arms of a stage whose time a test moves."""

    def __init__(self, **tables: list[dict[str, Any]]) -> None:
        self.now = 50.0
        self.stage = Stage(0, lambda: self.now, Faults(parse(tables)))
        self.follower = self.stage.buses()["follower"]
        self.elbow = self.stage._arms["follower"].servos[2]

    def ping(self) -> bytes:
        at_once = self.follower.feed(encode(3, PING), self.now)
        return at_once + self.follower.late(self.now + RETURN_DELAY_S)

    def torque(self) -> bool:
        return self.stage.truth().follower["elbow_flex"].torque

    def counts(self) -> object:
        return self.stage.injected().counts


@pytest.mark.parametrize(
    ("fault", "shutdown", "trips"),
    [("overload", 52, True), ("overheat", 52, True), ("voltage", 52, False), ("voltage", 53, True)],
)
def test_a_servo_trips_or_only_warns_as_its_shutdown_register_says(
    fault: str, shutdown: int, trips: bool
) -> None:
    rig = Rig(servo=[{"arm": "follower", "id": 3, "fault": fault, "at_s": 1.0}])
    rig.elbow.write(63, bytes([shutdown]))
    rig.elbow.write(64, b"\x01")
    rig.now += 10.0
    assert rig.torque()  # the clock begins with the first request
    rig.ping()
    rig.now += 0.9
    assert rig.torque()
    assert rig.ping()[8] == 0
    rig.now += 0.2
    assert rig.torque() is not trips
    assert rig.ping()[8] == 0x80
    assert rig.counts() == {"follower": {fault: 1}}


def test_a_servo_that_restarts_is_silent_and_then_limp() -> None:
    rig = Rig(servo=[{"arm": "follower", "id": 3, "fault": "reboot", "at_s": 1.0, "for_s": 0.5}])
    rig.elbow.write(64, b"\x01")
    assert rig.ping()
    rig.now += 1.1
    assert not rig.torque()
    assert not rig.ping()
    rig.now += 0.5
    assert rig.ping()[8] == 0
    assert not rig.torque()
    assert rig.counts() == {"follower": {"reboot": 1}}
    assert rig.stage.injected().spoiled == {"follower": 1}


def test_rules_of_a_line_count_from_its_arrival() -> None:
    rig = Rig()
    rig.ping()
    rig.now += 5.0
    overload = {"arm": "follower", "id": 3, "fault": "overload", "at_s": 1.0}
    rig.stage.inject(parse({"servo": [overload]}))
    rig.now += 0.9
    assert rig.ping()[8] == 0
    rig.now += 0.2
    assert rig.ping()[8] == 0x80


def test_what_a_camera_has() -> None:
    spells = [
        {"name": "front", "fault": fault, "at_s": at_s, "for_s": 1.0}
        for at_s, fault in enumerate(("stall", "loss", "size", "corrupt"), start=1)
    ]
    faults = Faults(parse({"camera": spells}))
    assert faults.of_camera("front", 10.0, 1) is CameraFault.NONE  # its clock has not begun
    faults.begin(10.0)
    seen = [faults.of_camera("front", 10.0 + half / 2, 1) for half in range(12)]
    assert [fault.name for fault in seen] == [
        *("NONE", "NONE", "STALL", "STALL", "LOSS", "LOSS"),
        *("SIZE", "SIZE", "CORRUPT", "CORRUPT", "NONE", "NONE"),
    ]
    assert faults.of_camera("wrist", 11.5, 1) is CameraFault.NONE
    assert faults.injected.counts == {"front": {"stall": 1, "loss": 1, "size": 2, "corrupt": 2}}


def test_the_adapter_is_unplugged_for_its_time() -> None:
    faults = Faults(parse({"port": [{"arm": "leader", "fault": "unplug", "at_s": 1, "for_s": 2}]}))
    assert faults.plugged("leader", 5.0)
    assert faults.plug_changes_in_s("leader", 5.0) is None
    faults.begin(5.0)
    plugged = [faults.plugged("leader", 5.0 + half / 2) for half in range(8)]
    assert plugged == [True, True, False, False, False, False, True, True]
    assert faults.plugged("follower", 6.5)
    changes = [faults.plug_changes_in_s("leader", now) for now in (5.5, 6.5, 8.5)]
    assert changes == [0.5, 1.5, None]
    assert faults.injected.counts == {"leader": {"unplug": 1}}
