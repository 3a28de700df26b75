"""Dynamixel servos of the X series: registers by name over Protocol 2.0."""

import struct
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lerecord.motors.bus import Motor, Present
from lerecord.motors.dynamixel.packets import ALERT, Protocol2
from lerecord.motors.dynamixel.tables import VELOCITY_UNIT_COUNTS_S
from lerecord.motors.errors import ServoAlertError, ServoRefusedError
from lerecord.motors.model import Register
from lerecord.motors.register_bus import QUIET_S, RegisterBus
from lerecord.motors.retry import NORMAL
from lerecord.motors.wire import Reply, Request

_PING_DATA = range(3, 4)  # model number and firmware version
_PRESENT = struct.Struct("<hii")  # Present_Current or Present_Load, _Velocity, _Position
_PRESENT_PLACE = Register(126, _PRESENT.size, writable=False)

_REFUSALS = {
    1: "could not carry out the request",
    2: "does not know the instruction",
    4: "says that the value is out of range",
    5: "says that the data has the wrong length",
    6: "says that the value is beyond its limits",
    7: "does not give access to the register (EEPROM is locked while torque is on)",
}
_ALERTS = {
    0x01: ("a wrong input voltage", "check the power supply"),
    0x04: ("overheating", "let it cool down"),
    0x08: ("a failure of its encoder", "replace it if this happens again"),
    0x10: ("an electrical shock or too little power", "check the power supply and the wiring"),
    0x20: ("overload", "free the joint of what blocks it"),
}


class DynamixelBus(RegisterBus):
    """A MotorBus of Dynamixel X servos.

    Args:
        port: a WaitingPort, or what acts like the SDK's PortHandler.
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
        self._protocol = Protocol2()
        super().__init__(port, motors, self._protocol, _PRESENT_PLACE, quiet_s, now)

    def _ping_request(self, asked: Motor) -> Request:
        return Request((asked,), _PING_DATA, lambda _: self._protocol.ping(self._port, asked.id))

    def _present_of(self, data: Sequence[bytes]) -> Present:
        read = [_PRESENT.unpack_from(each) for each in data]
        effort, velocity, position = np.array(read, dtype=np.int64).T
        return Present(position, velocity.astype(np.float64) * VELOCITY_UNIT_COUNTS_S, effort)

    def _raise_errors(self, register: str, replies: Mapping[str, Reply]) -> None:
        for name, reply in replies.items():
            if reply.refusal:
                self.counters.refused += 1
                reason = _REFUSALS.get(
                    reply.refusal, f"answers with the unknown error {reply.refusal}"
                )
                place = self._wire.place(self._motors[name])
                raise ServoRefusedError(f"{place} {reason}; it was asked for {register}.", name)
        for name, reply in replies.items():
            if reply.error & ALERT:
                self._raise_alert(self._motors[name])

    def _raise_alert(self, motor: Motor) -> None:
        """Ask the servo what the alert bit in its reply is about; nothing when it has gone."""
        self.counters.alerts += 1
        block = self._block("Hardware_Error_Status", (motor.name,))
        status = block.place.decode(self._replies(block, NORMAL)[motor.name].data)
        if status == 0:
            return
        known = [words for bit, words in _ALERTS.items() if status & bit]
        what = " and ".join(fault for fault, _ in known) or f"the hardware error {status:#04x}"
        remedies = "".join(f"{remedy}, " for _, remedy in known)
        raise ServoAlertError(
            f"{self._wire.place(motor)} reports {what}: {remedies}then switch the arm's power off "
            f"and on (hold the arm, it goes limp).",
            motor.name,
            status,
        )
