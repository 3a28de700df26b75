"""Feetech servos of the STS series: registers by name over the maker's protocol."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lerecord.motors.bus import Motor, Present
from lerecord.motors.errors import ServoAlertError
from lerecord.motors.feetech.packets import StsPackets
from lerecord.motors.feetech.tables import STS3215, StatusBit
from lerecord.motors.model import Register
from lerecord.motors.register_bus import QUIET_S, RegisterBus
from lerecord.motors.retry import NORMAL
from lerecord.motors.wire import Reply, Request

_POSITION, _VELOCITY, _CURRENT = (
    STS3215.registers[f"Present_{name}"] for name in ("Position", "Velocity", "Current")
)
_PRESENT_AT, _PRESENT_END = _POSITION.address, _CURRENT.address + _CURRENT.size
_PRESENT_PLACE = Register(_PRESENT_AT, _PRESENT_END - _PRESENT_AT, writable=False)

_ALERTS = {
    StatusBit.VOLTAGE: (
        "a wrong input voltage",
        "check the power supply (7.4 V servos burn at 12 V), and its plug",
    ),
    StatusBit.ENCODER: ("a failure of its encoder", "replace it if this happens again"),
    StatusBit.TEMPERATURE: ("overheating", "let it cool down"),
    StatusBit.CURRENT: ("too much current", "free the joint of what blocks it"),
}


class FeetechBus(RegisterBus):
    """A MotorBus of Feetech STS servos.

    The error byte of every reply is looked at. Overload is counted in `alerts` and is no error: a
    gripper that holds an object comes into it all the time, the servo then limits its torque by
    itself, and the next goal ends it. So is a position out of range. The rest are errors.

    The effort of `read_present` is Present_Current (6.5 mA).

    Args:
        port: a WaitingPort, or what acts like one.
        motors: the servos on the wire.
        quiet_s: after a failure, how long no byte may come before the next request goes out.
        now: clock of the retry budgets, seconds.
    """

    def __init__(
        self,
        port: Any,
        motors: Sequence[Motor],
        quiet_s: float = QUIET_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(port, motors, StsPackets(), _PRESENT_PLACE, quiet_s, now)

    def _ping_request(self, asked: Motor) -> Request:
        """A read: the reply to this make's ping has no model number.

        Besides, that reply is the same as the echo of the request when the voltage is wrong.
        """
        place = STS3215.registers["Model_Number"]

        def send(size: int) -> None:
            self._packets.read(self._port, [asked.id], place.address, size)

        return Request((asked,), range(place.size, place.size + 1), send)

    def _present_of(self, data: Sequence[bytes]) -> Present:
        measured = (_POSITION, _VELOCITY, _CURRENT)
        read = [[at.decode(each[at.address - _PRESENT_AT :]) for at in measured] for each in data]
        position, velocity, current = np.array(read, dtype=np.int64).T
        return Present(position, velocity.astype(np.float64), current)

    def _raise_errors(self, register: str, replies: Mapping[str, Reply]) -> None:
        for name, reply in replies.items():
            if not reply.error:
                continue
            self.counters.alerts += 1
            known = [words for bit, words in _ALERTS.items() if reply.error & bit]
            if known:
                what = " and ".join(fault for fault, _ in known)
                remedies = ", ".join(remedy for _, remedy in known)
                place = self._wire.place(self._motors[name])
                volts = self._volts(name) if reply.error & StatusBit.VOLTAGE else ""
                raise ServoAlertError(
                    f"{place} reports {what}{volts}: {remedies}.", name, reply.error
                )

    def _volts(self, name: str) -> str:
        """What is measured, and what it may be."""
        registers = ("Present_Voltage", "Min_Voltage_Limit", "Max_Voltage_Limit")
        blocks = [self._block(register, (name,)) for register in registers]
        replies = [self._replies(block, NORMAL)[name] for block in blocks]
        volts = [at.place.decode(it.data) / 10 for at, it in zip(blocks, replies, strict=True)]
        return f" ({volts[0]:.1f} V, and it takes {volts[1]:.1f} to {volts[2]:.1f} V)"
