"""Arms on each other's ports are named before torque goes on, with what to write instead."""

import re
from pathlib import Path
from typing import Any

import pytest

from lerecord.config import HardwareConfig, parse_config
from lerecord.control import Rig
from lerecord.errors import LerecordError
from lerecord.pacing import Tick
from lerecord.simulator.rigs import RIGS
from tests.transports import BUSES, Time
from tests.two_pairs import ROLES, Table, plug


@pytest.fixture(params=["koch", "so101"])
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Table:
    monkeypatch.chdir(tmp_path)
    made = Table(request.param, 1)
    plug(made.make, made.on, monkeypatch)
    return made


def refusal(config: HardwareConfig, table: Table, write_calibration: bool = False) -> str:
    """What is said of a rig; no servo has torque or another calibration since."""
    before = [servo.value("Homing_Offset") for arm in table.on.values() for servo in arm.servos]
    with pytest.raises(LerecordError) as refused:
        Rig(
            config, table.calibrations(), Time().clocks, write_calibration=write_calibration
        ).__enter__()
    servos = [servo for arm in table.on.values() for servo in arm.servos]
    assert not any(servo.torque for servo in servos)
    assert [servo.value("Homing_Offset") for servo in servos] == before
    return str(refused.value)


def swapped(config: HardwareConfig, one: tuple[str, str], other: tuple[str, str]) -> Any:
    data = config.model_dump()
    tables = [data["arms"][pair][role] for pair, role in (one, other)]
    tables[0]["port"], tables[1]["port"] = tables[1]["port"], tables[0]["port"]
    return data


SWAPS = [
    (("left", "leader"), ("left", "follower")),
    (("left", "leader"), ("right", "leader")),
    (("left", "follower"), ("right", "follower")),
    (("left", "leader"), ("right", "follower")),
]


@pytest.mark.parametrize("write_calibration", [False, True])
@pytest.mark.parametrize(("one", "other"), SWAPS)
def test_two_arms_that_are_swapped_are_named_and_the_remedy_works(
    table: Table, one: tuple[str, str], other: tuple[str, str], write_calibration: bool
) -> None:
    data = swapped(table.config, one, other)
    told = refusal(parse_config(data, "rig"), table, write_calibration)
    for place, carried in ((one, other), (other, one)):
        wrong = data["arms"][place[0]][place[1]]["port"]
        table_name, name = f"[arms.{'.'.join(place)}]", " ".join(carried)
        assert f"{wrong}, the port of {table_name}, carries the {name}" in told
    for port, pair, role in re.findall(r'port = "([^"]+)" in \[arms\.(\w+)\.(\w+)\]', told):
        data["arms"][pair][role]["port"] = port
    with Rig(parse_config(data, "rig"), table.calibrations(), Time().clocks):
        pass


@pytest.mark.parametrize("write_calibration", [False, True])
def test_the_arms_of_another_bench_are_named(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_calibration: bool
) -> None:
    other = Table(table.make, 101)
    other.write(tmp_path / "hardware_configs", "bench2")
    config = table.config
    table.on.update(zip(table.on, other.on.values(), strict=True))  # the plugs of both benches
    told = refusal(config, table, write_calibration)
    assert told.startswith(
        "/dev/1-left-leader, the port of [arms.left.leader], carries the left leader of bench2"
    )
    assert told.count("of bench2") == 4
    assert told.endswith("plug this rig's own arms in, or use that one with --hardware bench2.")


def test_an_arm_that_nobody_knows_keeps_its_own_sentence(table: Table) -> None:
    config, stranger = table.config, Table(table.make, 201)
    table.on["/dev/1-left-follower"] = stranger.arms["left", "follower"]
    told = refusal(config, table)
    assert "The servos of the left follower on " in told
    assert "hold a different calibration" in told


def test_an_arm_without_power_keeps_its_own_sentence(table: Table) -> None:
    config, gone = table.config, table.on["/dev/1-right-leader"]
    wire = gone.wire
    gone.wire = lambda: wire(lambda *_: False)
    assert refusal(config, table).startswith("No servo of the right leader answers on ")


def test_new_servos_are_told_by_their_models_alone(table: Table) -> None:
    config = table.config
    fresh = {role: getattr(RIGS[table.make], role)() for role in ROLES}
    for role in ROLES:
        table.on[f"/dev/1-left-{role}"] = fresh[role]
    with Rig(config, table.calibrations(), Time().clocks):
        pass


def test_both_pairs_are_asked_before_the_first_answer_is_read(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four buses work at the same time: a tick waits for the slowest, not for their sum."""
    seen: list[str] = []
    bus = BUSES[table.make]
    for name in ("ask_present", "read_present"):
        method = getattr(bus, name)

        def told(self: Any, *args: Any, name: str = name, method: Any = method) -> Any:
            seen.append(name)
            return method(self, *args)

        monkeypatch.setattr(bus, name, told)
    with Rig(table.config, table.calibrations(), Time().clocks) as rig:
        seen.clear()
        rig.observe(Tick(0, 0.0, 0.0, 0))
        assert seen == ["ask_present"] * 4 + ["read_present"] * 4
