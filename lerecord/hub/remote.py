"""A dataset's repository on the Hub, through huggingface_hub; the one module that speaks to it.

Raises HubError, as `failures.Place` makes it of the client's errors.
"""

import contextlib
import logging
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import huggingface_hub
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.tqdm import disable_progress_bars

from lerecord import __version__
from lerecord.errors import HubError
from lerecord.hub.content import Batch, LocalFile, RemoteFile
from lerecord.hub.failures import Place, no_token

_TYPE = "dataset"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit, and who may see the repository."""

    commit: str
    private: bool


class Staged:
    """A batch whose large files are uploaded and not in a commit yet."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.added = [CommitOperationAdd(each.path, str(each.source)) for each in batch.send]


class Remote:
    """One repository of type dataset.

    Args:
        repo: "user/name".
        endpoint: of the Hub; None for HF_ENDPOINT, or the public one.
        token: None for HF_TOKEN, or that of `hf auth login`.
    """

    def __init__(self, repo: str, endpoint: str | None = None, token: str | None = None) -> None:
        disable_progress_bars()
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # errors are said here
        self.repo = repo
        self._token = token
        self._api = HfApi(
            endpoint=endpoint, token=token, library_name="lerecord", library_version=__version__
        )
        self._place = Place(repo, self._api.endpoint)

    @property
    def url(self) -> str:
        """Where people see it."""
        return f"{self._api.endpoint}/datasets/{self.repo}"

    def require_token(self) -> None:
        """Raises HubError when there is none."""
        if self._token is None and huggingface_hub.get_token() is None:
            raise HubError(no_token())

    def head(self) -> Head:
        """Raises MissingError when there is no such repository."""
        with self._place.told():
            info = self._api.dataset_info(self.repo, expand=["sha", "private"])
        assert info.sha is not None
        return Head(info.sha, bool(info.private))

    def create(self, private: bool) -> None:
        """Make it; fine when somebody has."""
        with self._place.told():
            self._api.create_repo(self.repo, private=private, repo_type=_TYPE, exist_ok=True)

    def files(self, commit: str) -> dict[str, RemoteFile]:
        """Every file of a commit, by path."""
        with self._place.told():
            tree = self._api.list_repo_tree(
                self.repo, recursive=True, revision=commit, repo_type=_TYPE
            )
            return {each.path: _file(each) for each in tree if isinstance(each, RepoFile)}

    def read(self, path: str, commit: str) -> bytes:
        """The content of a file."""
        with self._place.told(), tempfile.TemporaryDirectory() as folder:
            found = self._api.hf_hub_download(
                self.repo, path, revision=commit, repo_type=_TYPE, local_dir=folder
            )
            return Path(found).read_bytes()

    def upload(self, staged: Staged, files: Iterable[LocalFile]) -> None:
        """Send some of a batch's files, as far as they are large and not there yet."""
        paths = {each.path for each in files}
        with self._place.told():
            self._api.preupload_lfs_files(
                self.repo,
                [each for each in staged.added if each.path_in_repo in paths],
                repo_type=_TYPE,
                free_memory=False,  # the files are on the disk and may have to be sent again
            )

    def commit(self, staged: Staged, parent: str, message: str) -> str:
        """Make a commit behind `parent`; sends the small files.

        Returns:
            The new commit.

        Raises:
            OvertakenError: `parent` is not the newest commit any more.
        """
        removed = [CommitOperationDelete(path, is_folder=False) for path in staged.batch.remove]
        with self._place.told():
            made = self._api.create_commit(
                self.repo,
                [*staged.added, *removed],
                commit_message=message,
                repo_type=_TYPE,
                parent_commit=parent,
            )
        return made.oid

    def tags(self) -> dict[str, str]:
        """The commit of each tag."""
        with self._place.told():
            refs = self._api.list_repo_refs(self.repo, repo_type=_TYPE)
        return {each.name: each.target_commit for each in refs.tags}

    def commit_of(self, revision: str) -> str:
        """The commit that a tag, a branch or a commit's name means."""
        with self._place.told():
            try:
                info = self._api.dataset_info(self.repo, revision=revision, expand=["sha"])
            except RevisionNotFoundError as error:
                raise HubError(
                    f"{self.repo} has no revision {revision!r}; its tags are "
                    f"{', '.join(self.tags()) or 'none'}."
                ) from error
        assert info.sha is not None
        return info.sha

    def move_tag(self, tag: str, commit: str) -> bool:
        """Let a tag name a commit; False when it does already."""
        before = self.tags().get(tag)
        if before == commit:
            return False
        with self._place.told():
            if before is not None:
                with contextlib.suppress(RevisionNotFoundError):  # others were faster
                    self._api.delete_tag(self.repo, tag=tag, repo_type=_TYPE)
            self._api.create_tag(self.repo, tag=tag, revision=commit, repo_type=_TYPE)
        return True

    def download(self, commit: str, patterns: list[str], folder: Path) -> None:
        """Fetch files; what an interrupted call has fetched is not fetched again."""
        with self._place.told():
            self._api.snapshot_download(
                self.repo,
                repo_type=_TYPE,
                revision=commit,
                allow_patterns=patterns,
                local_dir=folder,
            )


def _file(found: RepoFile) -> RemoteFile:
    if found.lfs is None:
        return RemoteFile(found.size, found.blob_id, large=False)
    return RemoteFile(found.lfs.size, found.lfs.sha256, large=True)
