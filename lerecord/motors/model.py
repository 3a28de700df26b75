"""What a servo model is: its registers, and how they hold a value."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Register:
    """One register of a control table; little endian.

    Attributes:
        address: of its first byte.
        size: bytes.
        signed: two's complement when True.
        writable: False for a register that only the servo changes.
        initial: value after a factory reset.
        minimum, maximum: smallest and largest value that a write may give it; None when free.
        sign_bit: bit that is set when the value is negative, the bits below being its magnitude;
            None when there is no such bit.
    """

    address: int
    size: int
    signed: bool = False
    writable: bool = True
    initial: int = 0
    minimum: int | None = None
    maximum: int | None = None
    sign_bit: int | None = None

    def takes(self, value: int) -> bool:
        """True for a value that may be written."""
        low = self.minimum if self.minimum is not None else value
        high = self.maximum if self.maximum is not None else value
        return self.writable and low <= value <= high

    def encode(self, value: int) -> bytes:
        """Bytes of a value."""
        if self.sign_bit is not None:
            value = abs(value) | (1 << self.sign_bit if value < 0 else 0)
        return int(value).to_bytes(self.size, "little", signed=self.signed)

    def decode(self, data: bytes) -> int:
        """Value of the register, whose bytes the data begin with."""
        value = int.from_bytes(data[: self.size], "little", signed=self.signed)
        if self.sign_bit is None:
            return value
        sign = 1 << self.sign_bit
        magnitude = value & (sign - 1)
        return -magnitude if value & sign else magnitude


@dataclass(frozen=True, slots=True)
class Model:
    """One servo model.

    Attributes:
        name: of the model.
        number: by which it tells what it is.
        registers: by name; every model has Model_Number, Torque_Enable, Goal_Position,
            Present_Position and Homing_Offset.
        modes: values that Operating_Mode takes.
        eeprom_end: registers below are kept without power, and locked while torque is on.
        counts_per_turn: of its encoder.
        lock: register that is 0 while what is written below `eeprom_end` shall last; None when
            it always does.
        counts_turns: False when positions never leave one turn.
        strength: effort of a servo that is held with all its might, as `Present` has it.
    """

    name: str
    number: int
    registers: Mapping[str, Register]
    modes: frozenset[int]
    eeprom_end: int
    counts_per_turn: int
    lock: str | None = None
    counts_turns: bool = True
    strength: int = 1000

    def is_eeprom(self, register: str) -> bool:
        """True for a register that is kept without power."""
        return self.registers[register].address < self.eeprom_end

    def room_behind(self, place: Register, most: int) -> int:
        """Mapped bytes that follow the place without a gap, `most` of them at most."""
        mapped = {
            address
            for other in self.registers.values()
            for address in range(other.address, other.address + other.size)
        }
        end = place.address + place.size
        behind = range(end, end + most)
        return next((at - end for at in behind if at not in mapped), most)
