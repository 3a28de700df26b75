import pytest

from lerecord.motors.feetech import STS3215, StatusBit
from lerecord.simulator.feetech import Servo
from lerecord.simulator.feetech.memory import SAFE_AFTER_S
from lerecord.simulator.feetech.servo import DEAD_TIME_S, LAG_S


class Bench:
    """A servo on a clock that the test moves."""

    def __init__(self, **options: float) -> None:
        self.servo = Servo(STS3215, 3, **options)  # type: ignore[arg-type]
        self.now = 0.0
        self.servo.advance(self.now)

    def set(self, **values: int) -> None:
        for name, value in values.items():
            register = STS3215.registers[name]
            self.servo.write(register.address, register.encode(value))

    def wait(self, seconds: float, step: float = 0.01) -> None:
        until = self.now + seconds
        while self.now < until - 1e-9:
            self.now = min(self.now + step, until)
            self.servo.advance(self.now)

    def __getitem__(self, name: str) -> int:
        return self.servo.value(name)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_servo_from_the_box_is_as_the_maker_says(bench: Bench) -> None:
    for name, register in STS3215.registers.items():
        if name != "ID" and not name.startswith(("Present", "Goal_Position")):
            assert bench[name] == register.initial, name
    assert bench["ID"] == 3
    assert (bench["Present_Position"], bench["Torque_Enable"]) == (2048, 0)


def test_a_goal_switches_torque_on_and_acts_after_the_dead_time(bench: Bench) -> None:
    bench.set(Goal_Position=2148)
    assert bench["Torque_Enable"] == 1
    bench.wait(DEAD_TIME_S)
    assert bench["Present_Position"] == 2048
    bench.wait(LAG_S, step=0.001)
    assert bench["Present_Position"] == pytest.approx(2048 + 63, abs=3)  # 1 - 1/e of the way
    bench.wait(0.3)
    assert bench["Present_Position"] == 2148
    assert bench["Moving"] == 0


def test_torque_that_goes_on_holds_the_place(bench: Bench) -> None:
    bench.set(Goal_Position=3000)
    bench.set(Torque_Enable=0)
    bench.servo.shaft = 2500.0
    bench.set(Torque_Enable=1)
    bench.wait(1.0)
    assert bench["Present_Position"] == 2500


def test_a_goal_is_kept_within_the_limits(bench: Bench) -> None:
    bench.set(Min_Position_Limit=1500, Max_Position_Limit=2500)
    bench.set(Goal_Position=4000)
    bench.wait(2.0)
    assert bench["Present_Position"] == 2500


def test_speed_and_acceleration_are_limits(bench: Bench) -> None:
    bench.set(Goal_Velocity=500)
    bench.set(Goal_Position=4000)
    bench.wait(DEAD_TIME_S + 1.0)
    assert bench["Present_Velocity"] == pytest.approx(500, abs=5)
    bench.set(Acceleration=1)
    bench.set(Goal_Velocity=3000)
    bench.wait(0.5)
    assert bench["Present_Velocity"] < 500 + 60


@pytest.mark.parametrize("offset", [-2047, -5, 0, 700, 2047])
def test_the_offset_is_subtracted_and_positions_stay_in_the_turn(offset: int) -> None:
    bench = Bench(shaft=1000.0)
    bench.set(Lock=0, Homing_Offset=offset)
    assert bench["Present_Position"] == (1000 - offset) % 4096
    bench.set(Goal_Position=2000)
    bench.wait(3.0)
    assert bench["Present_Position"] == 2000


def test_over_the_end_of_the_turn_positions_wrap_unless_phase_lets_them_go_on(
    bench: Bench,
) -> None:
    bench.servo.shaft = 4200.0
    assert bench["Present_Position"] == 104
    bench.set(Phase=12 | 0x10)
    assert bench["Present_Position"] == 4200
    bench.servo.shaft = -30.0
    assert bench["Present_Position"] == -30
    bench.servo.clear_turns()
    assert bench["Present_Position"] == 4066


@pytest.mark.parametrize("shaft", [0.0, 1.0, 2048.0, 3000.0, 4095.0])
def test_torque_128_makes_this_place_the_middle(shaft: float) -> None:
    bench = Bench(shaft=shaft)
    bench.set(Torque_Enable=128)
    assert bench["Present_Position"] == pytest.approx(2048, abs=1)
    assert bench["Torque_Enable"] == 0


