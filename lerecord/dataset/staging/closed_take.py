"""A take that gets no more frames: its facts, and what is read of it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np

from lerecord.commands import command
from lerecord.counted import counted
from lerecord.dataset.format import (
    MIN_ROWS,
    DatasetSpec,
    FrameColumns,
    Label,
    TakeFolder,
    TrackSummary,
    layout,
)
from lerecord.dataset.staging.capture_journal import finished_track
from lerecord.dataset.staging.frame_journal import read_frames
from lerecord.dataset.staging.redo import Replaced
from lerecord.dataset.storage import inside
from lerecord.errors import DatasetError

_FACTS_BYTES = 4_000_000
_LABEL_BYTES = 100_000


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

    def label(self) -> Label:
        """What was said of it.

        Raises:
            DatasetError: its file is not of that form.
        """
        try:
            with self.files.label.open("rb") as file:
                data = file.read(_LABEL_BYTES)
        except FileNotFoundError:
            return Label()
        return Label.from_json(data, str(self.files.label))

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
            if inside.status(root, name) is None:
                raise DatasetError(f"There is no take {take} in {files.path.parent}.") from None
            raise DatasetError(
                f"{files.facts} is missing, so the task and the rig of the take are not known; "
                f"{_remedy(root)}"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DatasetError(
                f"{files.facts} cannot be read ({error}); {_remedy(root)}"
            ) from error
        return cls(take, facts, files)


def _remedy(root: Path) -> str:
    return f"restore it, or remove the take with {command('recover', root, '--discard')}."


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
            f"The take has {counted(len(rows), 'frame')} and an episode needs {MIN_ROWS}; record "
            f"it again."
        )
    _refuse_no_number(rows, spec)
    tracks = {camera.name: finished_track(files.path, camera) for camera in spec.cameras}
    for name, track in tracks.items():
        if track.rows != len(rows):
            raise DatasetError(
                f"The take has {counted(len(rows), 'frame')} and camera {name} has {track.rows} "
                f"images; it stays in {files.path} to be salvaged."
            )
    return StagedColumns(rows, tracks)


def _refuse_no_number(rows: FrameColumns, spec: DatasetSpec) -> None:
    for name in ("state", "action"):
        wrong = ~np.isfinite(getattr(rows, name))
        if wrong.any():
            row, joint = (int(each[0]) for each in wrong.nonzero())
            raise DatasetError(
                f"The {name} of {spec.joints[joint]} in frame {row} of the take is not a number; "
                f"record it again."
            )


def now_utc() -> str:
    """Wall-clock time as takes and episodes keep it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
