"""Checks that a dataset is what LeRobot v2.1 reads and what was truly recorded."""

import os
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import TypeVar

from lerecord.dataset.format import (
    DEFAULT_FEATURES,
    DatasetSpec,
    EpisodeRecord,
    Label,
    layout,
    metadata,
    secret_places,
)
from lerecord.dataset.read import Stored, stored_at
from lerecord.dataset.storage import restless
from lerecord.dataset.verify.annotations import check_labels, remark_reviews
from lerecord.dataset.verify.episode import Episode, Whereabouts, check_episode
from lerecord.dataset.verify.findings import Place, Report
from lerecord.dataset.verify.stored_stats import check_stored
from lerecord.dataset.verify.versions import VERSIONS, Version
from lerecord.dataset.verify.video import KeptFacts
from lerecord.errors import DatasetError
from lerecord.progress import Advance, Progress, silent

_ATTEMPTS = 3  # what changed in the middle of a check looks wrong, and is not

_T = TypeVar("_T")


def check(root: Path, quick: bool = False, progress: Progress = silent) -> Report:
    """Check everything of a dataset of v2.1 or v3.0; nothing is written.

    Args:
        root: the dataset's folder.
        quick: decode no image.
        progress: told after each episode.

    Raises:
        DatasetError: there is no dataset, or it changes faster than it can be checked.
    """
    for _ in range(_ATTEMPTS):
        stored = stored_at(root)
        report = _checked(stored, quick, progress)
        if report.sound or stored.is_current():
            return report
    raise restless(root)


def _checked(stored: Stored, quick: bool, progress: Progress) -> Report:
    checkup = Checkup(stored, quick)
    report = checkup.report
    for number in range(len(checkup)):
        report.extend(checkup.of_episode(number))
        progress(Advance(number + 1, len(checkup), "episodes"))
    report.condense()
    return report


class Checkup:
    """The check of a dataset in parts: what spans episodes at once, each episode when it is asked.

    Args:
        stored: the dataset.
        quick: decode no image.
    """

    def __init__(self, stored: Stored, quick: bool = False) -> None:
        self.report = Report()
        """What is found of the dataset as a whole."""
        self._quick = quick
        place, version = Place(self.report), VERSIONS[stored.version]
        self._spec = _spec(stored, place)
        self._tasks = _parsed(stored.tasks, place) or {}
        self._records = records = _parsed(stored.episodes, place) or []
        self._stats = _parsed(stored.stats, place)
        self._where = Whereabouts(stored.info, stored.files, KeptFacts(), version)
        _check_totals(stored, records, place)
        _check_tasks(version, self._tasks, records, place)
        _check_line_counts(stored, place)
        self._recorded_here = _check_health(stored, records, place)
        self._labels = check_labels(stored, len(records), place)
        remark_reviews(stored, place)
        check_stored(stored, self._stats, records, _is_of_another_recorder(stored), place)
        _check_strays(stored, records, place)
        if not _is_of_another_recorder(stored):
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
            label=None if self._labels is None else self._labels.get(record.index, Label()),
        )

    def of_episode(self, number: int) -> Report:
        """What is found of one episode."""
        report = Report()
        episode = self.episode(number)
        check_episode(self._where, episode, Place(report, episode.record.index))
        return report


def _parsed(parse: Callable[[], _T], place: Place) -> _T | None:
    try:
        return parse()
    except DatasetError as error:
        place.wrong(str(error))
        return None


def _spec(stored: Stored, place: Place) -> DatasetSpec | None:
    if _is_of_another_recorder(stored):
        place.remark(f"{layout.HARDWARE} is missing: another recorder made it, of an unknown rig.")
        for name in DEFAULT_FEATURES:
            if name not in stored.info.features:
                place.wrong(f"{layout.INFO} lacks the feature {name}, which LeRobot needs.")
        return None
    spec = _parsed(stored.spec, place)
    if spec is None:
        return None
    due, found = spec.features(), stored.info.features_data()
    place.expect("the order of the features", list(found), list(due))
    for key in due:
        if key in found and _without_codec(found[key]) != _without_codec(due[key]):
            place.wrong(f"the feature {key} in {layout.INFO} is not of LeRobot's form.")
    for key in spec.hardware.lacking:
        place.wrong(f"{layout.HARDWARE} lacks {key}.")
    if secrets := secret_places(stored.required(layout.HARDWARE)):
        place.remark(
            f"{layout.HARDWARE} holds a user name, password or token in {', '.join(secrets)}; a "
            f"push leaves it out, a copy of the folder does not. Delete it there, and change it "
            f"if the dataset was shared."
        )
    return spec


