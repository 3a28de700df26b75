"""The simulated rig as a process: `python -m lerecord _simulator [--loop]`.

JSON lines on stdin and stdout. First in: {"seed": 0, "rig": "koch", "cameras": {"front": {"width":
640, "height": 480, "fps": 30}}}; first out: {"event": "up", "ports": {...}, "cameras": {...}}. Then
in: {"phase": "reset" | "record" | "idle" | "watch" | "correct"}, {"faults": {...} | null} or
{"query": "truth" | "faults"}; out: {"event": "ready" | "done" | "truth" | "faults"}, or {"event":
"error", "message": ...} before it ends with status 2.
It ends at the end of stdin, and at nothing else: its parent decides.
"""

import argparse
import sys
from collections.abc import Sequence

from lerecord.errors import LerecordError
from lerecord.processes import say
from lerecord.simulator.server.process import run


def main(arguments: Sequence[str]) -> int:
    """Serve until the end of stdin; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lerecord _simulator")
    parser.add_argument("--loop", action="store_true", help="repeat demonstrations unasked")
    options = parser.parse_args(arguments)
    try:
        run(sys.stdin.fileno(), say, options.loop)
    except LerecordError as error:
        say("error", message=str(error))
        print(error, file=sys.stderr)
        return 2
    return 0
