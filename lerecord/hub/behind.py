"""The process that pushes behind a recording session, when it is told to.

Each line on stdin asks for a push of what is committed then; a line on stdout says what came of
it. It yields to everything else that runs, and ends with the end of its stdin at once, in the
middle of a push too: the next push goes on from there.
"""

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from lerecord.errors import LerecordError
from lerecord.hub.dataset_push import push_dataset
from lerecord.hub.options import PushOptions
from lerecord.processes import end_with_input, errand, tell

_NICE = 19


def main(arguments: Sequence[str]) -> None:
    """Serve until stdin ends; the push under way is not waited for."""
    os.nice(_NICE)
    root, options = Path(arguments[0]), PushOptions(**json.loads(arguments[1]))
    asked = threading.Event()
    end_with_input(asked.set)
    while asked.wait():
        asked.clear()  # what is asked for during a push is one more push behind it
        try:
            outcome = push_dataset(root, options)
        except LerecordError as error:
            tell(errand.OUTCOMES.write(errand.Failed(str(error))))
        else:
            tell(errand.OUTCOMES.write(errand.Finished(outcome.episodes)))
