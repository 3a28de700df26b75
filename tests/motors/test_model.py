from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.motors import Model, Register
from lerecord.motors.dynamixel import MODELS as DYNAMIXEL
from lerecord.motors.feetech import BAUD_RATES, STS3215
from lerecord.motors.feetech import MODELS as FEETECH

MODELS = [*DYNAMIXEL.values(), *FEETECH.values()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_register_keeps_every_value_that_it_takes(model: Model) -> None:
    for name, register in model.registers.items():
        assert register.decode(register.encode(register.initial)) == register.initial, name
        for value in (register.minimum, register.maximum):
            if value is not None:
                assert register.takes(value), name
                assert len(register.encode(value)) == register.size
                assert register.decode(register.encode(value)) == value, name
        if register.maximum is not None:
            assert not register.takes(register.maximum + 1), name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_no_two_registers_overlap(model: Model) -> None:
    places = sorted((each.address, each.size) for each in model.registers.values())
    assert all(at + size <= following for (at, size), (following, _) in pairwise(places))


@given(st.integers(-2047, 2047))
def test_a_negative_offset_is_magnitude_and_bit_11(value: int) -> None:
    encoded = STS3215.registers["Homing_Offset"].encode(value)
    assert int.from_bytes(encoded, "little") == abs(value) + (2048 if value < 0 else 0)


def test_zero_with_the_sign_bit_is_zero() -> None:
    assert Register(0, 2, sign_bit=15).decode(b"\x00\x80") == 0


def test_what_eeprom_is_belongs_to_the_model() -> None:
    assert STS3215.is_eeprom("Velocity_I_Coefficient")
    assert not STS3215.is_eeprom("Torque_Enable")
    assert DYNAMIXEL["xl330-m288"].is_eeprom("Shutdown")
    assert not DYNAMIXEL["xl330-m288"].is_eeprom("Torque_Enable")


def test_baud_rates_are_the_makers() -> None:
    assert BAUD_RATES[0] == 1_000_000
    assert BAUD_RATES[5] == 76_800
    assert BAUD_RATES[7] == 38_400
