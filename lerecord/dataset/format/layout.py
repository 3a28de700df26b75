"""Where everything of a dataset lies: paths only. Those of data, videos and meta are LeRobot's.

LeRobot reads every file below data/ and counts every .parquet and .mp4 anywhere, so nothing below
`.lerecord/` has such a name.
"""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

MIN_ROWS = 2


CHUNK_SIZE = 1000
VIDEOS = "videos"
CAPTURE = "capture"
DATA_PATH = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
VIDEO_PATH = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
CAPTURE_PATH = "capture/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.arrow"

INFO = "meta/info.json"
TASKS = "meta/tasks.jsonl"
EPISODES = "meta/episodes.jsonl"
EPISODES_STATS = "meta/episodes_stats.jsonl"
STATS = "meta/stats.json"
HARDWARE = "meta/hardware.json"
HEALTH = "capture/health.jsonl"
LABELS = "meta/labels.jsonl"
ANNOTATIONS = {"health": HEALTH, "label": LABELS}
"""What is known of episodes beside their frames: name to its file, at most one line an episode."""

FOLDERS = ("data", VIDEOS, "images", CAPTURE, "meta")
"""The folders of a dataset: what lies elsewhere is none of its files."""

PRIVATE = ".lerecord"
LOCK = f"{PRIVATE}/lock"
TAKES = f"{PRIVATE}/takes"
TRANSACTIONS = f"{PRIVATE}/txn"
TRASH = f"{PRIVATE}/trash"


def chunk_of(episode: int) -> int:
    """The chunk that an episode lies in."""
    return episode // CHUNK_SIZE


def data_file(episode: int) -> str:
    """The parquet file of an episode, relative to the dataset."""
    return DATA_PATH.format(episode_chunk=chunk_of(episode), episode_index=episode)


def video_file(episode: int, key: str) -> str:
    """The mp4 file of an episode and a camera's feature, relative to the dataset."""
    return VIDEO_PATH.format(episode_chunk=chunk_of(episode), episode_index=episode, video_key=key)


def capture_file(episode: int) -> str:
    """The capture sidecar of an episode, relative to the dataset."""
    return CAPTURE_PATH.format(episode_chunk=chunk_of(episode), episode_index=episode)


def hardware_path(root: Path) -> Path:
    """The rig that a dataset was recorded on."""
    return root / HARDWARE


def new_take_id() -> str:
    """A name for a staged take that no other has; names sort by when they were made."""
    # One look at the clock: seconds and nanoseconds of two would not sort around a full second.
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    begun = time.strftime("%Y%m%d-%H%M%S", time.localtime(seconds))
    return f"{begun}-{nanoseconds:09d}-{secrets.token_hex(2)}"


def take_folder(root: Path, take: str) -> Path:
    """Where a take is staged."""
    return root / TAKES / take


@dataclass(frozen=True, slots=True)
class TakeFolder:
    """The files of one staged take; the folder's name is the take's id."""

    path: Path

    @property
    def facts(self) -> Path:
        """JSON: task, when begun, the spec."""
        return self.path / "take.json"

    @property
    def saved(self) -> Path:
        """There once the take was to be committed: the operator saved it, and no kill ended it."""
        return self.path / "saved"

    @property
    def label(self) -> Path:
        """JSON: what was said of it before it was committed."""
        return self.path / "label.json"

    @property
    def rows(self) -> Path:
        """The frame journal."""
        return self.path / "rows.journal"

    def video(self, camera: str) -> Path:
        """The fragmented mp4 of a camera; not named so, for LeRobot would count it."""
        return self.path / f"{camera}.video"

    def capture(self, camera: str) -> Path:
        """The capture journal of a camera."""
        return self.path / f"{camera}.capture"

    def histogram(self, camera: str) -> Path:
        """The histograms of a camera so far, one record a second."""
        return self.path / f"{camera}.histogram"

    def look(self, camera: str) -> Path:
        """What a camera saw, small."""
        return self.path / f"{camera}.look"

    def spool(self, camera: str) -> Path:
        """Where a camera process keeps chosen images when its encoder falls behind."""
        return self.path / f"{camera}.spool"
