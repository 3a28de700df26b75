"""Which Ray does the work, and that it is said."""

import socket
from pathlib import Path

import pytest

from lerecord.errors import ConfigError
from lerecord.fleet.engine import Engine, Work, run
from lerecord.fleet.ray_cluster import RayCluster, answers, ray_cluster

NAMED, STARTED = "10.0.0.7:6379", "10.0.0.8:6379"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ray").mkdir()
    return tmp_path


def found(folder: Path, address: str, *there: str) -> RayCluster:
    return ray_cluster({"RAY_TMPDIR": str(folder), "RAY_ADDRESS": address}, there.__contains__)


def start(folder: Path) -> None:
    (folder / "ray/ray_current_cluster").write_text(f"{STARTED}\n")


def test_the_one_that_is_named_goes_first(folder: Path) -> None:
    start(folder)
    cluster = found(folder, NAMED, NAMED, STARTED)
    assert cluster.address == NAMED
    assert cluster.sentence == f"Ray works on the cluster at {NAMED}, which RAY_ADDRESS names."
    with pytest.raises(ConfigError, match=rf"No cluster of Ray can be reached at {NAMED}"):
        found(folder, NAMED, STARTED)


@pytest.mark.parametrize("address", ["", "auto"])
def test_the_one_that_was_started_here_is_joined(folder: Path, address: str) -> None:
    start(folder)
    assert found(folder, address, STARTED) == RayCluster(
        "", f"Ray works on the cluster at {STARTED}, which was started here."
    )


def test_without_one_there_is_one_of_its_own(folder: Path) -> None:
    assert found(folder, "") == RayCluster("local", "Ray works on this machine alone.")
    start(folder)
    gone = f"; the cluster that was started here, at {STARTED}, is gone."
    assert found(folder, "") == RayCluster("local", f"Ray works on this machine alone{gone}")
    assert found(folder, "local", STARTED).address == "local"


def test_auto_wants_one_that_is_there(folder: Path) -> None:
    assert found(folder, "auto").address == "auto"  # Ray may find it among the processes
    start(folder)
    with pytest.raises(ConfigError, match=f"at {STARTED}, cannot be reached"):
        found(folder, "auto")


def test_an_address_answers_while_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert answers(f"127.0.0.1:{port}")
        assert answers(f"ray://127.0.0.1:{port}")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        assert not answers(f"127.0.0.1:{silent.getsockname()[1]}")
    for address in ("here", "127.0.0.1:", "127.0.0.1:999999", "127.0.0.1:ray"):
        assert not answers(address)


def test_it_is_said_and_given_to_the_engine(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Engine] = []

    def run_in_child(stages: object, engine: Engine, watch: object) -> list[str]:
        given.append(engine)
        return []

    monkeypatch.setattr("lerecord.fleet.engine.require_engine", lambda engine: None)
    monkeypatch.setattr("lerecord.fleet.engine._run_in_child", run_in_child)
    monkeypatch.setenv("RAY_TMPDIR", str(folder))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    said: list[str] = []
    run([Work("checking", tmp_path, 1)], Engine("ray", say=said.append))
    assert said == ["Ray works on this machine alone."]
    assert [each.address for each in given] == ["local"]
