"""A dataset's repository on the Hub: reads through `channel`, writes through huggingface_hub.

Raises HubError, as `failures.Place` makes it of the client's errors.
"""

import contextlib
import functools
import hashlib
import io
import itertools
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import huggingface_hub
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import RevisionNotFoundError
from huggingface_hub.utils import build_hf_headers
from huggingface_hub.utils.tqdm import disable_progress_bars

from lerecord import __version__
from lerecord.errors import HubError
from lerecord.hub.channel import Channel, silence_s
from lerecord.hub.content import Batch, LocalFile, RemoteFile
from lerecord.hub.endpoint import Endpoint
from lerecord.hub.failures import Place, no_token
from lerecord.hub.waiting import Allowance, each_within, within

_T = TypeVar("_T")
_TYPE = "dataset"
_AT_ONCE = 8
_DRAFTS = ".cache/lerecord"


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
        self._endpoint = Endpoint(self._api.endpoint)
        self._place = Place(repo, self._endpoint)
        headers = build_hf_headers(
            token=token, library_name="lerecord", library_version=__version__
        )
        self._channel = Channel(self._endpoint.url, headers)

    @property
    def url(self) -> str:
        """Where people see it."""
        return f"{self._endpoint.shown}/datasets/{self.repo}"

    @property
    def warning(self) -> str | None:
        """What to tell the user about the way to it; None for nothing."""
        return self._endpoint.warning(self._has_token())

    def require_token(self) -> None:
        """Raises HubError when there is none."""
        if not self._has_token():
            raise HubError(no_token())

    def _has_token(self) -> bool:
        return self._token is not None or huggingface_hub.get_token() is not None

    def _ask(self, work: Callable[[], _T], size_bytes: int = 0) -> _T:
        """What the client answers, as far as it does in time; `size_bytes` are sent for it."""
        with self._place.told():
            return within(Allowance(silence_s(), size_bytes).seconds, work)

    def head(self) -> Head:
        """Raises MissingError when there is no such repository."""
        with self._place.told():
            info = self._channel.json(self._api_path(), expand=["sha", "private"])
            return Head(_text(info["sha"]), bool(info["private"]))

    def create(self, private: bool) -> None:
        """Make it; fine when somebody has."""
        self._ask(
            lambda: self._api.create_repo(
                self.repo, private=private, repo_type=_TYPE, exist_ok=True
            )
        )

    def files(self, commit: str) -> dict[str, RemoteFile]:
        """Every file of a commit, by path."""
        with self._place.told():
            pages = self._channel.pages(
                self._api_path(f"/tree/{_quoted(commit)}"), recursive="true"
            )
            entries = itertools.chain.from_iterable(pages)
            return {_text(each["path"]): _file(each) for each in entries if each["type"] == "file"}

    def read(self, path: str, commit: str, file: RemoteFile) -> bytes:
        """The content of a file."""
        content = io.BytesIO()
        with self._place.told():
            self._channel.fetch(self._file_path(path, commit), file.size_bytes, content)
        return content.getvalue()

    def upload(self, staged: Staged, files: Sequence[LocalFile]) -> None:
        """Send some of a batch's files, as far as they are large and not there yet."""
        paths = {each.path for each in files}
        added = [each for each in staged.added if each.path_in_repo in paths]
        self._ask(
            lambda: self._api.preupload_lfs_files(
                self.repo,
                added,
                repo_type=_TYPE,
                free_memory=False,  # the files are on the disk and may have to be sent again
            ),
            sum(each.size_bytes for each in files),
        )

    def commit(self, staged: Staged, parent: str, message: str) -> str:
        """Make a commit behind `parent`; sends the small files.

        Returns:
            The new commit.

        Raises:
            OvertakenError: `parent` is not the newest commit any more.
        """
        removed = [CommitOperationDelete(path, is_folder=False) for path in staged.batch.remove]
        made = self._ask(
            lambda: self._api.create_commit(
                self.repo,
                [*staged.added, *removed],
                commit_message=message,
                repo_type=_TYPE,
                parent_commit=parent,
            ),
            staged.batch.size_bytes,
        )
        return made.oid

    def tags(self) -> dict[str, str]:
        """The commit of each tag."""
        with self._place.told():
            refs = self._channel.json(self._api_path("/refs"))
            return {_text(each["name"]): _text(each["targetCommit"]) for each in refs["tags"]}

    def commit_of(self, revision: str) -> str:
        """The commit that a tag, a branch or a commit's name means."""
        with self._place.told():
            try:
                path = self._api_path(f"/revision/{_quoted(revision)}")
                return _text(self._channel.json(path, expand="sha")["sha"])
            except RevisionNotFoundError as error:
                raise HubError(
                    f"{self.repo} has no revision {revision!r}; its tags are "
                    f"{', '.join(self.tags()) or 'none'}."
                ) from error

    def move_tag(self, tag: str, commit: str) -> bool:
        """Let a tag name a commit; False when it does already."""
        before = self.tags().get(tag)
        if before == commit:
            return False

        def move() -> None:
            if before is not None:
                with contextlib.suppress(RevisionNotFoundError):  # others were faster
                    self._api.delete_tag(self.repo, tag=tag, repo_type=_TYPE)
            self._api.create_tag(self.repo, tag=tag, revision=commit, repo_type=_TYPE)

        self._ask(move)
        return True

    def download(self, commit: str, files: Mapping[str, RemoteFile], folder: Path) -> None:
        """Fetch files into a folder of the same layout.

        Args:
            commit: which has them.
            files: by path; each path is relative and stays within the folder.
            folder: where to.
        """

        def fetch(path: str, file: RemoteFile) -> None:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = folder / _DRAFTS / hashlib.sha256(path.encode()).hexdigest()
            with draft.open("wb") as content:
                self._channel.fetch(self._file_path(path, commit), file.size_bytes, content)
            draft.replace(target)

        (folder / _DRAFTS).mkdir(parents=True, exist_ok=True)
        works = [functools.partial(fetch, *each) for each in files.items()]
        largest = max((file.size_bytes for file in files.values()), default=0)
        with self._place.told():
            each_within(2 * Allowance(silence_s(), largest).seconds, works, _AT_ONCE)
        shutil.rmtree(folder / _DRAFTS)

    def _api_path(self, rest: str = "") -> str:
        return f"/api/datasets/{self.repo}{rest}"

    def _file_path(self, path: str, commit: str) -> str:
        return f"/datasets/{self.repo}/resolve/{_quoted(commit)}/{quote(path)}"


def _quoted(revision: str) -> str:
    return quote(revision, safe="")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {value!r}")
    return value


def _file(entry: Any) -> RemoteFile:
    large = entry.get("lfs")
    named = entry if large is None else large
    size_bytes = named["size"]
    if type(size_bytes) is not int or size_bytes < 0:
        raise ValueError(f"{size_bytes!r} is no size of a file")
    return RemoteFile(size_bytes, _text(named["oid"]), large=large is not None)
