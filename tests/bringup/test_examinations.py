import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lerecord.bringup import (
    ArmPlace,
    Finding,
    System,
    examined_arm,
    examined_computer,
    examined_port,
    meddlers,
)
from lerecord.config import ArmConfig


def wrong(findings: Iterator[Finding]) -> list[str]:
    return [f"{each.fact} -> {each.remedy}" for each in findings if not each.is_right]


def place(bench: Any, folder: Path) -> ArmPlace:
    role = "leader" if "leader" in bench.arm.name else "follower"
    config = ArmConfig(driver=bench.kind, port="lockstep", calibration="arm.json")
    return ArmPlace("main", role, config, folder)


def set_up(bench: Any, folder: Path) -> ArmPlace:
    found = place(bench, folder)
    bench.arm.open()
    middle, ranges = bench.arm.ranges()
    for at in range(len(bench.servos)):
        ranges.low[at], ranges.high[at] = -600, 600
    calibration = bench.arm.calibration(middle, ranges, "arm.json")
    calibration.save(found.calibration_file)
    bench.arm.write(calibration)
    bench.arm.close()
    return found


def test_a_sound_arm_has_nothing_wrong(bench: Any, tmp_path: Path) -> None:
    arm = set_up(bench, tmp_path)
    assert wrong(examined_arm(arm, bench.bus)) == []
    assert not bench.bus.is_open


def test_an_arm_that_was_never_calibrated_is_told_how(bench: Any, tmp_path: Path) -> None:
    (told,) = wrong(examined_arm(place(bench, tmp_path), bench.bus))
    assert "lerecord calibrate" in told


def test_a_servo_that_is_missing_is_named(bench: Any, tmp_path: Path) -> None:
    bench.wire.servos = tuple(servo for servo in bench.servos if servo.id != 4)
    (told,) = wrong(examined_arm(place(bench, tmp_path), bench.bus))
    assert "Servo 4 (wrist_flex)" in told


def test_a_servo_with_a_hardware_error_is_named(bench: Any, tmp_path: Path) -> None:
    arm = set_up(bench, tmp_path)
    bench.servos[1].fail("overheat")
    told = wrong(examined_arm(arm, bench.bus))
    assert any("shoulder_lift" in each and "let it cool down" in each for each in told)


def test_a_wrong_supply_is_named(bench: Any, tmp_path: Path) -> None:
    arm = set_up(bench, tmp_path)
    bench.servos[0].fail("voltage")
    told = wrong(examined_arm(arm, bench.bus))
    assert any("shoulder_pan" in each and "power supply" in each for each in told)


@pytest.fixture
def system(tmp_path: Path) -> System:
    proc, sys = tmp_path / "proc", tmp_path / "sys"
    (proc / "4321" / "fd").mkdir(parents=True)
    (proc / "4321" / "comm").write_text("ModemManager\n")
    clock = sys / "devices/system/clocksource/clocksource0"
    clock.mkdir(parents=True)
    (clock / "current_clocksource").write_text("hpet\n")
    return System(proc, sys)


def test_a_port_that_is_not_there_is_told(tmp_path: Path) -> None:
    (told,) = wrong(examined_port("arm", str(tmp_path / "ttyACM9")))
    assert "lerecord find ports" in told


def test_who_holds_a_port_is_named(tmp_path: Path, system: System) -> None:
    port = tmp_path / "ttyACM0"
    port.write_bytes(b"")
    (system.proc / "4321" / "fd" / "7").symlink_to(port)
    (told,) = wrong(examined_port("arm", str(port), system))
    assert "held by ModemManager (process 4321)" in told


def test_a_slow_adapter_is_told_with_the_command_that_mends_it(
    tmp_path: Path, system: System
) -> None:
    port = tmp_path / "ttyUSB0"
    port.write_bytes(b"")
    timer = system.sys / "bus/usb-serial/devices/ttyUSB0/latency_timer"
    timer.parent.mkdir(parents=True)
    timer.write_text("16\n")
    (told,) = wrong(examined_port("arm", str(port), system))
    assert told.endswith(f"16 ms -> echo 1 | sudo tee {timer}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every port")
def test_a_port_that_this_user_may_not_use_is_told(tmp_path: Path, system: System) -> None:
    port = tmp_path / "ttyACM0"
    port.touch(mode=0)
    (told,) = wrong(examined_port("arm", str(port), system))
    assert "sudo usermod -aG" in told


def test_services_that_take_ports_are_named(system: System) -> None:
    (told,) = wrong(meddlers(system))
    assert "systemctl disable --now ModemManager" in told


def test_a_slow_clock_and_a_full_disk_are_told(tmp_path: Path, system: System) -> None:
    told = wrong(examined_computer(tmp_path / "gone", system))
    assert any("hpet" in each for each in told)
    assert any("nothing can be written to" in each for each in told)
