"""`python -m lerecord` is the `lerecord` command, or one of the processes that lerecord starts.

Which process, a first word says that no user types; only its module is imported, so that each stays
as light as what it does.
"""

import sys
from importlib import import_module

from lerecord.processes import behave_as_child, child_named

CHILDREN = {
    "camera": "lerecord.recording.recorder.camera_process",
    "writer": "lerecord.recording.recorder.writer_process",
    "screen": "lerecord.ui.terminal.screen",
    "station": "lerecord.ui.station.process",
    "push": "lerecord.hub.behind",
    "policy": "lerecord.policy.client.process",
    "fleet": "lerecord.fleet.engine_process",
    "simulator": "lerecord.simulator.server.main",
    "simulated-camera": "lerecord.simulator.camera.stream",
}
"""Name of a process to the module whose `main` takes its arguments and returns its exit status."""


def _run() -> int | None:
    name = child_named(sys.argv[1:2])
    if name in CHILDREN:
        behave_as_child()
        status: int | None = import_module(CHILDREN[name]).main(sys.argv[2:])
        return status
    from lerecord.cli import main

    main()
    return None


if __name__ == "__main__":
    sys.exit(_run())
