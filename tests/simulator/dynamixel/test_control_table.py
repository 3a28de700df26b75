import pytest

from lerecord.motors import Model
from lerecord.motors.dynamixel.tables import MODELS
from lerecord.simulator.dynamixel.control_table import ControlTable, ErrorNumber, RefusedError

XL330, XL430 = MODELS["xl330-m288"], MODELS["xl430-w250"]


def refusal(model: Model, address: int, data: bytes) -> ErrorNumber:
    with pytest.raises(RefusedError) as caught:
        ControlTable(model).decode(address, data)
    return caught.value.number


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_registers_do_not_overlap_and_hold_their_initial_values(model: Model) -> None:
    taken: set[int] = set()
    table = ControlTable(model)
    for name, register in model.registers.items():
        span = set(range(register.address, register.address + register.size))
        assert not taken & span, name
        taken |= span
        assert table.load(name) == register.initial
        if register.writable and register.minimum is not None and register.maximum is not None:
            assert register.minimum <= register.initial <= register.maximum, name


def test_signed_values_survive() -> None:
    table = ControlTable(XL330)
    table.store("Homing_Offset", -1536)
    assert table.load("Homing_Offset") == -1536
    assert table.read(20, 4) == (-1536).to_bytes(4, "little", signed=True)


def test_neighbouring_registers_are_written_at_once() -> None:
    data = (100).to_bytes(2, "little") + (200).to_bytes(2, "little") + (7).to_bytes(2, "little")
    values = ControlTable(XL330).decode(80, data)
    assert values == {"Position_D_Gain": 100, "Position_I_Gain": 200, "Position_P_Gain": 7}


@pytest.mark.parametrize(
    ("address", "data", "number"),
    [
        (132, bytes(4), ErrorNumber.ACCESS),  # Present_Position is read-only
        (14, bytes(1), ErrorNumber.ACCESS),  # nothing is there
        (117, bytes(4), ErrorNumber.ACCESS),  # the middle of Goal_Position
        (116, bytes(2), ErrorNumber.DATA_LENGTH),
        (84, bytes(3), ErrorNumber.ACCESS),  # Position_P_Gain, then a gap
        (116, b"", ErrorNumber.DATA_LENGTH),
        (64, b"\x02", ErrorNumber.DATA_RANGE),
        (11, b"\x02", ErrorNumber.DATA_RANGE),
        (48, (4096).to_bytes(4, "little"), ErrorNumber.DATA_RANGE),
    ],
)
def test_what_does_not_fit_is_refused(address: int, data: bytes, number: ErrorNumber) -> None:
    assert refusal(XL330, address, data) is number


def test_a_model_takes_its_own_modes_only() -> None:
    assert ControlTable(XL330).decode(11, b"\x05") == {"Operating_Mode": 5}
    assert refusal(XL430, 11, b"\x05") is ErrorNumber.DATA_RANGE


@pytest.mark.parametrize(("address", "size"), [(0, 0), (147, 2), (4000, 1)])
def test_reading_beyond_the_table_is_refused(address: int, size: int) -> None:
    with pytest.raises(RefusedError) as caught:
        ControlTable(XL330).read(address, size)
    assert caught.value.number is ErrorNumber.ACCESS
