"""A take on its way to be an episode: its frames and facts, in files that survive a kill."""

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np

from lerecord.commands import for_dataset
from lerecord.dataset.format import (
    MIN_ROWS,
    DatasetSpec,
    FrameColumns,
    TakeFolder,
    TrackSummary,
    layout,
)
from lerecord.dataset.staging.capture_journal import finished_track
from lerecord.dataset.staging.frame_journal import FrameJournal, read_frames
from lerecord.dataset.staging.redo import Replaced
from lerecord.dataset.staging.take import TakeFrame
from lerecord.dataset.storage import inside, refused, size_of, sync_file
from lerecord.errors import DatasetError

_SYNC_S = 1.0
_FACTS_BYTES = 4_000_000


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
        """From the file.

        Raises:
            KeyError, TypeError, ValueError: it is of another form.
        """
        data = json.loads(text)
        json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair cannot be written
        if not isinstance(data["task"], str) or not isinstance(data["begun"], str):
            raise TypeError("its task or its time is not text")
        return cls(
            task=data["task"],
            begun=data["begun"],
            spec=DatasetSpec.from_json(json.dumps(data["spec"])),
            replaces=Replaced.from_data(data.get("replaces")),
        )


@dataclass(frozen=True, slots=True)
class ClosedTake:
    """A take that is staged and gets no more frames: waiting for its commit, or left by a kill.

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
            DatasetError: there is no such take, its facts cannot be read, or something in it is
                no file of its own.
        """
        files = TakeFolder(layout.take_folder(root, take))
        name = f"{layout.TAKES}/{take}"
        for each in inside.names(root, name):
            inside.require_file(root, f"{name}/{each}")
        try:
            facts = TakeFacts.from_json(
                inside.read(root, f"{name}/{files.facts.name}", _FACTS_BYTES).decode()
            )
        except FileNotFoundError:
            raise DatasetError(f"There is no take {take} in {files.path.parent}.") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DatasetError(
                f"{files.facts} cannot be read ({error}); restore it, or remove {files.path}."
            ) from error
        return cls(take, facts, files)


class StagedTake:
    """A take below `.lerecord/takes/`, and the sink of its frames; synced once a second.

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
            with inside.folder(root, f"{layout.TAKES}/{take}", make=True):
                pass
            draft = files.path / "take.draft"
            draft.write_text(facts.to_json(), encoding="utf-8")
            sync_file(draft)
            self._journal = FrameJournal(files.rows, len(facts.spec.joints))
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
        """Frames so far."""
        return self._journal.frames

    def add(self, frame: TakeFrame) -> None:
        """Keep a frame.

        Raises:
            ValueError: its index is not the next.
            DatasetError: the disk refuses; what is complete stays staged.
        """
        try:
            self._journal.add(frame)
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
        f"the take ends, and {for_dataset('recover', folder)} makes an episode of what is complete",
        size_of(folder),
    )


@dataclass(frozen=True, slots=True, eq=False)
class StagedColumns:
    """Everything of a closed take but its images.

    Attributes:
        rows: that become an episode.
        tracks: camera name to what is known of as many images.
        salvaged: the take was cut short by a kill, and its files may hold more than this.
    """

    rows: FrameColumns
    tracks: dict[str, TrackSummary]
    salvaged: bool = False


def read_take(take: ClosedTake) -> StagedColumns:
    """Read a take whose every track is finished.

    Raises:
        DatasetError: it is too short, a frame has no number, or a camera has not an image a frame.
    """
    files, spec = take.files, take.facts.spec
    rows = read_frames(files.rows)
    if len(rows) < MIN_ROWS:
        raise DatasetError(
            f"The take has {len(rows)} frames and an episode needs {MIN_ROWS}; record it again."
        )
    _refuse_no_number(rows, spec)
    tracks = {camera.name: finished_track(files.path, camera) for camera in spec.cameras}
    for name, track in tracks.items():
        if track.rows != len(rows):
            raise DatasetError(
                f"The take has {len(rows)} frames and camera {name} has {track.rows} images; "
                f"it stays in {files.path} to be salvaged."
            )
    return StagedColumns(rows, tracks)


def _refuse_no_number(rows: FrameColumns, spec: DatasetSpec) -> None:
    for name in ("state", "action"):
        wrong = ~np.isfinite(getattr(rows, name))
        if wrong.any():
            row, joint = (int(each[0]) for each in wrong.nonzero())
            raise DatasetError(
                f"The {name} of {spec.joints[joint]} in frame {row} of the take is no number; "
                f"record it again."
            )


def remove_take(take: ClosedTake) -> None:
    """Remove a staged take; one that is half removed is no take any more.

    Raises:
        DatasetError: the disk refuses.
    """
    folder = take.files.path
    trash = f".{folder.name}"
    try:
        with inside.folder(folder.parent) as above:
            os.rename(folder.name, trash, src_dir_fd=above, dst_dir_fd=above)
            os.fsync(above)  # else a power cut brings it back
    except FileNotFoundError:
        return
    except OSError as error:
        raise refused(folder, error, "the take is still there") from error
    with contextlib.suppress(OSError):
        inside.remove(folder.parent, trash)


def left_takes(root: Path) -> list[str]:
    """Ids of the staged takes, oldest first."""
    return [
        take
        for take in inside.folders(root, layout.TAKES)
        if _is_take(root, take) and not take.startswith(".")
    ]


def make_place(root: Path) -> None:
    """Make the folder of the staged takes, before a camera does, who does not sync it.

    Raises:
        DatasetError: the disk refuses.
    """
    try:
        with inside.folder(root, layout.TAKES, make=True):
            pass
    except OSError as error:
        raise refused(root, error, "no take can be staged there") from error


def _has_frames(root: Path, name: str) -> bool:
    """True for a take that was not discarded and whose journal has enough for an episode."""
    if name.startswith("."):
        return False
    try:
        rows = f"{layout.TAKES}/{name}/rows.journal"
        inside.require_file(root, rows)
        return len(read_frames(root / rows)) >= MIN_ROWS
    except DatasetError:
        return False


def clear_leftovers(root: Path) -> None:
    """Remove what is no take: folders half removed, or never begun; needs the lock.

    One that has frames but has lost its take.json stays: only what was never anything goes.
    Of a link to a folder only the link goes.
    """
    takes = left_takes(root)
    for name in inside.names(root, layout.TAKES):
        if name not in takes and not _has_frames(root, name):
            with contextlib.suppress(OSError):
                inside.remove(root, f"{layout.TAKES}/{name}")


def _is_take(root: Path, take: str) -> bool:
    facts = TakeFolder(layout.take_folder(root, take)).facts.name
    return inside.status(root, f"{layout.TAKES}/{take}/{facts}") is not None


def now_utc() -> str:
    """Wall-clock time as takes and episodes keep it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
