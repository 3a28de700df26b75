"""The simulated rig as a process: `python -m lerecord _simulator [--loop]`.

JSON lines on stdin and stdout, as `messages` has them: first in an `Opening`, first out `Up`; then
commands in, events out, the last of them `Failed` where it ends with status 2.
It ends at the end of stdin, and at nothing else: its parent decides.
"""

import argparse
import sys
from collections.abc import Sequence

from lerecord.errors import LerecordError
from lerecord.processes import tell
from lerecord.simulator.messages import EVENTS, Event, Failed
from lerecord.simulator.server.process import run


def main(arguments: Sequence[str]) -> int:
    """Serve until the end of stdin; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m lerecord _simulator")
    parser.add_argument("--loop", action="store_true", help="repeat demonstrations unasked")
    options = parser.parse_args(arguments)
    try:
        run(sys.stdin.fileno(), _tell, options.loop)
    except LerecordError as error:
        _tell(Failed(str(error)))
        print(error, file=sys.stderr)
        return 2
    return 0


def _tell(event: Event) -> None:
    tell(EVENTS.write(event))
