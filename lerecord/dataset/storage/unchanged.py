"""That a dataset which is read for long stayed as it was: readers take no lock."""

from lerecord.dataset.storage.snapshot import Snapshot
from lerecord.errors import DatasetError


def require_unchanged(snapshot: Snapshot) -> None:
    """Every change of a dataset changes some of its metadata.

    Raises:
        DatasetError: it was changed.
    """
    now = Snapshot.of(snapshot.root)
    if (now.info, now.meta) != (snapshot.info, snapshot.meta):
        raise DatasetError(
            f"{snapshot.root} was changed while it was read; try again when nothing records "
            f"into it."
        )
