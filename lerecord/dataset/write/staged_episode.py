"""A staged take as an episode that has no place yet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lerecord.dataset.edit import Draft
from lerecord.dataset.format import (
    CameraSpec,
    Place,
    Reason,
    Sidecar,
    Vectors,
    episode_table,
    health_of,
    label_columns,
    remarks_of,
    review_of,
    rollout_columns,
    video_to_data,
    with_label,
    write_sidecar,
)
from lerecord.dataset.staging import ClosedTake, StagedColumns, whole_video
from lerecord.dataset.video import remux
from lerecord.errors import DatasetError


@dataclass(frozen=True, slots=True)
class EpisodeSummary:
    """An episode that is committed.

    Attributes:
        index: of the episode.
        task: its sentence.
        length: frames.
        seconds: length / fps.
        missed: slots that were missed, each a repeated frame.
        repeated: camera name to images that are the one before once more.
        max_image_age_s: camera name to the oldest image at its frame's time.
        remarks: what the operator should know of it, a sentence each.
        review: what speaks against it; None where nobody looked.
    """

    index: int
    task: str
    length: int
    seconds: float
    missed: int
    repeated: dict[str, int]
    max_image_age_s: dict[str, float]
    remarks: tuple[str, ...] = ()
    review: tuple[Reason, ...] | None = None


Review = Callable[[int, ClosedTake, StagedColumns, Mapping[str, Any]], Sequence[Reason]]
"""What speaks against a take: of the episode that it becomes, what was read of it, its health."""


@dataclass(frozen=True, slots=True, eq=False)
class TakenDraft:
    """The draft of a take, and the sidecar that its summary is of."""

    draft: Draft
    sidecar: Sidecar
    fps: int

    def summary(self, episode: int) -> EpisodeSummary:
        """What is told once it is the episode of that index."""
        sidecar = self.sidecar
        return EpisodeSummary(
            index=episode,
            task=self.draft.task,
            length=len(sidecar),
            seconds=len(sidecar) / self.fps,
            missed=int(sidecar.frames.missed.sum()),
            repeated={name: int(each.repeated.sum()) for name, each in sidecar.tracks.items()},
            max_image_age_s={
                name: float(sidecar.image_age_s(name).max()) for name in sidecar.tracks
            },
            remarks=tuple(remarks_of(self.draft.annotations["health"], self.fps)),
            review=review_of(self.draft.annotations["health"]),
        )


def draft_of(
    episode: int, take: ClosedTake, read: StagedColumns, review: Review | None = None
) -> TakenDraft:
    """The draft of a closed take, of as many frames as were read of it.

    Args:
        episode: that it becomes.
        take: where it is staged.
        read: what was read of it.
        review: says what speaks against it; None: nobody looks.
    """
    spec = take.facts.spec
    rows = read.rows
    label = take.label()
    extras = dict(rollout_columns(rows)) if spec.rollouts else {}
    extras |= label_columns(len(rows), label) if spec.labels else {}
    frames = Vectors(rows.action, rows.state, extras)
    columns = frames.at(Place(0, 0, 0, spec.fps))
    histograms = {name: track.histogram for name, track in read.tracks.items()}
    sidecar = Sidecar(read.rows, read.tracks, _facts(take, read.salvaged))
    health = health_of(sidecar)
    if review is not None:
        health["review"] = [each.to_data() for each in review(episode, take, read, health)]
    draft = Draft(
        task=take.facts.task,
        frames=frames,
        stats=episode_table.episode_stats(columns, histograms, spec),
        annotations=with_label({"health": health}, label),
        sidecar=partial(write_sidecar, sidecar=sidecar),
        videos={camera.key: partial(_copy_video, take, camera, read) for camera in spec.cameras},
    )
    return TakenDraft(draft, sidecar, spec.fps)


def _facts(take: ClosedTake, salvaged: bool) -> dict[str, Any]:
    spec = take.facts.spec
    return {
        "task": take.facts.task,
        "begun": take.facts.begun,
        "fps": spec.fps,
        "units": spec.units,
        "joints": list(spec.joints),
        "simulated": spec.simulated,
        "video": video_to_data(spec.video),
        "calibration": spec.hardware.calibration,
        **({"salvaged": True} if salvaged else {}),
    }


def _copy_video(take: ClosedTake, camera: CameraSpec, read: StagedColumns, target: Path) -> None:
    rows = len(read.rows)
    source, fps = take.files.video(camera.name), take.facts.spec.fps
    if read.salvaged:
        whole = whole_video(take.files.path, camera)
        pictures = remux(source, target, fps, rows, whole.size_bytes)
    else:
        pictures = remux(source, target, fps)
    if pictures != rows:
        raise DatasetError(
            f"The take has {rows} frames and the video of camera {camera.name} {pictures} images; "
            f"it stays in {take.files.path} to be salvaged."
        )
