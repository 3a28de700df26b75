"""A take on its way to be an episode: its rows and facts, in files that survive a kill."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np

from lerecord.dataset import layout
from lerecord.dataset.capture import TrackSummary, finished_track
from lerecord.dataset.disk import refused, size_of
from lerecord.dataset.journal import RowColumns, RowJournal, read_rows
from lerecord.dataset.layout import TakeFolder
from lerecord.dataset.redo import Replaced
from lerecord.dataset.spec import DatasetSpec
from lerecord.dataset.sync import make_folder, sync_file
from lerecord.dataset.take import Row
from lerecord.errors import DatasetError

_SYNC_S = 1.0
MIN_ROWS = 2


@dataclass(frozen=True, slots=True)
class TakeFacts:
    """What was known when a take began.

    Attributes:
        task: the sentence.
        begun: wall-clock time, ISO 8601 in UTC.
        spec: the rig and how it is recorded.
        replaces: the episode that it does again; None of a new one.
    """

    task: str
    begun: str
    spec: DatasetSpec
    replaces: Replaced | None = None

    def to_json(self) -> str:
        """The file take.json."""
        data = {"task": self.task, "begun": self.begun, "spec": json.loads(self.spec.to_json())}
        if self.replaces is not None:
            data["replaces"] = self.replaces.to_data()
        return json.dumps(data, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """From the file."""
        data = json.loads(text)
        return cls(
            task=data["task"],
            begun=data["begun"],
            spec=DatasetSpec.from_json(json.dumps(data["spec"])),
            replaces=Replaced.from_data(data.get("replaces")),
        )


@dataclass(frozen=True, slots=True)
class ClosedTake:
    """A take that is staged and gets no more rows: waiting for its commit, or left by a kill.

    Attributes:
        id: names its folder.
        facts: of take.json.
        files: where it lies.
    """

    id: str
    facts: TakeFacts
    files: TakeFolder

    @classmethod
    def load(cls, root: Path, take: str) -> Self:
        """A take that is left below `.lerecord/takes/`.

        Raises:
            DatasetError: there is no such take, or its facts cannot be read.
        """
        files = TakeFolder(layout.take_folder(root, take))
        try:
            facts = TakeFacts.from_json(files.facts.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DatasetError(f"There is no take {take} in {files.path.parent}.") from None
        except (ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"{files.facts} cannot be read ({error}).") from error
        return cls(take, facts, files)


class StagedTake:
    """A take below `.lerecord/takes/`, and the sink of its rows; synced once a second.

    Args:
        root: the dataset.
        take: the take's id; a camera may have made its folder already.
        facts: what take.json keeps.
        now: the clock of the syncs, seconds.

    Raises:
        DatasetError: there is such a take already, or the disk refuses.
    """

    def __init__(
        self,
        root: Path,
        take: str,
        facts: TakeFacts,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        files = TakeFolder(layout.take_folder(root, take))
        self._take = ClosedTake(take, facts, files)
        self._now = now
        try:
            make_folder(files.path.parent)
            files.path.mkdir(exist_ok=True)
            draft = files.path / "take.draft"
            draft.write_text(facts.to_json(), encoding="utf-8")
            sync_file(draft)
            self._journal = RowJournal(files.rows, len(facts.spec.joints))
            draft.rename(files.facts)
            sync_file(files.path)
            sync_file(files.path.parent)
        except FileExistsError as error:
            raise DatasetError(f"There is a take {take} already; give it another id.") from error
        except OSError as error:
            raise refused(root, error, "the take was not begun") from error
        self._synced_at = now()

    @property
    def id(self) -> str:
        """Names its folder."""
        return self._take.id

    @property
    def folder(self) -> Path:
        """Where it is staged; cameras put their tracks there."""
        return self._take.files.path

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self._journal.rows

    def add(self, row: Row) -> None:
        """Keep a row.

        Raises:
            ValueError: its index is not the next.
            DatasetError: the disk refuses; what is complete stays staged.
        """
        try:
            self._journal.add(row)
            if self._now() - self._synced_at >= _SYNC_S:
                self._synced_at = self._now()
                self._journal.sync()
        except OSError as error:
            raise cut_short(self.folder, error) from error

    def close(self) -> ClosedTake:
        """Sync and close the journal; the take stays staged. May be called twice.

        Raises:
            DatasetError: the disk refuses; what is complete stays staged.
        """
        try:
            self._journal.close()
        except OSError as error:
            raise cut_short(self.folder, error) from error
        return self._take


def cut_short(folder: Path, error: OSError) -> DatasetError:
    """What ends a running take whose disk refuses: it needs its size again to be saved."""
    return refused(
        folder,
        error,
        "the take ends, and `lerecord recover` makes an episode of what is complete",
        size_of(folder),
    )


@dataclass(frozen=True, slots=True, eq=False)
class StagedColumns:
    """Everything of a closed take but its pictures.

    Attributes:
        rows: that become an episode.
        tracks: camera name to what is known of as many pictures.
        salvaged: the take was cut short by a kill, and its files may hold more than this.
    """

    rows: RowColumns
    tracks: dict[str, TrackSummary]
    salvaged: bool = False


def read_take(take: ClosedTake) -> StagedColumns:
    """Read a take whose every track is finished.

    Raises:
        DatasetError: it is too short, a row has no number, or a camera has not a picture a row.
    """
    files, spec = take.files, take.facts.spec
    rows = read_rows(files.rows)
    if len(rows) < MIN_ROWS:
        raise DatasetError(
            f"The take has {len(rows)} rows and an episode needs {MIN_ROWS}; record it again."
        )
    _refuse_no_number(rows, spec)
    tracks = {camera.name: finished_track(files.path, camera) for camera in spec.cameras}
    for name, track in tracks.items():
        if track.rows != len(rows):
            raise DatasetError(
                f"The take has {len(rows)} rows and camera {name} has {track.rows} pictures; "
                f"it stays in {files.path} to be salvaged."
            )
    return StagedColumns(rows, tracks)


def _refuse_no_number(rows: RowColumns, spec: DatasetSpec) -> None:
    for name in ("state", "action"):
        wrong = ~np.isfinite(getattr(rows, name))
        if wrong.any():
            row, joint = (int(each[0]) for each in wrong.nonzero())
            raise DatasetError(
                f"The {name} of {spec.joints[joint]} in row {row} of the take is no number; "
                f"record it again."
            )


def remove_take(take: ClosedTake) -> None:
    """Remove a staged take; one that is half removed is no take any more.

    Raises:
        DatasetError: the disk refuses.
    """
    folder = take.files.path
    trash = folder.with_name(f".{folder.name}")
    try:
        folder.rename(trash)
        sync_file(folder.parent)  # else a power cut brings it back
    except FileNotFoundError:
        return
    except OSError as error:
        raise refused(folder, error, "the take is still there") from error
    shutil.rmtree(trash, ignore_errors=True)


def left_takes(root: Path) -> list[str]:
    """Ids of the staged takes, oldest first."""
    return sorted(
        each.path.name
        for each in _folders(root)
        if each.facts.exists() and not each.path.name.startswith(".")
    )


def make_place(root: Path) -> None:
    """Make the folder of the staged takes, before a camera does, who does not sync it.

    Raises:
        DatasetError: the disk refuses.
    """
    try:
        make_folder(root / layout.TAKES)
    except OSError as error:
        raise refused(root, error, "no take can be staged there") from error


def clear_leftovers(root: Path) -> None:
    """Remove what is no take: folders half removed, or without a row; needs the lock."""
    for each in _folders(root):
        if not each.facts.exists() or each.path.name.startswith("."):
            shutil.rmtree(each.path, ignore_errors=True)


def _folders(root: Path) -> list[TakeFolder]:
    folder = root / layout.TAKES
    return [TakeFolder(path) for path in folder.iterdir()] if folder.is_dir() else []


def now_utc() -> str:
    """Wall-clock time as takes and episodes keep it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
