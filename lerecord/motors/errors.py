"""What can go wrong between this program and a servo."""

from collections.abc import Sequence

from lerecord.errors import DeviceError


class BusError(DeviceError):
    """A transaction failed; nothing was read, and a write may or may not have been done."""


class SilentArmError(DeviceError):
    """No servo of an arm answers on its port."""


class NoReplyError(BusError):
    """Servos did not answer in time.

    Attributes:
        motors: names of the silent ones, in the order in which they were asked.
    """

    def __init__(self, message: str, motors: Sequence[str]) -> None:
        super().__init__(message)
        self.motors = tuple(motors)


class CorruptReplyError(BusError):
    """Packets came damaged: at the recorder, or, as the servo says, at the servo."""


class ServoError(BusError):
    """A servo answered that something is wrong with it or with the request.

    Attributes:
        motor: its name.
    """

    def __init__(self, message: str, motor: str) -> None:
        super().__init__(message)
        self.motor = motor


class ServoRefusedError(ServoError):
    """A servo refused a request: value out of range, register locked, and the like."""


class ServoAlertError(ServoError):
    """A servo reports a hardware error: overload, overheating and the like.

    Attributes:
        status: its Hardware_Error_Status.
    """

    def __init__(self, message: str, motor: str, status: int) -> None:
        super().__init__(message, motor)
        self.status = status


class PortLostError(BusError):
    """The serial port is gone or closed."""
