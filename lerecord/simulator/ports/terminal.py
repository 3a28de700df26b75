"""A pseudo-terminal that can be unplugged, and what hangs on it."""

import os
import termios
import tty
from pathlib import Path
from typing import Protocol

from lerecord.motors import dynamixel, feetech

_SPEEDS = {
    getattr(termios, f"B{rate}"): rate
    for rate in (*dynamixel.BAUD_RATES.values(), *feetech.BAUD_RATES.values())
    if hasattr(termios, f"B{rate}")
}
_UNKNOWN_RATE = 0  # no servo listens at it
_OUTPUT_SPEED = 5  # where tcgetattr has it


class Wire(Protocol):
    """What hangs on a port: takes bytes at a time, gives the replies to them in one piece."""

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        """Replies to the bytes, sent at so many bits a second; None where there is no rate."""
        ...


class Cable(Protocol):
    """What a port does that no request asks for; times on the clock of the ports."""

    def late(self, now: float) -> bytes:
        """Replies that were late and are there by now."""
        ...

    def plugged(self, now: float) -> bool:
        """False while the adapter is unplugged."""
        ...

    def wait_s(self, now: float) -> float | None:
        """Seconds until one of the two changes; None for never."""
        ...


class FixedCable:
    """One that stays plugged in, and is never late."""

    def late(self, now: float) -> bytes:
        """Nothing."""
        return b""

    def plugged(self, now: float) -> bool:
        """True."""
        return True

    def wait_s(self, now: float) -> float | None:
        """None."""
        return None


class Terminal:
    """A pseudo-terminal under a path that stays when it is unplugged and plugged in again.

    Both ends are kept open here: clients may open and close theirs as they like.
    """

    def __init__(self, path: Path, wire: Wire, cable: Cable) -> None:
        self.wire = wire
        self.cable = cable
        self.server: int | None = None
        self._path = path
        self._client = -1

    def feed(self, data: bytes, now: float) -> bytes:
        """Replies to the bytes, which come at the rate that the client has set."""
        speed = termios.tcgetattr(self._client)[_OUTPUT_SPEED]
        return self.wire.feed(data, now, _SPEEDS.get(speed, _UNKNOWN_RATE))

    def follow_plug(self, now: float) -> None:
        """Be there or not, as the cable says."""
        plugged = self.cable.plugged(now)
        if plugged and self.server is None:
            self.server, self._client = os.openpty()
            tty.setraw(self._client)
            os.set_blocking(self.server, False)
            self._path.symlink_to(os.ttyname(self._client))
        elif not plugged:
            self.close()

    def close(self) -> None:
        """Hang up on the client, as an adapter does that is unplugged."""
        if self.server is not None:
            self._path.unlink()
            os.close(self._client)
            os.close(self.server)
            self.server = None
