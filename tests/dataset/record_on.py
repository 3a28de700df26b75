"""Records a take until it is killed: `python -m tests.dataset.record_on ROOT`.

Prints the number of each frame that begins: those before it were handed over with their images.
"""

import sys
from pathlib import Path

from tests.dataset.lists import small_lab


def say(camera: str, row: int) -> int:
    """Which image the camera shows: a new one each frame."""
    if camera == "front":
        print(row, flush=True)
    return row


def main() -> None:
    """Record for ever."""
    lab = small_lab(Path(sys.argv[1]))
    with lab.open() as writer:
        lab.stage(writer, "on and on", rows=25_000, show=say)


if __name__ == "__main__":
    main()
