"""Changes to committed episodes by the process that records: another take, another label."""

from pathlib import Path

from lerecord.dataset.edit import Change, Done, Rebuild, Watch, relabelled, stays
from lerecord.dataset.format import LabelChange, layout
from lerecord.dataset.staging import ClosedTake
from lerecord.dataset.storage import DatasetState, MetaFiles, Probe, size_of
from lerecord.dataset.write.staged_episode import EpisodeSummary, TakenDraft


def replace_episode(
    rebuild: Rebuild, episode: int, take: ClosedTake, taken: TakenDraft
) -> tuple[DatasetState, EpisodeSummary]:
    """Put a closed take in the place of an episode, in one transaction.

    Returns:
        The dataset's state then, and the episode.

    Raises:
        DatasetError: there is no such episode, the take cannot be one, or the disk refuses.
    """
    rebuild.old.check_index(episode)
    slots = stays(rebuild.old)
    slots[episode] = taken.draft
    change = Change(
        Done("rerecord", f"rerecord {episode}"),
        cleared=(f"{layout.TAKES}/{take.id}",),
        needed_bytes=size_of(take.files.path),
    )
    return rebuild.apply(slots, change), taken.summary(episode)


def label_episode(
    root: Path, state: DatasetState, episode: int, success: bool, probe: Probe
) -> DatasetState:
    """Say of an episode whether it succeeded, unless that is said already; the state then.

    Raises:
        DatasetError: there is no such episode, or the disk refuses.
    """
    rebuild = Rebuild.of(MetaFiles(root), state, Watch(probe=probe))
    rebuild.old.check_index(episode)
    change = LabelChange(success)
    slots = relabelled(rebuild.old, [episode], change)
    if slots == stays(rebuild.old):
        return state
    return rebuild.apply(slots, Change(Done("label", f"label {episode} {change.words()}")))
