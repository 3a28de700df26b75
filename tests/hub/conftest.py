"""A Hub of one's own, and datasets to send there."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.dataset.conftest import Lab
from tests.hub.server import TOKEN, Hub, running

# huggingface_hub reads these once, when it is imported.
os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
_HOME = tempfile.TemporaryDirectory(prefix="hf-home-")
os.environ["HF_HOME"] = _HOME.name
os.environ.pop("HF_TOKEN", None)
os.environ.pop("HF_HUB_OFFLINE", None)

if TYPE_CHECKING:
    from lerecord.hub.remote import Remote

REPO = "me/box"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes of two tasks; to be copied, not changed."""
    lab = Lab(tmp_path_factory.mktemp("recorded") / "box")
    with lab.open() as writer:
        for number, task in enumerate(("Grab the box", "Push | the box", "Grab the box")):
            lab.record(writer, task, rows=4 + number, seed=number)
    return lab.root


@pytest.fixture
def dataset(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "sets" / "box"))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "sets" / "lab")


def remote_of(hub: Hub, token: str = TOKEN) -> "Remote":
    from lerecord.hub.remote import Remote

    return Remote(REPO, hub.url, token)


def environment(hub: Hub, token: str | None = TOKEN) -> dict[str, str]:
    """That of a command which is to use this Hub."""
    given = {**os.environ, "HF_ENDPOINT": hub.url}
    return given if token is None else {**given, "HF_TOKEN": token}
