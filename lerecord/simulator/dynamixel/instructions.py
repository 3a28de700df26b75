"""What each instruction does to one simulated servo (ROBOTIS e-manual, DYNAMIXEL Protocol 2.0)."""

from collections.abc import Callable

from lerecord.simulator.dynamixel.control_table import ErrorNumber, RefusedError
from lerecord.simulator.dynamixel.servo import Servo

PING, READ, WRITE, REG_WRITE, ACTION = 0x01, 0x02, 0x03, 0x04, 0x05
FACTORY_RESET, REBOOT, CLEAR = 0x06, 0x08, 0x10
SYNC_READ, SYNC_WRITE, FAST_SYNC_READ = 0x82, 0x83, 0x8A
BULK_READ, BULK_WRITE, FAST_BULK_READ = 0x92, 0x93, 0x9A

RESET_ALL = b"\xff"
_RESET_BUT_ID, _RESET_BUT_ID_AND_BAUD = b"\x01", b"\x02"
_CLEAR_TURNS = b"\x01\x44\x58\x4c\x22"


def address_and_size(parameters: bytes) -> tuple[int, int]:
    """The stretch of the control table that the first four bytes name."""
    return int.from_bytes(parameters[:2], "little"), int.from_bytes(parameters[2:4], "little")


def undefined(servo: Servo, parameters: bytes) -> bytes:
    """What a servo makes of an instruction that it does not know: RefusedError."""
    raise RefusedError(ErrorNumber.INSTRUCTION)


def _ping(servo: Servo, parameters: bytes) -> bytes:
    return servo.read(0, 2) + servo.read(6, 1)


def _read(servo: Servo, parameters: bytes) -> bytes:
    if len(parameters) != 4:
        raise RefusedError(ErrorNumber.DATA_LENGTH)
    return servo.read(*address_and_size(parameters))


def _write(servo: Servo, parameters: bytes) -> bytes:
    servo.write(int.from_bytes(parameters[:2], "little"), parameters[2:])
    return b""


def _reg_write(servo: Servo, parameters: bytes) -> bytes:
    servo.check(int.from_bytes(parameters[:2], "little"), parameters[2:])
    servo.pending = (int.from_bytes(parameters[:2], "little"), parameters[2:])
    return b""


def _action(servo: Servo, parameters: bytes) -> bytes:
    if servo.pending is None:
        raise RefusedError(ErrorNumber.INSTRUCTION)
    (address, data), servo.pending = servo.pending, None
    servo.write(address, data)
    return b""


def _factory_reset(servo: Servo, parameters: bytes) -> bytes:
    if parameters not in (RESET_ALL, _RESET_BUT_ID, _RESET_BUT_ID_AND_BAUD) or servo.torque:
        raise RefusedError(ErrorNumber.RESULT_FAIL)
    servo.factory_reset(parameters != RESET_ALL, parameters == _RESET_BUT_ID_AND_BAUD)
    return b""


def _reboot(servo: Servo, parameters: bytes) -> bytes:
    servo.reboot()
    return b""


def _clear(servo: Servo, parameters: bytes) -> bytes:
    if parameters != _CLEAR_TURNS:
        raise RefusedError(ErrorNumber.DATA_RANGE)
    servo.clear_turns()
    return b""


ON_ONE_SERVO: dict[int, Callable[[Servo, bytes], bytes]] = {
    PING: _ping,
    READ: _read,
    WRITE: _write,
    REG_WRITE: _reg_write,
    ACTION: _action,
    FACTORY_RESET: _factory_reset,
    REBOOT: _reboot,
    CLEAR: _clear,
}
"""Instruction to what it does with its parameters; gives the data of the status packet."""
