"""What a command tells a person, told to the lerecord process that started it, too.

The streams of such a command stay the terminal's. Each line of the file is an object: `lines` are
those of a result, and `error` is the sentence that the command ended with.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lerecord.processes import RESULT_FILE


def tell_result(lines: Sequence[str]) -> None:
    """The lines of a result; nothing happens where nobody wants to know."""
    _tell({"lines": list(lines)})


def tell_error(sentence: str) -> None:
    """Why the command did not do what it was to; likewise."""
    _tell({"error": sentence})


def told_in(path: Path) -> tuple[tuple[str, ...], str | None]:
    """The lines of every result in such a file, and the last error."""
    if not path.is_file():
        return (), None
    import json  # most commands never need it

    told = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines = tuple(line for each in told for line in each.get("lines", ()))
    errors = [each["error"] for each in told if "error" in each]
    return lines, errors[-1] if errors else None


def _tell(told: dict[str, Any]) -> None:
    if name := os.environ.get(RESULT_FILE):
        import json

        with Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
