"""Places elsewhere: object stores and the Hub, by whatever library fsspec finds for an address."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from lerecord.errors import ConfigError, DatasetError
from lerecord.secrets import without_secrets

AT_ONCE = 8
"""Files that are on their way at the same time."""
_ATTEMPTS = 3
_PAUSE_S = 0.5
_VERSIONS = (
    "ETag",
    "etag",
    "blob_id",
    "md5Hash",
    "LastModified",
    "last_modified",
    "mtime",
    "created",
)
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://")
_EXTRAS = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


@dataclass(frozen=True, slots=True)
class Object:
    """A file elsewhere: its name there and here, its size, and what changes with its content."""

    name: str
    here: str
    size: int
    version: str


def is_remote(place: str) -> bool:
    """True of an address such as `s3://bucket/lab`."""
    return _REMOTE.match(place) is not None


def plain(url: str) -> str:
    """A relative path that says where something is from, and leads nowhere else."""
    scheme, _, path = url.partition("://")
    parts = [re.sub(r"[^\w@.-]", "_", each) for each in path.split("/") if each]
    kept = [f"_{each}" if each.startswith(".") else each for each in parts] or ["_"]
    return "/".join([scheme, *kept])


def opened(url: str) -> tuple[Any, str]:
    """The store of an address, and the path in it.

    Raises:
        ConfigError: its library is not installed, or nothing opens such an address.
    """
    try:
        from fsspec.core import url_to_fs

        store, path = url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        scheme = url.partition("://")[0]
        package = _EXTRAS.get(scheme, "lerecord[fleet]")
        raise ConfigError(
            f"{scheme}:// needs a library that is not installed; run `pip install '{package}'`."
        ) from error
    except ValueError as error:
        raise ConfigError(f"{without_secrets(url)} cannot be opened ({error}).") from error
    return store, str(path)


def listed(store: Any, path: str, url: str) -> list[Object]:
    """Every file below a path that a dataset can have.

    Raises:
        DatasetError: it cannot be listed; `url` is named.
    """
    try:
        return list(_listed(store, path))
    except Exception as error:  # of whatever library
        raise DatasetError(
            f"{without_secrets(url)} cannot be listed ({fact_of(error)}); check the address and "
            f"the credentials in the environment."
        ) from error


def _listed(store: Any, path: str) -> Iterator[Object]:
    """A name that would lead out of a copy is none."""
    top = path.strip("/")
    for name, facts in store.find(path, detail=True).items():
        here = str(name).strip("/").removeprefix(top).strip("/")
        parts = PurePosixPath(here).parts
        if not here or any(each.startswith(".") for each in parts) or "\\" in here:
            continue
        yield Object(str(name), here, int(facts.get("size") or 0), version_of(facts))


def version_of(facts: Mapping[str, Any]) -> str:
    """What changes with the content of a file, as its store has it; empty where it has nothing."""
    return next((str(facts[key]) for key in _VERSIONS if facts.get(key)), "")


def attempted(work: Callable[[], object]) -> str:
    """Do something on the way to a store, some times if need be; why it failed, or nothing."""
    reason = ""
    for attempt in range(_ATTEMPTS):
        time.sleep(_PAUSE_S * attempt)
        try:
            work()
        except PermissionError as error:
            return fact_of(error)
        except Exception as error:  # of whatever library
            reason = fact_of(error)
        else:
            return ""
    return reason


def fact_of(error: BaseException) -> str:
    """What an error of a library says, in short and without secrets."""
    said = without_secrets(str(error)).strip().splitlines()
    return f"{type(error).__name__}: {said[0][:200]}" if said else type(error).__name__
