"""A real client of S3 and a server that is moto's, where both are installed and asked for."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from lerecord.dataset.format import layout
from lerecord.errors import DatasetError
from lerecord.fleet import (
    Checking,
    Engine,
    HowToMerge,
    Request,
    State,
    check,
    look,
    merge_fleet,
    outbox,
)
from tests.dataset.lists import tree
from tests.fleet.way import Way, way_to

fsspec = pytest.importorskip("fsspec")
pytestmark = [
    pytest.mark.skipif("LERECORD_FLEET" not in os.environ, reason="LERECORD_FLEET is not set"),
    pytest.mark.skipif(
        find_spec("moto") is None or find_spec("s3fs") is None, reason="needs moto and s3fs"
    ),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(600),
]
QUICK = Checking(quick=True, engine=Engine(workers=1))
ALONE = HowToMerge(Engine(workers=1))


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[tuple[Any, Way]]:
    """A store of a server on this machine with a bucket, and the way to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    keys = {
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with (tmp_path / "moto").open("w") as out, mock.patch.dict(os.environ, keys):
        process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + 240
            while socket.socket().connect_ex(("127.0.0.1", port)):
                assert time.monotonic() < deadline, (tmp_path / "moto").read_text()
                time.sleep(0.2)
            with way_to(port) as way:
                os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{way.port}"
                fsspec.get_filesystem_class("s3").clear_instance_cache()
                found = fsspec.filesystem("s3")
                found.mkdir("lab")
                yield found, way
        finally:
            process.terminate()
            process.wait()


def test_a_bucket_is_a_source(
    s3: tuple[Any, Way], stations: Path, state: State, tmp_path: Path
) -> None:
    store, way = s3
    store.put(f"{stations}/", "lab/night/", recursive=True)
    way.drops += [f"GET /lab/night/one/box/{layout.data_file(1)}".encode()] * 2
    way.pause_s = 0.01
    found = check(["s3://lab/night"], state, QUICK)
    assert (found.sound, len(found.datasets)) == (True, 3)
    assert len(way.dropped) == 2
    request = Request(tmp_path / "out", ["s3://lab/night"])
    merge_fleet(request, state, ALONE)
    local = Request(tmp_path / "local", [stations])
    merge_fleet(local, state, ALONE)
    assert tree(request.out) == tree(local.out)
    way.refuses.append(f"GET /lab/night/two/cup/{layout.data_file(0)}".encode())
    found = check(["s3://lab/night"], State(tmp_path / "other"), QUICK)
    assert len(found.datasets) == 2
    (trouble,) = found.troubles
    assert f"{layout.data_file(0)} (PermissionError: " in trouble.reason


def test_a_bucket_is_a_target(
    s3: tuple[Any, Way], stations: Path, state: State, tmp_path: Path
) -> None:
    store, way = s3
    url = "s3://lab/tonight"
    local = Request(tmp_path / "local", [stations])
    merge_fleet(local, state, ALONE)
    request = replace(local, out=outbox(url, state), to=url)
    denied = f"PUT /lab/tonight/{layout.data_file(1)}".encode()
    way.refuses.append(denied)
    way.drops += [f"PUT /lab/tonight/{layout.data_file(2)}".encode()] * 2
    with pytest.raises(DatasetError, match=f"not whole: {layout.data_file(1)} .PermissionError"):
        merge_fleet(request, state, ALONE)
    assert len(way.dropped) == 2
    assert not store.exists(f"lab/tonight/{layout.INFO}")
    way.refuses.clear()
    way.pause_s = 0.01
    assert merge_fleet(request, state, ALONE).sent[0].files == 2
    assert merge_fleet(request, state, ALONE).sent[0].files == 0
    shutil.rmtree(state.folder / "sent")
    assert merge_fleet(request, state, ALONE).sent[0].files == 0
    store.get("lab/tonight/", f"{tmp_path / 'back'}/", recursive=True)
    assert tree(tmp_path / "back") == tree(local.out)
    assert look([url], state).datasets[0].episodes == 8
