"""What came of a merge, as it is told and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lerecord.fleet.merge_folder import LeftEpisode, Request
from lerecord.fleet.sending import Sent
from lerecord.fleet.sources import Trouble
from lerecord.progress import Advance


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of it.

    Attributes:
        dataset: the new folder.
        version: of its format.
        episodes: that it has, or is to have.
        frames: of these.
        task_names: of these, each once.
        sources: datasets that they come from.
        left_episodes: those that could not be taken.
        troubles: datasets that could not be read.
        left_out: the names of what could not be carried over.
        jobs: of Slurm, when the work was given to it.
        done: the dataset is there.
        sent: the copies elsewhere that were asked for.
        progress: of the work that Slurm has, where that is known.
        sides: each side's dataset, when episodes are divided; the folder is that of both.
    """

    dataset: Path
    version: str
    episodes: int
    frames: int
    task_names: Sequence[str]
    sources: int
    left_episodes: Sequence[LeftEpisode] = ()
    troubles: Sequence[Trouble] = ()
    left_out: Sequence[str] = ()
    jobs: Sequence[str] = ()
    done: bool = True
    sent: Sequence[Sent] = ()
    progress: Advance | None = None
    sides: Mapping[str, "Merged"] = field(default_factory=dict)

    @classmethod
    def of_sides(cls, sides: Mapping[str, "Merged"], request: Request) -> "Merged":
        """Of both."""
        both = list(sides.values())
        return cls(
            dataset=request.out,
            version=request.version,
            episodes=sum(each.episodes for each in both),
            frames=sum(each.frames for each in both),
            task_names=list(dict.fromkeys(task for each in both for task in each.task_names)),
            sources=sum(each.sources for each in both),
            left_episodes=[one for each in both for one in each.left_episodes],
            troubles=list(dict.fromkeys(one for each in both for one in each.troubles)),
            left_out=list(dict.fromkeys(one for each in both for one in each.left_out)),
            jobs=[one for each in both for one in each.jobs],
            sent=[one for each in both for one in each.sent],
            done=all(each.done for each in both),
            sides=sides,
        )

    @property
    def tasks(self) -> int:
        """Different ones."""
        return len(self.task_names)
