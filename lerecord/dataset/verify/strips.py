"""The strips of a simulated rig's images, which prove what each image is.

The strip is drawn into each simulated image before it leaves the camera: a counter and a time. So a
decoded image that slipped against its frame shows here and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lerecord import frame_stamp
from lerecord.dataset.format import TrackSummary
from lerecord.dataset.verify.findings import Place

_UNREADABLE_AV1 = 0.03
_MILLISECONDS = 2**32
_COUNTERS = 2**24
_ROUNDING_MS = 2.0


@dataclass(frozen=True, slots=True)
class Strips:
    """How a simulated camera draws them.

    Attributes:
        rotation: degrees clockwise by which its images are turned before they are recorded.
        fps: images a second that it gives.
    """

    rotation: int
    fps: int


def check_strips(
    stamps: Sequence[frame_stamp.Stamp | None],
    strips: Strips,
    track: TrackSummary | None,
    is_av1: bool,
    place: Place,
) -> None:
    """Compare the strips of a video, one a frame, with each other and with the sidecar."""
    unreadable = [row for row, stamp in enumerate(stamps) if stamp is None]
    if is_av1 and len(unreadable) <= _UNREADABLE_AV1 * len(stamps):
        # SVT-AV1's fast presets leave out a changed block of an image now and then.
        place.remark_rows(unreadable, "the strip is blurred by the codec.")
    else:
        place.wrong_rows(unreadable, "the strip of the simulated image cannot be read.")
    seen = {row: stamp for row, stamp in enumerate(stamps) if stamp is not None}
    _check_counters(seen, track, place)
    if track is not None:
        _check_times(seen, strips, track, place)


def _check_counters(
    seen: Mapping[int, frame_stamp.Stamp], track: TrackSummary | None, place: Place
) -> None:
    back: list[int] = []
    stuck: list[int] = []
    moved: list[int] = []
    for row in sorted(seen)[1:]:
        if row - 1 not in seen:
            continue
        step = (seen[row].counter - seen[row - 1].counter) % _COUNTERS
        if step >= _COUNTERS // 2:
            back.append(row)
        elif track is not None and row < track.rows and (step == 0) != _is_same(track, row):
            (stuck if step == 0 else moved).append(row)
    place.wrong_rows(back, "the image slipped: its counter goes back.")
    place.wrong_rows(stuck, "the image slipped: it is shown again and the camera gave a new one.")
    place.wrong_rows(moved, "the image slipped: it is a new one instead of the last one again.")


def _is_same(track: TrackSummary, row: int) -> bool:
    """Whether the sidecar says that the image of a frame looks like the one before."""
    return bool(track.repeated[row]) or (track.unchanged is not None and bool(track.unchanged[row]))


def _check_times(
    seen: Mapping[int, frame_stamp.Stamp], strips: Strips, track: TrackSummary, place: Place
) -> None:
    """A strip's time is that of drawing. An image cannot arrive before; it can arrive late."""
    late_ms: dict[int, float] = {}
    for row, stamp in seen.items():
        if row < track.rows:
            late = (track.captured_at[row] * 1000.0 - stamp.milliseconds) % _MILLISECONDS
            late_ms[row] = late - _MILLISECONDS if late >= _MILLISECONDS / 2 else late
    early = [row for row, late in late_ms.items() if late < -_ROUNDING_MS]
    if early:
        place.wrong_rows(
            early,
            f"the image slipped: its strip is {-late_ms[early[0]]:.0f} ms from its capture time.",
        )
    late = [row for row, each in late_ms.items() if each > 1000.0 / strips.fps + 1.0]
    if late:
        most_ms = max(late_ms[row] for row in late)
        place.remark_rows(
            late, f"the image took long from the camera to the recorder; {most_ms:.0f} ms at most."
        )
