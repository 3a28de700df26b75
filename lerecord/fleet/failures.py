"""Why something could not be done for a dataset, in a sentence: the others go on."""

import traceback
from pathlib import Path

from lerecord.errors import LerecordError
from lerecord.refusals import said


def sentence_of(error: Exception, root: Path, thing: str) -> str:
    """What is said of an error.

    Args:
        error: whatever was raised.
        root: the dataset's folder.
        thing: what was worked on.
    """
    if isinstance(error, LerecordError):
        return str(error)
    if isinstance(error, OSError):
        return said(error, str(root)) or f"{root}: {error.strerror or error}."
    where = traceback.extract_tb(error.__traceback__)[-1]
    fact = f"{type(error).__name__}: {error}, in {Path(where.filename).name}:{where.lineno}"
    return f"{thing} ({fact}); please report it."
