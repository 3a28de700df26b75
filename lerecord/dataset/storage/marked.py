"""The transactions that were left in a dataset, and what their manifests say."""

import shlex
import stat
from pathlib import Path

from lerecord.dataset.format import layout
from lerecord.dataset.storage import inside, manifest
from lerecord.dataset.storage.manifest import ManifestError, Move, OtherVersionError, Step
from lerecord.errors import DatasetError


def transactions(root: Path) -> list[str]:
    """The folders of transactions that were left, or that another process is in: paths below root.

    Raises:
        DatasetError: there is a link on the way.
    """
    return [f"{layout.TRANSACTIONS}/{name}" for name in inside.names(root, layout.TRANSACTIONS)]


def marked_steps(root: Path, name: str) -> list[Step] | None:
    """The steps of the transaction in a folder; None when it is not marked.

    Raises:
        DatasetError: it is marked by something else than a change of lerecord.
    """
    found = inside.status(root, name)
    if found is None or not stat.S_ISDIR(found.st_mode):
        return None
    try:
        data = inside.read(root, f"{name}/{manifest.NAME}", manifest.LIMIT_BYTES)
        steps = manifest.parse(data)
    except FileNotFoundError:
        return None
    except OtherVersionError:
        raise DatasetError(
            f"{root / name} was left by another version of lerecord; finish it with that version."
        ) from None
    except ManifestError as error:
        raise DatasetError(
            f"{root / name} is not a change that lerecord began ({error}), and nothing of it was "
            f"done; remove it: rm -r {shlex.quote(str(root / name))}"
        ) from error
    for step in steps:
        if isinstance(step, Move):
            inside.require_file(root, f"{name}/{step.source}")
    return steps
