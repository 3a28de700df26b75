"""The registers of a simulated STS servo, and what of them outlives a power cut."""

from lerecord.motors import Model

SAFE_AFTER_S = 2.0  # until then a power cut may take back what was written into EEPROM
_SIZE = 256


class Memory:
    """Bytes by address, registers by name.

    A servo of this make checks no values, and what it does not keep it ignores.

    Args:
        model: whose registers these are.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.data = bytearray(_SIZE)
        self._registers = model.registers
        self._read_only = {
            register.address + offset
            for register in model.registers.values()
            if not register.writable
            for offset in range(register.size)
        }
        self._unsafe: list[tuple[float, int, int]] = []  # since when, address, byte
        for name, register in model.registers.items():
            self.store(name, register.initial)
        self._kept = bytes(self.data[: model.eeprom_end])

    def load(self, name: str) -> int:
        """Value of a register; raises KeyError when the model has none of that name."""
        register = self._registers[name]
        return register.decode(bytes(self.data[register.address : register.address + 2]))

    def store(self, name: str, value: int) -> None:
        """Set a register, unchecked."""
        register = self._registers[name]
        self.data[register.address : register.address + register.size] = register.encode(value)

    def keep(self, name: str, value: int) -> None:
        """Set a register as the maker does: it is there after a power cut."""
        self.store(name, value)
        self._kept = bytes(self.data[: self.model.eeprom_end])

    def write(self, address: int, data: bytes, now: float) -> set[str]:
        """Write bytes; the names of the registers that they touch."""
        lasts = self.load("Lock") == 0
        for at, byte in enumerate(data, address):
            if at >= _SIZE or at in self._read_only:
                continue
            self.data[at] = byte
            if lasts and at < self.model.eeprom_end:
                self._unsafe.append((now, at, byte))
        end = address + len(data)
        return {
            name
            for name, register in self._registers.items()
            if register.address < end and register.address + register.size > address
        }

    def settle(self, now: float) -> None:
        """What was written long enough ago is safe."""
        if self._unsafe and now - self._unsafe[0][0] >= SAFE_AFTER_S:
            kept = bytearray(self._kept)
            while self._unsafe and now - self._unsafe[0][0] >= SAFE_AFTER_S:
                _, at, byte = self._unsafe.pop(0)
                kept[at] = byte
            self._kept = bytes(kept)

    def lose_power(self) -> None:
        """What is kept comes back; everything else is as from the maker."""
        self._unsafe.clear()
        for name, register in self._registers.items():
            if not self.model.is_eeprom(name):
                self.store(name, register.initial)
        self.data[: self.model.eeprom_end] = self._kept
        self.store("Torque_Limit", self.load("Max_Torque_Limit"))

    def reset(self) -> None:
        """Everything but the ID as from the maker, to last."""
        servo_id = self.load("ID")
        for name, register in self._registers.items():
            self.store(name, register.initial)
        self.keep("ID", servo_id)
