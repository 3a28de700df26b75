"""A Hub of one's own, and datasets to send there."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
os.environ["XDG_STATE_HOME"] = f"{_HOME.name}/state"  # where this user pushed what
os.environ.pop("HF_TOKEN", None)
os.environ.pop("HF_HUB_OFFLINE", None)

if TYPE_CHECKING:
    from lerecord.hub import Remote, Sent
    from lerecord.hub.push import Pushed

REPO = "me/box"


@contextmanager
def serving(patch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub that huggingface_hub takes for the real one."""
    from huggingface_hub import constants, file_download

    with running() as server:
        # huggingface_hub 0.36 compares the address of a commit with this, whatever it was given;
        # the template of downloads has to agree, which 0.36 keeps in the second place.
        patch.setattr(constants, "ENDPOINT", server.url)
        template = f"{server.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        for module in (constants, file_download):
            patch.setattr(module, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
        yield server


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving(monkeypatch) as server:
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
    from lerecord.hub import Remote

    return Remote(REPO, hub.url, token)


def environment(hub: Hub, token: str | None = TOKEN) -> dict[str, str]:
    """That of a command which is to use this Hub."""
    given = {**os.environ, "HF_ENDPOINT": hub.url}
    return given if token is None else {**given, "HF_TOKEN": token}


@dataclass
class Pusher:
    """Pushes in this process, and sleeps without letting time pass."""

    hub: Hub
    slept: list[float] = field(default_factory=list)
    told: list["Sent"] = field(default_factory=list)
    then: Callable[["Sent"], None] = lambda sent: None
    withheld: tuple[str, ...] = ()

    def push(self, root: Path, version: str = "v2.1", **how: object) -> "Pushed":
        from lerecord.hub.prepared import prepared
        from lerecord.hub.push import Push, Pushing

        def progress(sent: "Sent") -> None:
            self.told.append(sent)
            self.then(sent)

        pushing = Pushing(version, progress=progress, sleep=self.slept.append)
        pushing = replace(pushing, **how)  # type: ignore[arg-type]
        with prepared(root, version, REPO, pushing.tag) as ready:
            self.withheld = ready.withheld
            return Push(remote_of(self.hub), ready.files, pushing).run()

    def push_files(self, root: Path) -> "Pushed":
        """Push a folder that is no dataset as it is, which takes less time."""
        from lerecord.hub import content
        from lerecord.hub.push import Push, Pushing

        pushing = Pushing("v2.1", progress=self.told.append, sleep=self.slept.append)
        return Push(remote_of(self.hub), content.files_of(root), pushing).run()


@pytest.fixture
def pusher(hub: Hub) -> Pusher:
    return Pusher(hub)


def local_files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in ("data", "videos", "meta", "capture")
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


def remote_files(hub: Hub, revision: str = "main") -> dict[str, bytes]:
    files = hub.files(REPO, revision)
    return {
        path: data for path, data in files.items() if path not in (".gitattributes", "README.md")
    }


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Large and small ones, as they lie in a dataset."""
    for name in ("data/a.parquet", "data/b.parquet", "videos/c.mp4", "meta/info.json"):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path / "files"


def edited(files: Path) -> None:
    (files / "data/a.parquet").write_text("edited", encoding="utf-8")
    (files / "data/b.parquet").unlink()
