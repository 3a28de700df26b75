"""The one process that makes a dataset of what the workers wrote: proves it, and shows it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lerecord.dataset.format import EpisodeRecord, Fields, layout, stats
from lerecord.dataset.join import MetadataWriter
from lerecord.dataset.read import Stored, stored_at
from lerecord.dataset.storage import NewFolder, fingerprint_of, further_files
from lerecord.errors import DatasetError
from lerecord.fleet.merge_folder import Job
from lerecord.fleet.sources import digest_of
from lerecord.fleet.steps import about_to


class NotDoneError(Exception):
    """Files are not as the journals say; their batches are to be done again."""


@dataclass(frozen=True, slots=True)
class _Sources:
    """What stands once in a dataset, of all sources."""

    hardware: bytes | None
    left_out: Sequence[str]
    further: Mapping[str, Path]


def publish(job: Job, folder: NewFolder) -> Sequence[str]:
    """Prove every file, write the metadata, info.json last; the folder is still to be committed.

    Args:
        job: what was to be written.
        folder: that it was written in.

    Returns:
        The names of what could not be carried over.

    Raises:
        NotDoneError: a file is not as its journal says.
        DatasetError: a dataset that episodes come from was changed meanwhile.
    """
    folder.keep_only(_proved(job))
    sources = _sources(job)
    writer = MetadataWriter(folder.place)
    for target, entry in enumerate(_entries(job)):
        record = EpisodeRecord.from_fields(Fields.parsed(entry["record"].encode(), "journal"))
        assert record.index == target
        values = stats.from_fields(Fields(entry["stats"], "journal"))
        writer.add(record, values, entry["annotations"])
    for name, path in sources.further.items():
        folder.copy(path, name)
    about_to("write info.json")
    writer.finish(job.info, job.plan.tasks, sources.hardware)
    return sources.left_out


def _entries(job: Job) -> Iterator[Mapping[str, Any]]:
    for number in range(job.plan.batches):
        yield from job.journal(number).entries() or []


def _proved(job: Job) -> set[str]:
    """The files of all episodes; each is there as its journal and the plan say."""
    cameras = len(job.info.camera_keys)
    expected: set[str] = set()
    bad = False
    for number in range(job.plan.batches):
        journal, batch = job.journal(number), job.plan.batch(number)
        entries = journal.entries()
        whole = entries is not None and len(entries) == len(batch.episodes)
        for place, planned in enumerate(batch.episodes if whole else ()):
            assert entries is not None
            files = entries[place].get("files", {})
            target = batch.first + place
            about_to("prove an episode")
            whole &= len(files) >= 1 + cameras
            whole &= is_whole(job.draft, files, {layout.data_file(target): planned.frames})
            expected |= files.keys()
        if not whole:
            journal.drop()
            bad = True
    if bad:
        raise NotDoneError
    return expected


def is_whole(draft: Path, files: Mapping[str, str], frames: Mapping[str, int]) -> bool:
    """True when some files are as they were written.

    Args:
        draft: the folder that they are in.
        files: the fingerprint of each.
        frames: how many each file of frames has.
    """
    try:
        if any(fingerprint_of(draft / name) != fingerprint for name, fingerprint in files.items()):
            return False
        return all(pq.read_metadata(draft / name).num_rows == due for name, due in frames.items())
    except (OSError, pa.ArrowException):
        return False


def _sources(job: Job) -> _Sources:
    hardware: bytes | None = None
    left: list[str] = []
    for root, digest in job.plan.sources:
        stored = stored_at(root)
        if digest_of(stored) != digest:
            raise DatasetError(
                f"{root} was changed while it was merged; run the same command again, which goes "
                f"on from there."
            )
        hardware = stored.meta[layout.HARDWARE] if hardware is None else hardware
        left += [*stored.left_out, *_other_keys(stored, job.info.extra)]
    further, different = further_files([root for root, _ in job.plan.sources])
    return _Sources(hardware, [*different, *dict.fromkeys(left)], further)


def _other_keys(stored: Stored, extra: Mapping[str, Any]) -> Iterator[str]:
    for key, value in stored.info.extra.items():
        if extra.get(key) != value:
            yield f"{key} in {stored.root / layout.INFO}"


def identity_of(job: Job, version: str) -> str:
    """What tells this merge from any other: its plan, and the form of its files."""
    digest = hashlib.sha256(json.dumps([version, job.info.to_data()]).encode())
    for number in range(job.plan.batches):
        digest.update(job.journal_digest(number).encode())
    return digest.hexdigest()
