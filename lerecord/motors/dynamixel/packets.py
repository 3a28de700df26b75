"""Packets of Dynamixel Protocol 2.0, which the maker's SDK makes and checks.

The SDK's group reads are not used: they drop the error byte of each reply, do not say which servo
was silent, and give zeros for what they did not get. Facts: ROBOTIS e-manual, "DYNAMIXEL
Protocol 2.0".
"""

from collections.abc import Sequence
from typing import Any

from dynamixel_sdk import Protocol2PacketHandler, robotis_def

from lerecord.motors.errors import BusError
from lerecord.motors.wire import DamagedError, Status

ALERT = 0x80  # bit of a reply's error field: Hardware_Error_Status is not zero

_ID, _LENGTH, _INSTRUCTION, _ERROR, _DATA = 4, 5, 7, 8, 9  # where a packet's fields are
_LENGTH_AROUND_DATA = 4
_DAMAGED_REQUEST = 3  # error number: the servo found a wrong CRC


class Protocol2:
    """What is written to the port, and the status packets that come from it."""

    overhead = 11

    def __init__(self) -> None:
        self._handler: Any = Protocol2PacketHandler()

    def ping(self, port: Any, servo_id: int) -> None:
        """Ask a servo for its model number and firmware version."""
        packet = [0] * 10
        packet[_ID], packet[_LENGTH] = servo_id, 3
        packet[_INSTRUCTION] = robotis_def.INST_PING
        self._sent(port, self._handler.txPacket(port, packet))

    def read(self, port: Any, ids: Sequence[int], address: int, size: int) -> None:
        """Ask servos for bytes of their control tables."""
        if len(ids) == 1:
            result = self._handler.readTx(port, ids[0], address, size)
        else:
            result = self._handler.syncReadTx(port, address, size, ids, len(ids), False)
        self._sent(port, result)

    def write(self, port: Any, servo_id: int, address: int, data: bytes) -> None:
        """Write bytes into the control table of a servo, which acknowledges it."""
        result = self._handler.writeTxOnly(port, servo_id, address, len(data), list(data))
        self._sent(port, result)

    def sync_write(self, port: Any, address: int, size: int, data: Sequence[int]) -> None:
        """Write `size` bytes into each of several servos: ID and bytes, one after the other."""
        result = self._handler.syncWriteTxOnly(port, address, size, data, len(data))
        self._sent(port, result)

    def receive(self, port: Any) -> Status | None:
        """The next status packet; None when none comes in time. Raises DamagedError.

        The SDK passes over what is no status packet, such as an adapter's echo of a request.
        """
        packet, result = self._handler.rxPacket(port, False)
        if result == robotis_def.COMM_RX_TIMEOUT:
            return None
        if result != robotis_def.COMM_SUCCESS:
            raise DamagedError
        length = packet[_LENGTH] | packet[_LENGTH + 1] << 8
        data = packet[_DATA : _DATA + max(length - _LENGTH_AROUND_DATA, 0)]  # rubbish is behind it
        return Status(packet[_ID], packet[_ERROR], bytes(data))

    def refusal(self, error: int) -> int:
        """The number in an error field that tells why a servo did not do what it was told."""
        return error & ~ALERT

    def is_damage(self, refusal: int) -> bool:
        """True for the refusal of a request that came damaged at the servo."""
        return refusal == _DAMAGED_REQUEST

    def _sent(self, port: Any, result: int) -> None:
        if result != robotis_def.COMM_SUCCESS:
            reason = self._handler.getTxRxResult(result)
            raise BusError(f"The port {port.port_name} did not take a request: {reason}")
