"""Datasets from lists of takes: what every way to a list must come to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

from lerecord.dataset.format import CameraSpec, HardwareRecord, layout
from lerecord.dataset.staging import StagedTake
from lerecord.dataset.write import DatasetWriter
from tests.dataset.conftest import HARDWARE, Lab

CAMERAS = (CameraSpec("front", 64, 48), CameraSpec("wrist", 48, 64))
BEGUN = "2026-01-01T00:00:00.000+00:00"


@dataclass(frozen=True)
class Scripted:
    """A take that is recorded to the same bytes every time."""

    task: str = "a"
    rows: int = 6
    seed: int = 0


A, B, C, D = (
    Scripted("a", 6, 1),
    Scripted("b", 4, 2),
    Scripted("a", 5, 3),
    Scripted("c", 7, 4),
)


def small_lab(root: Path, cameras: tuple[CameraSpec, ...] = CAMERAS) -> Lab:
    lab = Lab(root)
    # The strip is too large for such images, so this rig is not said to be simulated.
    lab.spec = replace(
        lab.spec, cameras=cameras, hardware=HardwareRecord({**HARDWARE, "simulated": False})
    )
    return lab


def stage(lab: Lab, writer: DatasetWriter, take: Scripted) -> StagedTake:
    with mock.patch("lerecord.dataset.write.writer.now_utc", return_value=BEGUN):
        return lab.stage(
            writer,
            take.task,
            rows=take.rows,
            seed=take.seed,
            show=lambda camera, row: row + 100 * take.seed,
        )


def record(root: Path, takes: Sequence[Scripted]) -> Path:
    lab = small_lab(root)
    with lab.open() as writer:
        for take in takes:
            writer.commit(stage(lab, writer, take))
    return root


def tree(root: Path) -> dict[str, str]:
    """Every file that readers look at, by its digest."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_relative_to(root / layout.PRIVATE)
    }
