import json

from lerecord.dataset.format import HardwareRecord, Info, hardware_bytes, spec_of
from tests.dataset.conftest import Lab

ENTRIES = {
    "config": {"cameras": {"front": {"rotation": 90, "fps": 60}, "wrist": {}}},
    "identity": {
        "arms": {"main": {"leader": {"models": [1190, 1200], "ids": [1, 2]}, "follower": {}}},
        "rotation": {"front": 90},
    },
    "calibration": {"main": {}},
    "simulated": True,
}


def test_a_record_says_what_its_entries_say() -> None:
    record = HardwareRecord(ENTRIES)
    assert record.simulated
    assert (record.camera("front").rotation, record.camera("front").fps) == (90, 60)
    assert (record.camera("wrist").rotation, record.camera("other").fps) == (0, None)
    assert (record.rotation("front"), record.rotation("wrist")) == (90, 0)
    assert [(each.pair, each.role, each.models, each.ids) for each in record.servos()] == [
        ("main", "leader", (1190, 1200), (1, 2)),
        ("main", "follower", (), ()),
    ]
    assert record.lacking == ()
    assert list(record.others) == ["config"]


def test_an_empty_record_says_nothing() -> None:
    record = HardwareRecord()
    assert not record.simulated
    assert (record.config, record.identity, record.calibration) == ({}, {}, None)
    assert record.lacking == ("config", "identity", "calibration")
    assert list(record.servos()) == []


def test_entries_of_another_version_are_kept_in_their_place(lab: "Lab") -> None:
    data = json.loads(hardware_bytes(lab.spec))
    data = {"simulated": True, "units": "degrees", "video": data["video"]}
    data |= {"station": {"room": "2.14"}, **ENTRIES, "notes": ["new gripper"]}
    written = json.dumps(data, indent=4, ensure_ascii=False).encode()
    spec = spec_of(Info.of(lab.spec), written)
    assert spec.hardware.others["station"] == {"room": "2.14"}
    assert hardware_bytes(spec) == written
