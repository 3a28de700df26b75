"""The register memory of a simulated servo, and the errors that it answers with."""

import enum
from collections.abc import Mapping

from lerecord.motors import Model


class ErrorNumber(enum.IntEnum):
    """Error field of a status packet (ROBOTIS e-manual, Protocol 2.0)."""

    RESULT_FAIL = 1
    INSTRUCTION = 2
    CRC = 3
    DATA_RANGE = 4
    DATA_LENGTH = 5
    DATA_LIMIT = 6
    ACCESS = 7


class RefusedError(Exception):
    """The servo does not do what an instruction asks; carries the number for the status packet."""

    def __init__(self, number: ErrorNumber) -> None:
        super().__init__(number.name)
        self.number = number


class ControlTable:
    """Registers by name over one stretch of bytes, as the model's table lays them out."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._registers = model.registers
        self._names = {register.address: name for name, register in model.registers.items()}
        self.size = max(r.address + r.size for r in model.registers.values())
        self.memory = bytearray(self.size)
        self.reset(model.registers)

    def reset(self, names: Mapping[str, object] | list[str]) -> None:
        """Give these registers their initial values."""
        for name in names:
            self.store(name, self._registers[name].initial)

    def load(self, name: str) -> int:
        """Value of a register; raises KeyError when the model has none of that name."""
        register = self._registers[name]
        part = self.memory[register.address : register.address + register.size]
        return int.from_bytes(part, "little", signed=register.signed)

    def store(self, name: str, value: int) -> None:
        """Set a register, unchecked."""
        register = self._registers[name]
        self.memory[register.address : register.address + register.size] = value.to_bytes(
            register.size, "little", signed=register.signed
        )

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the table; raises RefusedError (access) outside of it."""
        if size == 0 or address + size > self.size:
            raise RefusedError(ErrorNumber.ACCESS)
        return bytes(self.memory[address : address + size])

    def decode(self, address: int, data: bytes) -> dict[str, int]:
        """Values by register that a write of these bytes means.

        Raises RefusedError: access for an address where no register starts or one that is
        read-only, data length for a part of a register, data range for a value out of range.
        """
        values: dict[str, int] = {}
        start = 0
        while start < len(data):
            name = self._names.get(address + start)
            if name is None or not self._registers[name].writable:
                raise RefusedError(ErrorNumber.ACCESS)
            register = self._registers[name]
            part = data[start : start + register.size]
            if len(part) < register.size:
                raise RefusedError(ErrorNumber.DATA_LENGTH)
            values[name] = int.from_bytes(part, "little", signed=register.signed)
            start += register.size
        if not values:
            raise RefusedError(ErrorNumber.DATA_LENGTH)
        for name, value in values.items():
            self._check_range(name, value)
        return values

    def _check_range(self, name: str, value: int) -> None:
        register = self._registers[name]
        too_small = register.minimum is not None and value < register.minimum
        too_large = register.maximum is not None and value > register.maximum
        unknown_mode = name == "Operating_Mode" and value not in self.model.modes
        if too_small or too_large or unknown_mode:
            raise RefusedError(ErrorNumber.DATA_RANGE)
