"""A simulated camera's process, as the simulator sees it."""

import json
import select
import socket
import subprocess
from dataclasses import replace

from lerecord.errors import DeviceError
from lerecord.processes import child_command, environment
from lerecord.simulator.messages import CAMERA, CameraOpening, CameraUp, SimulatedCamera
from lerecord.simulator.server.stages import pair_and_view


class CameraChild:
    """A camera's process; ends with the block.

    Args:
        camera: what it shows.
        seed: of its table and noise.
        sight: socket to the world; closed here once the process has it.
    """

    def __init__(self, camera: SimulatedCamera, seed: int, sight: socket.socket) -> None:
        self._name = camera.name
        self._fps = camera.fps
        self.needed = 0.0
        """Cores that it needs to keep its rate; known once it is up."""
        shown = replace(camera, name=pair_and_view(camera.name)[1])
        opening = CAMERA.write(CameraOpening(shown, seed, sight.fileno()))
        self._process = subprocess.Popen(
            [*child_command("simulated-camera"), json.dumps(opening)],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[sight.fileno()],
        )
        sight.close()

    def __enter__(self) -> "CameraChild":
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:  # closes its pipes, which ends it
            pass

    def fileno(self) -> int:
        """Becomes readable when the process has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def url(self) -> str:
        """Where it serves its images; waits for it to be up. Raises DeviceError if it ends."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.check()
        up: CameraUp = CAMERA.read(json.loads(line))
        self.needed = up.image_s * self._fps
        return up.url

    def check(self) -> None:
        """Raise DeviceError when the process has ended."""
        readable, _, _ = select.select([self], [], [], 0.0)
        if readable:
            status = self._process.wait()
            raise DeviceError(
                f"The process of the simulated camera {self._name!r} ended by itself with status "
                f"{status}; its reason stands above."
            )
