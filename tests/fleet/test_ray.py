"""A cluster of Ray that was started beforehand does the work; runs where that is asked for."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from lerecord.dataset.join import merge
from lerecord.fleet import Checking, Engine, State, check
from tests.dataset.lists import tree
from tests.fleet.test_engines import children, gone

pytestmark = [
    pytest.mark.skipif("LERECORD_FLEET" not in os.environ, reason="LERECORD_FLEET is not set"),
    pytest.mark.skipif(find_spec("datatrove") is None, reason="needs lerecord[fleet]"),
    pytest.mark.skipif(find_spec("ray") is None, reason="needs ray"),
    pytest.mark.timeout(900),
]


@dataclass(frozen=True)
class Cluster:
    """What `ray start --head` has started."""

    folder: Path
    address: str

    def drivers(self) -> int:
        """How many programs have had it work for them."""
        return len([*(self.folder / "ray").glob("session_2*/logs/python-core-driver-*")])

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: each for name, each in os.environ.items() if name != "RAY_ADDRESS"}
        return kept | {"RAY_AUTH_MODE": "disabled", "RAY_TMPDIR": str(self.folder)} | more


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """On a free port, with a folder of its own, which has to be short for its sockets' names."""
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    made = Cluster(folder, f"127.0.0.1:{port}")
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block"]
    command += [f"--port={port}", "--node-ip-address=127.0.0.1", f"--temp-dir={folder}/ray"]
    command += ["--num-cpus=2", "--object-store-memory=100000000", "--include-dashboard=false"]
    said = folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--disable-usage-stats"], env=made.environment(), stdout=out, stderr=out
        )
    try:
        while b"Ray runtime started" not in said.read_bytes():
            assert process.poll() is None, said.read_text()
            time.sleep(0.1)
        yield made
    finally:
        started = [process.pid, *children(process.pid)]
        process.send_signal(signal.SIGTERM)  # `ray stop` would end every Ray of this machine
        try:
            process.wait(60)
        finally:
            for pid in started:
                if Path(f"/proc/{pid}").exists() and not gone_at_once(pid):
                    os.kill(pid, signal.SIGKILL)
        assert gone(started)
        shutil.rmtree(folder, ignore_errors=True)


def gone_at_once(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def run(environment: dict[str, str], *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lerecord", "fleet", *map(str, words)]
    command += ["--executor", "ray", "--workers", "2", "--tasks", "2"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_it_checks_and_merges_what_local_workers_do(
    cluster: Cluster, stations: Path, tmp_path: Path
) -> None:
    environment = cluster.environment(RAY_ADDRESS=cluster.address)
    before, state = cluster.drivers(), tmp_path / "state"
    checked = run(environment, "check", stations, "--state", state, "--json")
    due = check([stations], State(tmp_path / "another"), Checking(engine=Engine(workers=1)))
    assert checked.returncode == 0, checked.stderr
    named = f"Ray works on the cluster at {cluster.address}, which RAY_ADDRESS names.\n"
    assert named in checked.stderr
    datasets = json.loads(checked.stdout)["datasets"]
    assert [(each["dataset"], each["read"]) for each in datasets] == [
        (str(each.dataset), each.to_read) for each in due.datasets
    ]
    merged = run(environment, "merge", tmp_path / "out", stations, "--state", state)
    assert merged.returncode == 0, merged.stderr
    assert merged.stderr.count(named) == 1
    merge(tmp_path / "due", [stations / each for each in ("one/box", "two/box", "two/cup")])
    assert tree(tmp_path / "out") == tree(tmp_path / "due")
    assert cluster.drivers() == before + 2


def test_one_that_was_started_here_need_not_be_named(
    cluster: Cluster, stations: Path, tmp_path: Path
) -> None:
    before = cluster.drivers()
    words = ("check", stations, "--quick", "--state", tmp_path / "state")
    checked = run(cluster.environment(), *words)
    assert checked.returncode == 0, checked.stderr
    assert "which was started here.\n" in checked.stderr
    assert cluster.drivers() == before + 1
    alone = run(cluster.environment(RAY_ADDRESS="local"), *words[:-1], tmp_path / "own")
    assert alone.returncode == 0, alone.stderr
    assert "Ray works on this machine alone" in alone.stderr
