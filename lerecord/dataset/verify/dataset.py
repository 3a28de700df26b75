"""Checks that a dataset is what LeRobot v2.1 reads and what was truly recorded."""

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import TypeVar

from lerecord.dataset.format import (
    DEFAULT_FEATURES,
    DatasetSpec,
    EpisodeRecord,
    Stats,
    layout,
    metadata,
    secret_places,
)
from lerecord.dataset.storage import Snapshot, restless
from lerecord.dataset.verify.episode import Episode, check_episode
from lerecord.dataset.verify.findings import Place, Report
from lerecord.dataset.verify.labels import check_labels
from lerecord.dataset.verify.stored_stats import check_stored
from lerecord.errors import DatasetError
from lerecord.progress import Advance, Progress, silent

_ATTEMPTS = 3  # what changed in the middle of a check looks wrong, and is not

_T = TypeVar("_T")


def check(root: Path, quick: bool = False, progress: Progress = silent) -> Report:
    """Check everything; nothing is written.

    Args:
        root: the dataset's folder.
        quick: decode no image.
        progress: told after each episode.

    Raises:
        DatasetError: there is no dataset of v2.1, or it changes faster than it can be checked.
    """
    for _ in range(_ATTEMPTS):
        snapshot = Snapshot.of(root)
        report = _checked(snapshot, quick, progress)
        if report.sound or snapshot.is_current():
            return report
    raise restless(root)


def _checked(snapshot: Snapshot, quick: bool, progress: Progress) -> Report:
    checkup = Checkup(snapshot, quick)
    report = checkup.report
    for number in range(len(checkup)):
        report.extend(checkup.of_episode(number))
        progress(Advance(number + 1, len(checkup), "episodes"))
    report.condense()
    return report


class Checkup:
    """The check of a dataset in parts: what spans episodes at once, each episode when it is asked.

    Args:
        snapshot: the dataset.
        quick: decode no image.
    """

    def __init__(self, snapshot: Snapshot, quick: bool = False) -> None:
        self.report = Report()
        """What is found of the dataset as a whole."""
        self._snapshot = snapshot
        self._quick = quick
        place = Place(self.report)
        self._spec = _spec(snapshot, place)
        self._tasks = _parsed(snapshot.tasks, place) or {}
        self._records = records = _parsed(snapshot.episodes, place) or []
        self._stats = _parsed(lambda: _episodes_stats(snapshot), place)
        _check_totals(snapshot, records, place)
        _check_tasks(self._tasks, records, place)
        _check_line_counts(snapshot, place)
        self._recorded_here = _check_health(snapshot, records, place)
        check_labels(snapshot, len(records), place)
        check_stored(snapshot, self._stats, records, _is_of_another_recorder(snapshot), place)
        _check_strays(snapshot, records, place)
        if not _is_of_another_recorder(snapshot):
            for record in records:
                if record.index not in self._recorded_here:
                    appended = Place(self.report, record.index)
                    appended.remark("it has no sidecar: another recorder appended it.")
        self._first_rows = list(accumulate((each.length for each in records), initial=0))

    def __len__(self) -> int:
        """Episodes."""
        return len(self._records)

    def episode(self, number: int) -> Episode:
        """What an episode is checked against."""
        record = self._records[number]
        return Episode(
            record=record,
            first_row=self._first_rows[number],
            tasks=self._tasks,
            stats=None if self._stats is None else self._stats[number],
            spec=self._spec,
            decode=not self._quick,
            ours=record.index in self._recorded_here,
        )

    def of_episode(self, number: int) -> Report:
        """What is found of one episode."""
        report = Report()
        episode = self.episode(number)
        check_episode(self._snapshot, episode, Place(report, episode.record.index))
        return report


def _parsed(parse: Callable[[], _T], place: Place) -> _T | None:
    try:
        return parse()
    except DatasetError as error:
        place.wrong(str(error))
        return None


def _episodes_stats(snapshot: Snapshot) -> Sequence[Stats]:
    data = snapshot.required(layout.EPISODES_STATS)
    return metadata.parse_episodes_stats(data, snapshot.info.episodes)


def _spec(snapshot: Snapshot, place: Place) -> DatasetSpec | None:
    if _is_of_another_recorder(snapshot):
        place.remark(f"{layout.HARDWARE} is missing: another recorder made it, of an unknown rig.")
        for name in DEFAULT_FEATURES:
            if name not in snapshot.info.features:
                place.wrong(f"{layout.INFO} lacks the feature {name}, which LeRobot needs.")
        return None
    spec = _parsed(snapshot.spec, place)
    if spec is None:
        return None
    due, found = spec.features(), snapshot.info.features_data()
    place.expect("the order of the features", list(found), list(due))
    for key in due:
        if key in found and _without_codec(found[key]) != _without_codec(due[key]):
            place.wrong(f"the feature {key} in {layout.INFO} is not of LeRobot's form.")
    for key in spec.hardware.lacking:
        place.wrong(f"{layout.HARDWARE} lacks {key}.")
    if secrets := secret_places(snapshot.required(layout.HARDWARE)):
        place.remark(
            f"{layout.HARDWARE} holds a user name, password or token in {', '.join(secrets)}; a "
            f"push leaves it out, a copy of the folder does not. Delete it there, and change it "
            f"if the dataset was shared."
        )
    return spec


