"""What a plan has to know of a dataset and its episodes, and nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lerecord.dataset.format import read_annotations
from lerecord.dataset.overview import episodes_of
from lerecord.dataset.read import Stored
from lerecord.fleet.labels import gate_of, outcome_of
from lerecord.fleet.sources import Source, digest_of
from lerecord.fleet.status import health_kind
from lerecord.fleet.where import Facts


class EpisodeFacts(NamedTuple):
    """One episode.

    Attributes:
        number: of it in its dataset.
        frames: how many it has.
        tasks: its sentences.
        label: success, failure or unlabelled.
        gate: what the quality gate said; empty without one.
        health: how well it was recorded, as `status` counts it.
    """

    number: int
    frames: int
    tasks: tuple[str, ...]
    label: str = "unlabelled"
    gate: str = ""
    health: str = "not known"


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One dataset.

    Attributes:
        root: its folder.
        digest: of its metadata.
        rig: the type of its robot.
        fps: frames a second.
        episodes: all of them, by number.
    """

    root: Path
    digest: str
    rig: str
    fps: int
    episodes: Sequence[EpisodeFacts]

    @property
    def station(self) -> str:
        """The folder that it lies in."""
        return self.root.parent.name

    def facts(self, episode: EpisodeFacts) -> Facts:
        """What conditions are asked of."""
        return {
            "label": episode.label,
            "gate": episode.gate,
            "health": episode.health,
            "task": episode.tasks,
            "station": self.station,
            "source": self.root.name,
            "rig": self.rig,
            "length": episode.frames / self.fps,
        }


def facts_of(source: Source, stored: Stored) -> SourceFacts:
    """What a plan has to know of a dataset.

    Raises:
        DatasetError: its metadata cannot be read.
    """
    kept = read_annotations(stored.meta.__getitem__)
    words = {each.episode: each.health for each in episodes_of(stored)}
    episodes = [
        EpisodeFacts(
            record.index,
            record.length,
            tuple(record.tasks),
            outcome_of(kept.get(record.index, {})),
            gate_of(kept.get(record.index, {})),
            health_kind(words[record.index]),
        )
        for record in stored.episodes()
    ]
    info = stored.info
    return SourceFacts(source.root, digest_of(stored), info.robot_type or "", info.fps, episodes)
