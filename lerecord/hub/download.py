"""The pull: a version of a dataset, fetched beside its place and shown there when it is whole."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lerecord.dataset.format import layout
from lerecord.dataset.storage import (
    inside,
    megabytes,
    refused,
    show,
    sync_file,
    sync_tree,
    work_folder,
)
from lerecord.errors import DatasetError, HubError
from lerecord.hub import target
from lerecord.hub.content import FOLDERS, RemoteFile, compared, files_of, strange_name
from lerecord.hub.destinations import Destination, keep
from lerecord.hub.failures import PassingError
from lerecord.hub.frozen import CARD
from lerecord.hub.patience import Patience
from lerecord.hub.prepared import FORMATS
from lerecord.hub.remote import Remote


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came of a pull.

    Attributes:
        dataset: the new folder.
        repo_id: where it came from.
        revision: that was asked for, or the version tag that was found.
        commit: which that names.
        files: that it has.
        size_bytes: their size.
    """

    dataset: str
    repo_id: str
    revision: str
    commit: str
    files: int
    size_bytes: int


def pull(
    remote: Remote,
    out: Path,
    revision: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Pulled:
    """Fetch a dataset into a new folder. A pull that was killed goes on where it was.

    Args:
        remote: the repository.
        out: the new folder; nothing is there, or an empty folder.
        revision: a tag, a branch or a commit; None for the tag of a format that is read here.
        sleep: lets seconds pass.

    Raises:
        DatasetError: something is there, or the disk refuses.
        HubError: it is not on the Hub, or the Hub fails.
    """
    out = out.resolve()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DatasetError(f"{out} is not empty; name a folder that does not exist yet.")
    patience = Patience(sleep)
    draft = out.with_name(f".{out.name}.pull")
    try:
        with work_folder(draft):
            inside.remove_strange(draft)
            named, commit = patience.do(lambda: _commit(remote, revision))
            files = patience.do(lambda: _fetch(remote, commit, draft))
            target.remember(draft, remote.repo)
            shutil.rmtree(draft / ".cache", ignore_errors=True)  # what resuming needs, by the Hub
            sync_tree(draft)
            show(draft)
            draft.rename(out)
            sync_file(out.parent)
            keep(Destination.of(out, remote.repo))  # named by the user, as --repo-id is
    except OSError as error:
        raise refused(out.parent, error, f"{out} could not be created") from error
    size_bytes = sum(each.size_bytes for each in files.values())
    return Pulled(str(out), remote.repo, named, commit, len(files), size_bytes)


def _commit(remote: Remote, revision: str | None) -> tuple[str, str]:
    """The revision that is meant, and its commit."""
    remote.head()  # says so when it is not there
    if revision is not None:
        return revision, remote.commit_of(revision)
    tags = remote.tags()
    for version in FORMATS:
        if version in tags:
            return version, tags[version]
    raise HubError(
        f"{remote.repo} has none of the tags {', '.join(FORMATS)}, which name what is whole; "
        f"give --revision, main for the newest commit."
    )


def _fetch(remote: Remote, commit: str, draft: Path) -> dict[str, RemoteFile]:
    """Fetch the files of a commit and prove that they are those."""
    wanted = {
        path: file
        for path, file in remote.files(commit).items()
        if path == CARD or path.startswith(tuple(f"{folder}/" for folder in FOLDERS))
    }
    if layout.INFO not in wanted:
        raise HubError(
            f"{remote.repo} is not a dataset of LeRobot: {layout.INFO} is missing; check its name."
        )
    if (strange := strange_name(wanted)) is not None:
        raise HubError(
            f"{remote.repo} has a file named {strange!r}, which would not stay in the dataset's "
            f"folder; it was not pulled, tell its owner."
        )
    here = {old.path: old for old in files_of(draft)}
    for path in here.keys() - wanted.keys():
        here[path].source.unlink()
    missing = {
        path: file
        for path, file in wanted.items()
        if path not in here or not file.equals(here[path])
    }
    _require_room(draft, missing)
    remote.download(commit, missing, draft)
    difference = compared(files_of(draft), wanted)
    if difference.send or difference.remove:
        raise PassingError(
            f"What came of {remote.repo} is not what it has there; pull it again, and when it "
            f"happens again remove {draft} first."
        )
    return wanted


def _require_room(draft: Path, missing: Mapping[str, RemoteFile]) -> None:
    needed = sum(file.size_bytes for file in missing.values())
    free = shutil.disk_usage(draft).free
    if needed > free:
        raise DatasetError(
            f"The files to pull take {megabytes(needed)} and {draft.parent} has {megabytes(free)} "
            f"left; free some space, or choose a folder on another disk."
        )
