"""What a writer keeps in mind of a dataset: enough to append, however many episodes there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from lerecord.commands import command
from lerecord.dataset.format import (
    DatasetSpec,
    Fields,
    Info,
    Stats,
    VideoSettings,
    calibration_differences,
    differences,
    hardware_bytes,
    layout,
    metadata,
    spec_of,
    stats,
    third_party,
    video_from_data,
    video_to_data,
)
from lerecord.dataset.storage.meta_files import MetaFiles, read_meta
from lerecord.dataset.storage.pending_view import PendingView
from lerecord.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a dataset says of its videos.

    Attributes:
        settings: that the last ones were encoded with, from meta/hardware.json.
        codecs: feature name to codec, from info.json.
    """

    settings: VideoSettings
    codecs: Mapping[str, str]

    @classmethod
    def all_as(cls, settings: VideoSettings, keys: Iterable[str]) -> Self:
        """What is said when every video of every feature has these settings."""
        return cls(settings, dict.fromkeys(keys, settings.codec))

    def to_data(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {"settings": video_to_data(self.settings), "codecs": dict(self.codecs)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `to_data` gave."""
        return cls(video_from_data(data["settings"]), data["codecs"])


@dataclass(frozen=True, slots=True, eq=False)
class DatasetState:
    """A dataset between two changes.

    Attributes:
        spec: the rig at hand.
        info: meta/info.json.
        tasks: by task_index.
        stats: over all episodes; None of none.
        hardware: the bytes of meta/hardware.json; empty when it is not there yet.
        rig_known: False of a dataset that another recorder made: it never gets a hardware.json.
    """

    spec: DatasetSpec
    info: Info
    tasks: list[str]
    stats: Stats | None
    hardware: bytes
    rig_known: bool = True

    @property
    def hardware_due(self) -> bytes:
        """The bytes of meta/hardware.json for this spec; empty when the rig is not known."""
        return hardware_bytes(self.spec) if self.rig_known else b""

    @property
    def encoded(self) -> Encoded:
        """What it says of its videos."""
        return Encoded(self.spec.video, self.info.codecs)

    def says(self, encoded: Encoded) -> bool:
        """True when it says this of its videos; without a rig it only says their codecs."""
        if self.rig_known:
            return self.encoded == encoded
        return self.info.codecs == dict(encoded.codecs)

    def encoded_as(self, encoded: Encoded) -> Self:
        """The same where it says something else of its videos."""
        return replace(
            self,
            spec=replace(self.spec, video=encoded.settings),
            info=self.info.with_codecs(encoded.codecs),
        )

    @classmethod
    def empty(cls, spec: DatasetSpec) -> Self:
        """A dataset without episodes."""
        return cls(spec, Info.of(spec), [], None, b"")

    @classmethod
    def load(cls, files: MetaFiles) -> Self:
        """Read a dataset that is not in the middle of a change.

        Raises:
            DatasetError: a file below meta/ is missing, not of v2.1, or disagrees with info.json;
                or another recorder made it, with more in it than a change would keep.
        """
        info = Info.from_bytes(files.read(layout.INFO), files.root)
        rig_known = not third_party.is_foreign(files.root)
        hardware = files.read(layout.HARDWARE) if rig_known else b""
        for name in (layout.EPISODES, layout.EPISODES_STATS):
            _check_last_line(files, name, info.episodes)
        tasks = files.read(layout.TASKS)
        metadata.require_whole(layout.TASKS, tasks, info.tasks)
        return cls(
            spec=spec_of(info, hardware) if rig_known else _spec_of_foreign(files, info),
            info=info,
            tasks=metadata.numbered(metadata.parse_tasks(tasks, info.tasks)),
            stats=_stats(files, info),
            hardware=hardware,
            rig_known=rig_known,
        )


def _spec_of_foreign(files: MetaFiles, info: Info) -> DatasetSpec:
    for name in (layout.EPISODES, layout.TASKS):
        third_party.require_known_entries(name, files.read(name))
    return third_party.kept_spec(info)


def holds_dataset(root: Path) -> bool:
    """True when there is an info.json, or a marked change that brings the first one."""
    return PendingView.of(root).path(layout.INFO).is_file()


def require_changeable(root: Path) -> None:
    """Refuse what is no dataset, or one of another version, before a lock is made in it.

    Raises:
        DatasetError: it is one, or its info.json cannot be read.
    """
    if not holds_dataset(root):
        raise DatasetError(f"{root} is not a dataset: {layout.INFO} is missing; check the path.")
    if not (root / layout.PRIVATE).exists() and (root / layout.INFO).exists():
        Info.from_bytes(read_meta(root, layout.INFO), root)


def is_free(root: Path) -> bool:
    """True when a dataset can be started there: nothing is there but hidden files."""
    if not root.exists():
        return True
    if not root.is_dir() or holds_dataset(root):
        return False
    return all(path.name.startswith(".") for path in root.iterdir())


def compared_rig(mine: DatasetSpec, theirs: DatasetSpec, accept_calibration: bool) -> DatasetSpec:
    """The rig at hand, when it is the one that the dataset came from.

    Raises:
        DatasetError: it is another, or was calibrated anew and that was not accepted.
    """
    if mine.rollouts and not theirs.rollouts:
        raise DatasetError(
            "The dataset has no columns for what a policy does; roll out into another folder, "
            "which can be merged with it later."
        )
    if mine.labels and not theirs.labels:
        raise DatasetError(
            "The dataset was begun without --labels and has no columns for them; leave the option "
            "out, as labels are kept all the same, or record into another folder."
        )
    if different := differences(mine, theirs):
        raise DatasetError(
            f"This is not the rig that the dataset was recorded with: {'; '.join(different)}; "
            f"record into another folder."
        )
    recalibrated = calibration_differences(mine, theirs)
    if recalibrated and not accept_calibration:
        raise DatasetError(
            f"The arms were calibrated anew since the dataset was recorded: "
            f"{'; '.join(recalibrated)}; accept it with --accept-calibration, "
            f"or record into another folder."
        )
    return replace(mine, rollouts=theirs.rollouts, labels=theirs.labels)


def _stats(files: MetaFiles, info: Info) -> Stats | None:
    if info.episodes == 0:
        return None
    if (data := files.find(layout.STATS)) is not None:
        stored = _whole_stats(data, info)
        if stored is not None:
            return stored
    each = metadata.parse_episodes_stats(files.read(layout.EPISODES_STATS), info.episodes)
    return stats.fold(each)


def _whole_stats(data: bytes, info: Info) -> Stats | None:
    """The statistics in meta/stats.json; None when they have to be derived again.

    Other recorders that append leave the file behind, with fewer frames counted; other tools put
    their own statistics in its place.
    """
    try:
        stored = metadata.parse_stats(data)
    except DatasetError:
        return None
    return stored if "index" in stored and stored["index"].count == info.frames else None


def _check_last_line(files: MetaFiles, name: str, episodes: int) -> None:
    """A file of lines must end where info.json says."""
    data = files.end_of(name)
    last: Any = -1
    if data:
        line = data.removesuffix(b"\n").rpartition(b"\n")[2]
        try:
            last = Fields.parsed(line, name).get("episode_index")
        except DatasetError:
            last = None
    if last != episodes - 1 or (data and not data.endswith(b"\n")):
        raise DatasetError(
            f"{files.root / name} does not end with episode {episodes - 1}, the last that "
            f"{layout.INFO} counts; restore it; {command('check', files.root)} lists everything."
        )
