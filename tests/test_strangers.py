"""Whatever a stranger plants in a dataset or beside it, no command touches anything else.

A few examples each time; `LERECORD_STRANGERS=1000` tries as many (minutes).
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lerecord import Dataset
from lerecord.cli.app import main
from lerecord.dataset.v30 import export_v30
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import LerecordError
from lerecord.hub.prepared import prepared
from tests.hub.conftest import REPO, Pusher, remote_of, serving
from tests.hub.server import Hub
from tests.strangers import (
    COMMANDS,
    PLANTED,
    PLANTED_BESIDE_A_PULL,
    SECRET,
    SERVED,
    Link,
    Planted,
    arguments,
    digest,
    make,
    make_victim,
)

EXAMPLES = int(os.environ.get("LERECORD_STRANGERS", "20"))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset `set`, and beside it its export to v3.0, `newer`."""
    root = make(tmp_path_factory.mktemp("strangers") / "set")
    export_v30(root, root.with_name("newer"))
    return root


@pytest.fixture(scope="module")
def hub(base: Path) -> Iterator[Hub]:
    """It serves the dataset."""
    with pytest.MonkeyPatch.context() as patch, serving(patch) as server:
        Pusher(server).push(base)
        yield server


def status_of(*words: str) -> int | str:
    """How a command ends, in this process; never with a traceback."""
    said = StringIO()
    with (
        mock.patch.object(sys, "argv", ["lerecord", *words]),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert ended.value.code in (0, 1, 2, None), said.getvalue()
    return ended.value.code or 0


def open_as_a_library(root: Path) -> None:
    with contextlib.suppress(LerecordError):
        dataset = Dataset(root)
        if len(dataset):
            dataset[0]
    with contextlib.suppress(LerecordError):
        DatasetWriter.open(root).close()


def published(root: Path) -> bytes:
    """Everything that a push would send."""
    with contextlib.suppress(LerecordError), prepared(root, "v2.1", "a/b", "v2.1") as ready:
        return b"".join(each.source.read_bytes() for each in ready.files)
    return b""


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_works_where_nothing_is_planted(
    base: Path, tmp_path: Path, command: str
) -> None:
    shutil.copytree(base, tmp_path / "set")
    shutil.copytree(base.with_name("newer"), tmp_path / "newer")
    refused = command in ("redo", "delete of v3.0")  # nothing was undone, and it is only read
    assert status_of(*arguments(command, tmp_path)) == (2 if refused else 0)


@pytest.mark.timeout(60 + 5 * EXAMPLES)
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
)
@given(
    st.lists(PLANTED, min_size=1, max_size=4),
    st.lists(st.sampled_from([*COMMANDS, "open", "push"]), min_size=1, max_size=4),
)
def test_nothing_beside_a_dataset_is_touched_whatever_is_planted(
    base: Path, planted: list[Planted], commands: list[str]
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shutil.copytree(base, folder / "set")
        shutil.copytree(base.with_name("newer"), folder / "newer")
        victim = make_victim(folder / "victim")
        for each in planted:
            each.plant(folder)
        before = digest(victim)
        for command in commands:
            if command == "open":
                open_as_a_library(folder / "set")
                open_as_a_library(folder / "newer")
            elif command == "push":
                sent = published(folder / "set")
                linked = any(isinstance(each, Link) and each.hard for each in planted)
                assert linked or SECRET.encode() not in sent
            else:
                status_of(*arguments(command, folder))
            assert digest(victim) == before, command


def fetch(hub: Hub, served: Mapping[str, bytes], out: Path) -> bool:
    """Pull what a Hub serves that also has these files; False when it is refused."""
    from lerecord.hub import pull

    tree = hub.repos[REPO].tree("v2.1")
    assert tree is not None
    sound = dict(tree)
    tree |= {name: hub.put(data) for name, data in served.items()}
    try:
        pull(remote_of(hub), out, sleep=lambda seconds: None)
    except LerecordError:
        return False
    finally:
        tree.clear()
        tree.update(sound)
    return True


@pytest.mark.timeout(60 + 5 * EXAMPLES)
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
)
@given(SERVED, st.lists(PLANTED_BESIDE_A_PULL, max_size=2))
@example({}, [])
@example({"meta/../../victim/k": b"x"}, [])
@example({}, [Link(".out.pull/meta", "victim/docs", absolute=True)])
@example({}, [Link(".out.pull", "victim", absolute=False)])
def test_nothing_beside_a_pull_is_touched_whatever_is_served(
    hub: Hub, served: dict[str, bytes], planted: list[Planted]
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        victim = make_victim(folder / "victim")
        for each in planted:
            each.plant(folder)
        before = digest(victim)
        came = fetch(hub, served, folder / "out")
        assert digest(victim) == before
        assert came or served or planted
        assert {each.name for each in folder.iterdir()} <= {"victim", "out", ".out.pull"}
