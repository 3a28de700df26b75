"""`python -m lerecord.hub.behind`: pushes behind a recording session, when it is told to.

Each line on stdin asks for a push of what is committed then; a line on stdout says what came of
it. It yields to everything else that runs, and ends with the end of its stdin at once, in the
middle of a push too: the next push goes on from there.
"""

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO

from lerecord.errors import LerecordError
from lerecord.hub.dataset_push import push_dataset
from lerecord.hub.options import PushOptions
from lerecord.processes import end_with_any_thread

_NICE = 19


def main() -> None:
    """Serve until stdin ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # the parent decides, and says it through the pipe
    end_with_any_thread()
    os.nice(_NICE)
    root, options = Path(sys.argv[1]), PushOptions(**json.loads(sys.argv[2]))
    asked = threading.Event()
    # Whatever a library prints goes to stderr: stdout is the parent's.
    answers, sys.stdout = sys.stdout, sys.stderr
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    while asked.wait():
        asked.clear()  # what is asked for during a push is one more push behind it
        try:
            outcome = push_dataset(root, options)
        except LerecordError as error:
            _say(answers, event="failed", message=str(error))
        else:
            _say(answers, event="pushed", episodes=outcome.episodes)


def _listen(asked: threading.Event) -> None:
    while sys.stdin.buffer.readline():
        asked.set()
    os._exit(0)  # the push under way is not waited for


def _say(answers: TextIO, **content: object) -> None:
    with contextlib.suppress(BrokenPipeError):
        answers.write(json.dumps(content) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