def _is_of_another_recorder(stored: Stored) -> bool:
    traces = (stored.meta[layout.HARDWARE], stored.meta[layout.HEALTH])
    return traces == (None, None) and not (stored.root / layout.CAPTURE).exists()


def _without_codec(feature: Mapping[str, object]) -> Mapping[str, object]:
    # Video settings are no identity: later episodes may be of another codec than the first.
    info = feature.get("info")
    if not isinstance(info, dict):
        return feature
    return {**feature, "info": {k: v for k, v in info.items() if k != "video.codec"}}


def _check_totals(stored: Stored, records: list[EpisodeRecord], place: Place) -> None:
    info = stored.info
    if records:
        lengths = sum(record.length for record in records)
        place.expect(f"total_frames in {layout.INFO}", info.frames, lengths)
    if not isinstance(fps := info.found.get("fps"), int):
        place.wrong(f"fps in {layout.INFO} is {fps!r}; LeRobot needs an int.")
    due = info.to_data()
    for key in VERSIONS[stored.version].totals:
        place.expect(f"{key} in {layout.INFO}", info.found.get(key), due[key])


def _check_tasks(
    version: Version, tasks: Mapping[int, str], records: list[EpisodeRecord], place: Place
) -> None:
    due = metadata.first_appearances([record.tasks for record in records])
    listed = list(tasks.values())
    if not version.is_ours and set(due) <= set(listed):
        if unused := [task for task in listed if task not in due]:
            place.remark(f"{version.tasks} lists {unused}, which no episode has.")
    elif listed != due:
        place.wrong(
            f"{version.tasks} lists {listed} and the episodes bring {due}, in the "
            f"order of their first appearance."
        )
    elif list(tasks) != list(range(len(tasks))):
        place.remark(f"{layout.TASKS} numbers its tasks {', '.join(map(str, tasks))}.")


def _check_line_counts(stored: Stored, place: Place) -> None:
    for name in VERSIONS[stored.version].lines:
        count = stored.info.tasks if name == layout.TASKS else stored.info.episodes
        if (data := stored.meta[name]) is not None:
            place.expect(f"the number of lines of {name}", len(data.splitlines()), count)
            _check_last_newline(name, data, place)


def _check_last_newline(name: str, data: bytes, place: Place) -> None:
    if data and not data.endswith(b"\n"):
        place.wrong(f"{name} does not end in a newline; the next append would join two lines.")


def _check_health(stored: Stored, records: list[EpisodeRecord], place: Place) -> set[int]:
    """The episodes that lerecord recorded: each has a line of health or at least a sidecar."""
    data = stored.meta[layout.HEALTH]
    files = stored.files
    with_sidecar = {record.index for record in records if files.sidecar(record.index).exists()}
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


def _check_strays(stored: Stored, records: list[EpisodeRecord], place: Place) -> None:
    """LeRobot reads every visible file below data/ and counts every video."""
    files, keys = stored.files, stored.info.camera_keys
    due = {name for record in records for name in files.names(record.index, keys)}
    due.update(layout.ANNOTATIONS.values())
    for folder in ("data", layout.VIDEOS, layout.CAPTURE):
        for name in _files_below(stored.root, folder):
            if name not in due and not files.is_removed(name):
                place.wrong(f"{name} belongs to no episode; LeRobot would read or count it.")


def _files_below(root: Path, folder: str) -> list[str]:
    names = []
    for directory, _, files in os.walk(root / folder):
        inside = PurePosixPath(Path(directory).relative_to(root).as_posix())
        names += [str(inside / name) for name in files if not name.startswith(".")]
    return sorted(names)
