"""Several datasets become a new one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lerecord.dataset.format import Info
from lerecord.dataset.join.assembling import Assembly, Watched
from lerecord.dataset.join.compatibility import require_compatible
from lerecord.dataset.join.episode_run import EpisodeRun
from lerecord.dataset.read import stored_at
from lerecord.dataset.storage import NewFolder
from lerecord.dataset.verify import require_sound


@dataclass(frozen=True, slots=True)
class Merging(Watched):
    """How datasets are merged.

    Attributes:
        allow_hardware: join rigs whose servo ids or camera rotation differ.
    """

    allow_hardware: bool = False


_AS_GIVEN = Merging()


def merge(out: Path, roots: Sequence[Path], how: Merging = _AS_GIVEN) -> Info:
    """Make one dataset of several; they stay as they are.

    It is there as a whole or not at all. Features and everything that stands once in a dataset are
    the first one's; the rig is that of the first that knows its own. Videos and capture sidecars
    get a second name where the disk allows it, and are copied where it does not.

    Args:
        out: the new dataset's folder; nothing is there yet.
        roots: the datasets, in the order of their episodes.
        how: what is allowed.

    Returns:
        The new dataset's info.json.

    Raises:
        DatasetError: they cannot be joined, one is not sound or changes meanwhile, or the disk
            refuses.
    """
    datasets = [stored_at(root) for root in roots]
    require_compatible(datasets, how.allow_hardware)
    require_sound(roots)
    sources = [EpisodeRun.whole(each) for each in datasets]
    with NewFolder(out, how.probe) as folder:
        info = Assembly(folder, sources, how).run()
        for each in datasets:
            each.require_unchanged()
        folder.commit()
    return info
