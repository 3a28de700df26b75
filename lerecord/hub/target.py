"""Which repository a dataset belongs to: named once, remembered beside its lock."""

import json
import re
from pathlib import Path

from lerecord.dataset import layout
from lerecord.dataset.sync import make_folder, sync_file
from lerecord.errors import ConfigError

_REMEMBERED = f"{layout.PRIVATE}/hub.json"
# As the Hub has it: https://huggingface.co/docs/hub/repositories-getting-started
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)


def repository(root: Path, repo: str | None) -> str:
    """The repository that is meant: the one named, or the one that was pushed to last.

    Raises:
        ConfigError: none is named or known, or the name is none that the Hub takes.
    """
    if repo is None:
        return _remembered(root)
    if _NAME.fullmatch(repo) is None or "--" in repo or ".." in repo:
        raise ConfigError(f"{repo!r} is no name of a repository; give it as USER/NAME.")
    return repo


def remember(root: Path, repo: str) -> None:
    """Let it be the one that is meant from now on."""
    path = root / _REMEMBERED
    make_folder(path.parent)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"repo_id": repo}) + "\n", encoding="utf-8")
    sync_file(draft)
    draft.replace(path)
    sync_file(path.parent)


def _remembered(root: Path) -> str:
    try:
        repo = json.loads((root / _REMEMBERED).read_text(encoding="utf-8"))["repo_id"]
    except FileNotFoundError:
        raise ConfigError(
            f"Where {root} belongs on the Hub is not known; name it once with --repo-id USER/NAME."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{root / _REMEMBERED} does not name a repository ({error}); give --repo-id."
        ) from error
    return str(repo)
