"""From a dataset to the files that are pushed: frozen, checked, in the layout asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lerecord.commands import command
from lerecord.dataset.format import CODEBASE_VERSION
from lerecord.dataset.storage import Snapshot
from lerecord.dataset.v30 import export_v30
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.verify import check
from lerecord.errors import ConfigError, DatasetError
from lerecord.hub.card import card
from lerecord.hub.content import LocalFile, files_of
from lerecord.hub.frozen import CARD, Frozen

FORMATS = (CODEBASE_VERSION, v30.CODEBASE_VERSION)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is pushed.

    Attributes:
        files: valid while the dataset is held.
        episodes: how many.
        withheld: the entries of meta/hardware.json whose passwords and tokens are left out.
    """

    files: list[LocalFile]
    episodes: int
    withheld: tuple[str, ...] = ()


@contextmanager
def prepared(
    root: Path, version: str, repo: str, tag: str, license_: str = ""
) -> Iterator[Prepared]:
    """Hold a dataset still for a push.

    Args:
        root: the dataset's folder.
        version: of LeRobot's format, one of FORMATS.
        repo: "user/name", for the card.
        tag: that readers ask for, for the card.
        license_: identifier for the card; empty for none.

    Raises:
        ConfigError: the version is none that can be pushed.
        DatasetError: there is no dataset, it has no episode, or the quick check finds it wrong.
    """
    if version not in FORMATS:
        raise ConfigError(f"The format {version!r} cannot be pushed; {' and '.join(FORMATS)} can.")
    with Frozen(root) as frozen:
        snapshot = Snapshot.of(frozen.dataset)
        if not snapshot.info.episodes:
            raise DatasetError(f"{root} has no episode; record one before you push it.")
        _require_sound(root, frozen.dataset)
        folder = frozen.dataset
        text = _user_card(folder) or card(snapshot, repo.partition("/")[2], tag, license_)
        if version == v30.CODEBASE_VERSION:
            folder = frozen.other
            export_v30(frozen.dataset, folder)
        (folder / CARD).write_bytes(text)
        yield Prepared(files_of(folder), snapshot.info.episodes, frozen.withheld)


def _user_card(folder: Path) -> bytes | None:
    path = folder / CARD
    return path.read_bytes() if path.exists() else None


def _require_sound(root: Path, frozen: Path) -> None:
    report = check(frozen, quick=True)
    if not report.sound:
        more = len(report.findings) - 1
        rest = f" and {more} more" if more else ""
        raise DatasetError(
            f"{root} has problems, so it is not pushed ({report.findings[0]}{rest}); "
            f"{command('check', root)} lists everything."
        )