def _is_of_another_recorder(snapshot: Snapshot) -> bool:
    traces = (snapshot.meta[layout.HARDWARE], snapshot.meta[layout.HEALTH])
    return traces == (None, None) and not (snapshot.root / layout.CAPTURE).exists()


def _without_codec(feature: Mapping[str, object]) -> Mapping[str, object]:
    # Video settings are no identity: later episodes may be of another codec than the first.
    info = feature.get("info")
    if not isinstance(info, dict):
        return feature
    return {**feature, "info": {k: v for k, v in info.items() if k != "video.codec"}}


def _check_totals(snapshot: Snapshot, records: list[EpisodeRecord], place: Place) -> None:
    info = snapshot.info
    if records:
        lengths = sum(record.length for record in records)
        place.expect(f"total_frames in {layout.INFO}", info.frames, lengths)
    if not isinstance(fps := info.found.get("fps"), int):
        place.wrong(f"fps in {layout.INFO} is {fps!r}; LeRobot needs an int.")
    for key, due in info.to_data().items():
        if key.startswith("total_") or key == "splits":
            place.expect(f"{key} in {layout.INFO}", info.found.get(key), due)


def _check_tasks(tasks: Mapping[int, str], records: list[EpisodeRecord], place: Place) -> None:
    due = metadata.first_appearances([record.tasks for record in records])
    if list(tasks.values()) != due:
        place.wrong(
            f"{layout.TASKS} lists {list(tasks.values())} and the episodes bring {due}, in the "
            f"order of their first appearance."
        )
    elif list(tasks) != list(range(len(tasks))):
        place.remark(f"{layout.TASKS} numbers its tasks {', '.join(map(str, tasks))}.")


def _check_line_counts(snapshot: Snapshot, place: Place) -> None:
    counts = {
        layout.TASKS: snapshot.info.tasks,
        layout.EPISODES: snapshot.info.episodes,
        layout.EPISODES_STATS: snapshot.info.episodes,
    }
    for name, count in counts.items():
        if (data := snapshot.meta[name]) is not None:
            place.expect(f"the number of lines of {name}", len(data.splitlines()), count)
            _check_last_newline(name, data, place)


def _check_last_newline(name: str, data: bytes, place: Place) -> None:
    if data and not data.endswith(b"\n"):
        place.wrong(f"{name} does not end in a newline; the next append would join two lines.")


def _check_health(snapshot: Snapshot, records: list[EpisodeRecord], place: Place) -> set[int]:
    """The episodes that lerecord recorded: each has a line of health or at least a sidecar."""
    data = snapshot.meta[layout.HEALTH]
    with_sidecar = {
        record.index
        for record in records
        if snapshot.view.path(layout.capture_file(record.index)).exists()
    }
    if data is None:
        if with_sidecar:
            place.wrong(f"{layout.HEALTH} is missing.")
        return with_sidecar
    _check_last_newline(layout.HEALTH, data, place)
    health = _parsed(lambda: metadata.parse_annotation(layout.HEALTH, data), place)
    if health is None:
        return with_sidecar
    lines = [line.episode for line in health]
    due = sorted(with_sidecar | {index for index in lines if index < len(records)})
    if lines != due:
        place.wrong(f"{layout.HEALTH} has the episodes {lines} instead of {due}.")
    return set(due)


def _check_strays(snapshot: Snapshot, records: list[EpisodeRecord], place: Place) -> None:
    """LeRobot reads every visible file below data/ and counts every video."""
    due = {layout.data_file(record.index) for record in records}
    due |= {layout.capture_file(record.index) for record in records}
    due |= {
        layout.video_file(record.index, key)
        for record in records
        for key in snapshot.info.camera_keys
    }
    due.update(layout.ANNOTATIONS.values())
    for folder in ("data", layout.VIDEOS, layout.CAPTURE):
        for name in _files_below(snapshot.root, folder):
            if name not in due and not snapshot.view.removed(name):
                place.wrong(f"{name} belongs to no episode; LeRobot would read or count it.")


def _files_below(root: Path, folder: str) -> list[str]:
    names = []
    for directory, _, files in os.walk(root / folder):
        inside = PurePosixPath(Path(directory).relative_to(root).as_posix())
        names += [str(inside / name) for name in files if not name.startswith(".")]
    return sorted(names)
