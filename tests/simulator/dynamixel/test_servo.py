import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.motors import Model
from lerecord.motors.dynamixel import EEPROM_END, VELOCITY_UNIT_COUNTS_S, XL330_M288, XL430_W250
from lerecord.motors.dynamixel.tables import MODELS
from lerecord.simulator.dynamixel import HardwareError, Servo
from lerecord.simulator.dynamixel.control_table import ErrorNumber, RefusedError


def put(servo: Servo, name: str, value: int) -> None:
    register = servo.model.registers[name]
    servo.write(register.address, value.to_bytes(register.size, "little", signed=register.signed))


def refusal(servo: Servo, name: str, value: int) -> ErrorNumber:
    with pytest.raises(RefusedError) as caught:
        put(servo, name, value)
    return caught.value.number


def servo(mode: int = 4, shaft: float = 2048.0, model: Model = XL330_M288) -> Servo:
    made = Servo(model, 1, shaft)
    put(made, "Operating_Mode", mode)
    made.advance(0.0)
    return made


def running(mode: int = 4, shaft: float = 2048.0) -> Servo:
    made = servo(mode, shaft)
    put(made, "Torque_Enable", 1)
    return made


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_eeprom_is_locked_while_torque_is_on(model: Model) -> None:
    made = Servo(model, 1)
    put(made, "Torque_Enable", 1)
    for name, register in model.registers.items():
        if register.writable and register.address < EEPROM_END:
            assert refusal(made, name, register.initial) is ErrorNumber.ACCESS, name
    put(made, "Torque_Enable", 0)
    put(made, "Homing_Offset", 5)
    assert made.value("Homing_Offset") == 5


def test_a_refused_write_changes_nothing() -> None:
    made = servo()
    with pytest.raises(RefusedError):  # Velocity_Limit fits, Max_Position_Limit does not
        made.write(44, (100).to_bytes(4, "little") + (5000).to_bytes(4, "little"))
    assert made.value("Velocity_Limit") == 445


def test_a_goal_beyond_the_position_limits_is_refused_in_mode_3_only() -> None:
    made = servo(mode=3)
    put(made, "Min_Position_Limit", 1000)
    put(made, "Max_Position_Limit", 3000)
    assert refusal(made, "Goal_Position", 3001) is ErrorNumber.DATA_LIMIT
    assert refusal(made, "Goal_Position", 999) is ErrorNumber.DATA_LIMIT
    put(made, "Goal_Position", 3000)
    put(made, "Operating_Mode", 4)
    put(made, "Goal_Position", 3001)
    assert made.value("Goal_Position") == 3001


@pytest.mark.parametrize(
    ("goal", "limit"),
    [
        ("Goal_PWM", "PWM_Limit"),
        ("Goal_Current", "Current_Limit"),
        ("Goal_Velocity", "Velocity_Limit"),
    ],
)
def test_goals_are_held_to_their_limits(goal: str, limit: str) -> None:
    made = servo()
    put(made, limit, 100)
    put(made, goal, -100)
    assert refusal(made, goal, 101) is ErrorNumber.DATA_LIMIT
    assert made.value(goal) == -100


@pytest.mark.parametrize("mode", [3, 4, 5])
def test_torque_on_holds_where_the_shaft_is(mode: int) -> None:
    made = servo(mode)
    put(made, "Goal_Position", 100)
    made.advance(1.0)
    assert made.value("Present_Position") == 2048  # no torque, no motion
    put(made, "Torque_Enable", 1)
    assert made.value("Goal_Position") == 2048
    made.advance(2.0)
    assert made.value("Present_Position") == 2048


@pytest.mark.parametrize("mode", [3, 4, 5])
def test_it_reaches_its_goal_and_says_that_it_moves(mode: int) -> None:
    made = running(mode)
    put(made, "Goal_Position", 3000)
    made.advance(0.05)
    assert 2048 < made.value("Present_Position") < 3000
    assert made.value("Moving") == 1
    assert made.value("Present_Velocity") > 10
    for step in range(60):
        made.advance(0.1 + step / 60.0)
    assert made.value("Present_Position") == 3000
    assert made.value("Moving") == 0
    assert made.value("Present_Velocity") == 0


