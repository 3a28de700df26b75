"""Which repository a dataset belongs to: named once, remembered beside its lock."""

import json
import re
from pathlib import Path

from lerecord.dataset.format import layout
from lerecord.dataset.storage import inside
from lerecord.errors import ConfigError, DatasetError
from lerecord.hub.destinations import recalled

_REMEMBERED = f"{layout.PRIVATE}/hub.json"
_LONGEST_BYTES = 10_000
# As the Hub has it: https://huggingface.co/docs/hub/repositories-getting-started
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)


class UnconfirmedError(ConfigError):
    """The dataset names a repository to which this user has never pushed it.

    Attributes:
        repo: which.
    """

    def __init__(self, root: Path, repo: str) -> None:
        super().__init__(
            f"{root} says that it belongs to {repo} on the Hub, but you have not pushed it there "
            f"from this folder; a push replaces what is there, so confirm it with "
            f"`--repo-id {repo}`."
        )
        self.repo = repo


def repository(root: Path, repo: str | None) -> str:
    """The repository that is meant: the one named, or the one that was pushed to last.

    Raises:
        UnconfirmedError: none is named, and only the dataset itself says where it belongs.
        ConfigError: none is named or known, or the name is none that the Hub takes.
    """
    if repo is not None:
        if not _is_name(repo):
            raise ConfigError(f"{repo!r} is not the name of a repository; give it as USER/NAME.")
        return repo
    remembered = _remembered(root)
    known = recalled(root)
    if known is None or known.repo_id != remembered:
        raise UnconfirmedError(root, remembered)
    return remembered


def remember(root: Path, repo: str) -> None:
    """Let it be the one that is meant from now on."""
    inside.write(root, _REMEMBERED, json.dumps({"repo_id": repo}).encode() + b"\n")


def _remembered(root: Path) -> str:
    path = root / _REMEMBERED
    try:
        repo = json.loads(inside.read(root, _REMEMBERED, _LONGEST_BYTES))["repo_id"]
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(
            f"Where {root} belongs on the Hub is not known; give --repo-id USER/NAME once."
        ) from None
    except (DatasetError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(
            f"{path} does not name a repository ({error}); give --repo-id USER/NAME."
        ) from error
    if not isinstance(repo, str) or not _is_name(repo):
        raise ConfigError(
            f"{path} names {repo!r}, which is not a repository; give --repo-id USER/NAME."
        )
    return repo


def _is_name(repo: str) -> bool:
    return _NAME.fullmatch(repo) is not None and "--" not in repo and ".." not in repo
