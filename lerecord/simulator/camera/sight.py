"""How a camera's process asks the world what it sees: one byte out, one fixed record back."""

import os
import struct
from dataclasses import dataclass

import numpy as np

from lerecord.simulator.faults import CameraFault
from lerecord.simulator.rigs import JOINTS
from lerecord.simulator.scene import Scene

_RECORD = struct.Struct(f"<dHB{len(JOINTS) + 3 + 9}d")
LOOK, TAKE = b"?", b"!"  # to look, and to stamp the image that is then taken


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """The world at an instant.

    Attributes:
        now: monotonic seconds.
        pan: the follower's pan encoder (0 to 4095).
        scene: what a camera sees.
        fault: of the camera that asks.
    """

    now: float
    pan: int
    scene: Scene
    fault: CameraFault = CameraFault.NONE

    def pack(self) -> bytes:
        """As a record."""
        return _RECORD.pack(
            self.now,
            self.pan,
            self.fault,
            *self.scene.follower,
            *self.scene.box_centre.tolist(),
            *self.scene.box_axes.ravel().tolist(),
        )


class SightClient:
    """Asks over a connected socket; raises EOFError when the world has ended."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def look(self, why: bytes = LOOK) -> Sight:
        """The world now; TAKE says that an image of it is delivered, LOOK that it may not be."""
        try:
            os.write(self._descriptor, why)
            data = b""
            while len(data) < _RECORD.size:
                received = os.read(self._descriptor, _RECORD.size - len(data))
                if not received:
                    raise EOFError
                data += received
        except ConnectionError as error:
            raise EOFError from error
        now, pan, fault, *numbers = _RECORD.unpack(data)
        joints = len(JOINTS)
        return Sight(
            now,
            pan,
            Scene(
                tuple(numbers[:joints]),
                np.array(numbers[joints : joints + 3]),
                np.array(numbers[joints + 3 :]).reshape(3, 3),
            ),
            CameraFault(fault),
        )