def test_profile_velocity_limits_the_speed() -> None:
    made = running()
    put(made, "Profile_Velocity", 10)
    put(made, "Goal_Position", 4000)
    made.advance(1.0)
    assert made.value("Present_Position") == round(2048 + 10 * VELOCITY_UNIT_COUNTS_S)


def test_changing_the_mode_resets_gains_profile_and_goals() -> None:
    made = servo()
    put(made, "Position_P_Gain", 1500)
    put(made, "Profile_Velocity", 50)
    put(made, "Goal_Current", 10)
    put(made, "Operating_Mode", 5)
    assert made.value("Position_P_Gain") == 400
    assert made.value("Profile_Velocity") == 0
    assert made.value("Goal_Current") == 1750


@given(
    st.integers(0, 4095),
    st.integers(-3000, 3000),
    st.booleans(),
    st.integers(-2000, 2000),
)
def test_position_is_shaft_in_its_direction_plus_homing(
    shaft: int, offset: int, reverse: bool, turned: int
) -> None:
    made = servo(shaft=shaft)
    put(made, "Drive_Mode", int(reverse))
    put(made, "Homing_Offset", offset)
    start = made.value("Present_Position")
    assert start == (-shaft % 4096 if reverse else shaft) + offset
    made.world.hand = shaft + turned
    made.advance(1.0)
    assert made.value("Present_Position") == start + (-turned if reverse else turned)
    assert made.shaft_at(made.value("Present_Position")) == shaft + turned


def test_a_reversed_servo_goes_the_other_way() -> None:
    made = servo()
    put(made, "Drive_Mode", 1)
    put(made, "Torque_Enable", 1)
    put(made, "Goal_Position", made.position + 500)
    made.advance(5.0)
    assert made.shaft == pytest.approx(2048.0 - 500.0)


def test_mode_3_ignores_a_large_homing_offset_and_reads_within_one_turn() -> None:
    made = servo(mode=4, shaft=5000.0)
    put(made, "Homing_Offset", 1500)
    made.world.hand = 6000.0
    made.advance(1.0)
    assert made.value("Present_Position") == 5000 % 4096 + 1000 + 1500
    put(made, "Operating_Mode", 3)
    assert made.value("Present_Position") == 6000 % 4096
    put(made, "Homing_Offset", 1024)
    assert made.value("Present_Position") == 6000 % 4096 + 1024


def test_turns_are_counted_until_the_servo_restarts() -> None:
    made = servo()
    made.world.hand = 2048.0 + 2 * 4096.0
    made.advance(1.0)
    assert made.value("Present_Position") == 2048 + 2 * 4096
    made.reboot()
    assert made.value("Present_Position") == 2048


def test_clear_forgets_turns_but_not_in_motion() -> None:
    made = running()
    put(made, "Goal_Position", 2048 + 3 * 4096)
    made.advance(0.5)
    with pytest.raises(RefusedError) as caught:
        made.clear_turns()
    assert caught.value.number is ErrorNumber.RESULT_FAIL
    made.advance(10.0)
    made.advance(11.0)
    made.clear_turns()
    assert made.value("Present_Position") == made.value("Goal_Position") == 2048


def test_overload_lets_go_until_a_reboot() -> None:
    made = running()
    made.fail(HardwareError.OVERLOAD)
    assert made.alert
    assert made.value("Hardware_Error_Status") == HardwareError.OVERLOAD
    assert made.value("Torque_Enable") == 0
    assert refusal(made, "Torque_Enable", 1) is ErrorNumber.RESULT_FAIL
    put(made, "Torque_Enable", 0)
    made.reboot()
    assert not made.alert
    put(made, "Torque_Enable", 1)
    assert made.torque


def test_an_error_that_shutdown_leaves_out_only_alerts() -> None:
    made = servo()
    put(made, "Shutdown", HardwareError.OVERLOAD)
    put(made, "Torque_Enable", 1)
    made.fail(HardwareError.OVERHEATING)
    assert made.alert
    assert made.torque


def test_reboot_keeps_eeprom_and_forgets_ram() -> None:
    made = servo()
    put(made, "Homing_Offset", -77)
    put(made, "LED", 1)
    put(made, "Torque_Enable", 1)
    made.reboot()
    assert made.value("Homing_Offset") == -77
    assert made.value("Operating_Mode") == 4
    assert made.value("LED") == 0
    assert not made.torque