def test_eeprom_is_kept_only_when_unlocked_and_after_its_time(bench: Bench) -> None:
    bench.set(Homing_Offset=5)
    assert bench["Homing_Offset"] == 5
    bench.servo.reboot()
    assert bench["Homing_Offset"] == 0
    bench.set(Lock=0, Homing_Offset=5)
    bench.set(Lock=1)
    bench.wait(SAFE_AFTER_S / 2)
    bench.servo.reboot()
    assert bench["Homing_Offset"] == 0
    bench.set(Lock=0, Homing_Offset=-5, Max_Torque_Limit=500)
    bench.wait(SAFE_AFTER_S + 0.1)
    bench.servo.reboot()
    assert (bench["Homing_Offset"], bench["Torque_Limit"], bench["Lock"]) == (-5, 500, 1)


def test_what_is_read_only_stays(bench: Bench) -> None:
    bench.servo.write(56, b"\x01\x02")
    bench.servo.write(3, b"\x00\x00")
    assert (bench["Present_Position"], bench["Model_Number"]) == (2048, 777)


def test_overload_limits_the_torque_after_its_time_until_the_next_goal(bench: Bench) -> None:
    bench.servo.world.high = 2100.0
    bench.set(Goal_Position=3000)
    bench.wait(2.0)
    assert (bench["Status"], bench["Present_Load"]) == (0, 1000)
    bench.wait(0.3)
    assert bench["Status"] == StatusBit.OVERLOAD
    assert bench["Present_Load"] == 200
    assert bench["Torque_Enable"] == 1
    bench.set(Goal_Position=2050)
    assert bench["Status"] == 0
    bench.wait(0.5)
    assert bench["Present_Position"] == 2050


def test_goals_that_go_on_do_not_keep_overload_away(bench: Bench) -> None:
    bench.servo.world.high = 2100.0
    seen = set()
    for goal in range(3000, 3080):
        bench.set(Goal_Position=goal)
        bench.wait(0.033)
        seen.add(bench["Status"])
    assert seen == {0, StatusBit.OVERLOAD}


def test_over_current_takes_torque_away_after_its_time(bench: Bench) -> None:
    bench.set(Protection_Current=250, Overload_Torque=100, Over_Current_Protection_Time=50)
    bench.servo.world.high = 2100.0
    bench.set(Goal_Position=3000)
    bench.wait(0.5)
    assert (bench["Status"], bench["Torque_Enable"]) == (0, 1)
    bench.wait(0.3)
    assert (bench["Status"], bench["Torque_Enable"]) == (StatusBit.CURRENT, 0)
    assert bench["Present_Load"] == 0


def test_heat_takes_torque_away_and_no_goal_gives_it_back(bench: Bench) -> None:
    bench.set(Goal_Position=2100)
    bench.servo.fail("overheat")
    bench.wait(0.1)
    bench.set(Goal_Position=2200)
    assert (bench["Status"], bench["Torque_Enable"]) == (StatusBit.TEMPERATURE, 0)
    bench.servo.protection.celsius = 40
    bench.wait(0.1)
    bench.set(Goal_Position=2200)
    assert (bench["Status"], bench["Torque_Enable"]) == (0, 1)


def test_a_wrong_voltage_is_told_as_long_as_it_lasts(bench: Bench) -> None:
    bench.servo.protection.decivolts = 121  # 12 V on a 7.4 V part
    bench.wait(0.1)
    assert (bench["Status"], bench["Present_Voltage"]) == (StatusBit.VOLTAGE, 121)
    bench.servo.protection.decivolts = 75
    bench.wait(0.1)
    assert bench["Status"] == 0


def test_a_factory_reset_keeps_the_id(bench: Bench) -> None:
    bench.set(Lock=0, Homing_Offset=9, P_Coefficient=16)
    bench.servo.factory_reset()
    assert (bench["ID"], bench["Homing_Offset"], bench["P_Coefficient"]) == (3, 0, 32)


def test_a_hand_moves_it_only_without_torque(bench: Bench) -> None:
    bench.servo.world.hand = 2500.0
    bench.wait(0.05)
    assert bench["Present_Position"] == 2500
    bench.set(Torque_Enable=1)
    bench.servo.world.hand = 3000.0
    bench.wait(0.05)
    assert bench["Present_Position"] == 2500
