"""Where this user has pushed each dataset, kept in the user's own folder.

A dataset travels with its `.lerecord/hub.json`, so whoever made it chose what stands there. What
stands here was named or confirmed by this user.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from lerecord.secrets import without_secrets
from lerecord.user_folders import state_folder

_FILE = "pushed.json"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a dataset belongs for this user.

    Attributes:
        dataset: absolute path of its folder.
        endpoint: address of the Hub, without secrets.
        repo_id: "user/name".
        license: identifier for the card; empty for none, None while nobody was asked.
    """

    dataset: str
    endpoint: str
    repo_id: str
    license: str | None = None

    @classmethod
    def of(cls, root: Path, repo_id: str, license_: str | None = None) -> "Destination":
        """That of a folder on the Hub of this environment."""
        return cls(str(root.resolve()), _endpoint(), repo_id, license_)


def recalled(root: Path) -> Destination | None:
    """What is known of a dataset's folder; None when this user has pushed nothing from there."""
    place = str(root.resolve()), _endpoint()
    return next((each for each in _load() if (each.dataset, each.endpoint) == place), None)


def keep(destination: Destination) -> None:
    """Remember it. Without a folder to keep it in, the user is asked again next time."""
    place = destination.dataset, destination.endpoint
    others = [each for each in _load() if (each.dataset, each.endpoint) != place]
    data = {"pushed": [asdict(each) for each in (*others, destination)]}
    if (path := _path()) is None:
        return
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)


def _load() -> list[Destination]:
    """All that is known; a file that cannot be read vouches for nothing."""
    path = _path()
    try:
        data = json.loads(path.read_text(encoding="utf-8")) if path is not None else {}
        return [Destination(**each) for each in data.get("pushed", [])]
    except (OSError, ValueError, TypeError, AttributeError):
        return []


def _path() -> Path | None:
    """None for a user without a home."""
    folder = state_folder(os.environ)
    return None if folder is None else folder / _FILE


def _endpoint() -> str:
    return without_secrets(os.environ.get("HF_ENDPOINT", "").rstrip("/"))