@pytest.mark.parametrize(
    ("keep_id", "keep_baud", "kept"),
    [(True, True, (9, 3)), (True, False, (9, 1)), (False, False, (1, 1))],
)
def test_factory_reset_keeps_what_is_asked(
    keep_id: bool, keep_baud: bool, kept: tuple[int, int]
) -> None:
    made = Servo(XL430_W250, 9)
    put(made, "Homing_Offset", 12)
    made.factory_reset(keep_id, keep_baud)
    assert (made.value("ID"), made.value("Baud_Rate")) == kept
    assert made.value("Homing_Offset") == 0


def test_the_watchdog_stops_a_servo_that_hears_nothing() -> None:
    made = running()
    made.hear(0.0)
    put(made, "Bus_Watchdog", 5)  # 100 ms
    put(made, "Goal_Position", 40_000)
    made.advance(0.09)
    assert made.value("Bus_Watchdog") == 5
    made.advance(0.2)
    stopped = made.value("Present_Position")
    assert made.value("Bus_Watchdog") == -1
    assert refusal(made, "Goal_Position", 0) is ErrorNumber.DATA_RANGE
    made.advance(0.3)
    assert made.value("Present_Position") == stopped
    put(made, "Bus_Watchdog", 0)
    put(made, "Goal_Position", stopped + 100)
    made.advance(2.0)
    assert made.value("Present_Position") == stopped + 100


def test_a_hand_moves_a_loose_shaft_and_a_yielding_one_only() -> None:
    loose, stiff, yielding = servo(4), running(4), running(5)
    for made in (loose, stiff, yielding):
        made.world.hand = 2500.0
        made.advance(1.0)
    assert [made.position for made in (loose, stiff, yielding)] == [2500, 2048, 2500]
    yielding.world.hand = None
    yielding.advance(3.0)
    assert yielding.position == 2048  # it springs back to its goal


def test_a_stop_holds_the_shaft_and_the_motor_pushes() -> None:
    made = running(5)
    made.world.low = 2000.0
    put(made, "Goal_Current", 300)
    put(made, "Goal_Position", 1000)
    made.advance(2.0)
    assert made.value("Present_Position") == 2000
    assert made.value("Present_Current") == -300


def test_a_loose_joint_sinks_a_driven_one_does_not() -> None:
    loose, stiff = servo(4), running(4)
    for made in (loose, stiff):
        made.world.slump = 1000.0
        made.advance(5.0)
    assert (loose.position, stiff.position) == (1000, 2048)


@pytest.mark.parametrize(
    ("mode", "goal", "value"),
    [(1, "Goal_Velocity", 100), (16, "Goal_PWM", 442), (0, "Goal_Current", 875)],
)
def test_modes_without_a_position_turn_steadily(mode: int, goal: str, value: int) -> None:
    made = running(mode)
    put(made, goal, value)
    for step in range(1, 101):
        made.advance(step / 100.0)
    speed = made.value("Present_Velocity")
    assert speed == pytest.approx(100 if mode == 1 else 445 / 2, rel=0.01)
    before = made.position
    made.advance(1.5)
    expected = before + 0.5 * speed * VELOCITY_UNIT_COUNTS_S
    assert made.position == pytest.approx(expected, rel=0.02)


def test_torque_on_by_goal_update() -> None:
    made = servo()
    put(made, "Drive_Mode", 8)
    put(made, "Goal_Position", 2100)
    assert made.torque
    made.advance(2.0)
    assert made.position == 2100


def test_plausible_supply_and_heat() -> None:
    small, large = Servo(XL330_M288, 1), Servo(XL430_W250, 1)
    for made in (small, large):
        low, high = made.value("Min_Voltage_Limit"), made.value("Max_Voltage_Limit")
        assert low < made.value("Present_Input_Voltage") < high
        assert 20 <= made.value("Present_Temperature") < made.value("Temperature_Limit")


def test_the_present_block_lies_where_the_table_says() -> None:
    made = running()
    put(made, "Goal_Position", 3000)
    made.advance(0.05)
    for name in ("Present_Position", "Position_Trajectory", "Present_Velocity", "Realtime_Tick"):
        register = made.model.registers[name]
        data = made.read(register.address, register.size)
        assert int.from_bytes(data, "little", signed=register.signed) == made.value(name)
    assert made.value("Position_Trajectory") == 3000
    assert made.value("Realtime_Tick") == 50
