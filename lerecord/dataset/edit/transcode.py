"""Every video of a dataset encoded anew; frames, times and statistics stay what they were."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from lerecord.dataset.edit.episode_list import Draft, Slot, stays
from lerecord.dataset.edit.rebuild import Rebuild
from lerecord.dataset.format import (
    CameraSpec,
    StoredSidecar,
    VideoSettings,
    episode_table,
    layout,
    video_from_data,
    video_to_data,
)
from lerecord.dataset.video import Cut, codec_of, encode_again, require_image_per_frame
from lerecord.progress import Advance, Progress


def outdated(rebuild: Rebuild, settings: VideoSettings) -> list[int]:
    """The episodes that have a video of other settings.

    An episode's sidecar says how it was encoded. Where it does not, a video of the same codec
    counts as one of these settings: it is better left alone than worn by coding it once more.

    Raises:
        DatasetError: a file of the dataset cannot be read.
    """
    return [
        record.index
        for record in rebuild.old.records
        if not _is_encoded_so(rebuild, record.index, settings)
    ]


def _is_encoded_so(rebuild: Rebuild, episode: int, settings: VideoSettings) -> bool:
    if episode in rebuild.old.sidecars:
        said = StoredSidecar.load(rebuild.root / layout.capture_file(episode)).facts.get("video")
        if said is not None and video_from_data(said) != settings:
            return False
    return all(
        codec_of(rebuild.root / layout.video_file(episode, key)) == settings.codec
        for key in rebuild.keys
    )


def recoded(
    rebuild: Rebuild, episodes: list[int], settings: VideoSettings, progress: Progress
) -> list[Slot]:
    """The list of episodes with the videos of some of them encoded with these settings.

    The progress is told of each image, once the list is applied.

    Raises:
        DatasetError: a file of them cannot be read.
    """
    slots = stays(rebuild.old)
    pictures = sum(rebuild.old.records[episode].length for episode in episodes)
    encoded = _Encoded(progress, pictures * len(rebuild.keys))
    for episode in episodes:
        slots[episode] = _draft(rebuild, episode, settings, encoded)
    return slots


class _Encoded:
    """Tells of each image that is encoded."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def __call__(self) -> None:
        self._done += 1
        self._progress(Advance(self._done, self._total, "images"))


def _draft(
    rebuild: Rebuild, episode: int, settings: VideoSettings, encoded: Callable[[], object]
) -> Draft:
    """The episode with its statistics as they are: they are of the images before any coding."""
    old, root = rebuild.old, rebuild.root
    read = episode_table.read_entire(root / layout.data_file(episode))
    sidecar = root / layout.capture_file(episode)

    def writer(camera: CameraSpec) -> Callable[[Path], object]:
        source = root / layout.video_file(episode, camera.key)
        rows = range(old.records[episode].length)
        require_image_per_frame(source, len(rows), rebuild.state.spec.fps)
        cut = Cut(source, rows, camera, rebuild.state.spec.fps, settings)
        return partial(encode_again, cut, told=encoded)

    return Draft(
        task=old.task(episode),
        frames=read,
        stats=old.stats[episode],
        annotations=old.annotations.get(episode, {}),
        sidecar=partial(_tell, sidecar, settings) if episode in old.sidecars else None,
        videos={camera.key: writer(camera) for camera in rebuild.state.spec.cameras},
    )


def _tell(sidecar: Path, settings: VideoSettings, target: Path) -> None:
    """Write the sidecar with the settings that the videos have now."""
    StoredSidecar.load(sidecar).with_facts({"video": video_to_data(settings)}).write(target)
