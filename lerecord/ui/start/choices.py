"""The rigs that this machine knows, and the datasets that it has: found by looking at files."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lerecord.config import HardwareConfig, find_config, known_names, load_config, parse_config
from lerecord.counted import counted
from lerecord.dataset.format import hardware_record, layout
from lerecord.dataset.staging import left_takes
from lerecord.dataset.storage import Snapshot, holds_dataset
from lerecord.errors import ConfigError, LerecordError

_MOST_DATASETS = 500
_MOST_TASKS = 50
_LONGEST_NAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class RigChoice:
    """A hardware config.

    Attributes:
        name: that finds it.
        about: its arms and cameras, in a few words.
        simulated: nothing of it is real.
        fault: why it cannot be used; None where nothing is known to be wrong.
    """

    name: str
    about: str = ""
    simulated: bool = False
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetChoice:
    """A dataset directly below the folder of datasets.

    Attributes:
        name: of its folder.
        episodes: how many.
        robot: its type, as in info.json.
        rig: the known config that it was recorded with; None where none is the same.
        simulated: it comes from a simulated rig.
        tasks: sentences, the most frequent first.
        left: takes that were interrupted, and wait for `lerecord recover`.
        fault: why nothing can be added to it; None where nothing is known to be wrong.
    """

    name: str
    episodes: int = 0
    robot: str = ""
    rig: str | None = None
    simulated: bool = False
    tasks: tuple[str, ...] = ()
    left: int = 0
    fault: str | None = None


def rigs() -> list[RigChoice]:
    """Every config that can be found by its name, in the order of their names."""
    return [_rig(name) for name in known_names()]


def datasets(folder: Path) -> list[DatasetChoice]:
    """Those directly below a folder, the one that was changed last first; links are left out."""
    configs = dict(_configs())
    found = (each for each in folder.glob("*") if not each.is_symlink() and holds_dataset(each))
    newest = sorted(found, key=_changed_at, reverse=True)
    return [_dataset(root, configs) for root in islice(newest, _MOST_DATASETS)]


def place_of(name: str, folder: Path) -> Path:
    """Where the dataset of that name is, directly below a folder; it need not be there.

    Raises:
        ConfigError: it is no plain name, or a link is there.
    """
    if not name:
        raise ConfigError("The dataset has no name; give it one, such as paper_box.")
    plain = name.isprintable() and name == name.strip() and "/" not in name
    if not plain or name.startswith(".") or len(name.encode()) > _LONGEST_NAME_BYTES:
        raise ConfigError(
            f"{name[:80]!r} is no name of a folder below {folder}: leave out slashes, dots and "
            f"blanks in front, and what cannot be printed; such as paper_box."
        )
    place = folder / name
    if place.is_symlink():
        raise ConfigError(
            f"{place} is a link, which may lead anywhere; name where it leads on the command line, "
            f"with --dataset."
        )
    return place


def _rig(name: str) -> RigChoice:
    try:
        config = load_config(find_config(name))
    except ConfigError as error:
        return RigChoice(name, fault=str(error))
    return RigChoice(name, _about(config), config.simulator is not None)


def _about(config: HardwareConfig) -> str:
    pairs = counted(len(config.arms), "arm pair")
    cameras = f"cameras {names}" if (names := ", ".join(config.cameras)) else "no camera"
    return f"{config.robot_type}, {pairs}, {cameras}, {config.fps} frames a second"


def _configs() -> Iterator[tuple[str, HardwareConfig]]:
    for name in known_names():
        with contextlib.suppress(ConfigError):
            yield name, load_config(find_config(name)).without_secrets()


def _dataset(root: Path, configs: Mapping[str, HardwareConfig]) -> DatasetChoice:
    left = 0
    try:
        left = len(left_takes(root))
        snapshot = Snapshot.of(root)
        used = Counter(task for episode in snapshot.episodes() for task in episode.tasks)
        spec = snapshot.spec()
        kept = hardware_record(snapshot.required(layout.HARDWARE), root)
    except LerecordError as error:
        return DatasetChoice(root.name, left=left, fault=str(error))
    return DatasetChoice(
        root.name,
        snapshot.info.episodes,
        snapshot.info.robot_type or "",
        _same(_parsed(kept.config, root), configs) if "config" in kept.entries else None,
        spec.simulated,
        tuple(task for task, _ in used.most_common(_MOST_TASKS)),
        left,
    )


def _parsed(data: Mapping[str, object], root: Path) -> HardwareConfig | None:
    """The config that a dataset keeps; None where this version does not understand it."""
    with contextlib.suppress(ConfigError):
        return parse_config(data, str(root / layout.HARDWARE)).without_secrets()
    return None


def _same(kept: HardwareConfig | None, configs: Mapping[str, HardwareConfig]) -> str | None:
    return next((name for name, config in configs.items() if config == kept), None)


def _changed_at(root: Path) -> float:
    try:
        return (root / layout.INFO).stat().st_mtime
    except OSError:
        return 0.0
