"""Run the simulated rig as a process: `python -m lerecord.simulator.server.main [--loop]`.

JSON lines on stdin and stdout. First in: {"seed": 0, "cameras": {"front": {"width": 640, "height":
480, "fps": 30}}}; first out: {"event": "up", "ports": {...}, "cameras": {...}}. Then in: {"phase":
"reset" | "record" | "idle"}, {"faults": {...} | null} or {"query": "truth" | "faults"}; out:
{"event": "ready" | "done" | "truth" | "faults"}, or {"event": "error", "message": ...} before it
ends with status 2.
It ends at the end of stdin, and at nothing else: its parent decides.
"""

import argparse
import json
import signal
import sys

from lerecord.processes import end_with_any_thread

_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(arguments: list[str] | None = None) -> int:
    """Serve until the end of stdin; the exit status."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    end_with_any_thread()  # a simulator without the thread of its servos is none
    parser = argparse.ArgumentParser(prog="python -m lerecord.simulator.server.main")
    parser.add_argument("--loop", action="store_true", help="repeat demonstrations unasked")
    options = parser.parse_args(arguments)
    # Only now the heavy imports: a Ctrl-C that comes while they load must not end the process.
    from lerecord.errors import LerecordError
    from lerecord.simulator.server.process import run

    try:
        run(sys.stdin.fileno(), sys.stdout, options.loop)
    except LerecordError as error:
        print(json.dumps({"event": "error", "message": str(error)}), flush=True)
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0  # the parent is gone, which is how this process ends
    return 0


if __name__ == "__main__":
    sys.exit(main())
