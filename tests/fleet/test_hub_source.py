"""A dataset on the Hub as a source: fetched whole, or named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lerecord.dataset.format import layout
from lerecord.fleet import Engine, HowToMerge, Request, State, look, merge_fleet
from tests.dataset.lists import tree
from tests.hub.conftest import serving
from tests.hub.server import TOKEN, Fault, Hub, Repo

pytest.importorskip("fsspec")
URL = "hf://datasets/me/box"
ALONE = HowToMerge(Engine(workers=1))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("lerecord.fleet.store._PAUSE_S", 0.0)
    with serving(monkeypatch) as server:
        # The filesystem asks for the address when it is made, and fsspec keeps it.
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def uploaded(hub: Hub, stations: Path) -> Hub:
    root = stations / "one/box"
    repo = hub.repos["me/box"] = Repo(private=True)
    files = {name: hub.put((root / name).read_bytes()) for name in tree(root)}
    repo.commit(files, "box")
    return hub


def test_it_is_fetched_through_dropped_and_slow_connections_and_merged(
    uploaded: Hub, stations: Path, tmp_path: Path
) -> None:
    state = State(tmp_path / "state")
    info = (stations / "one/box" / layout.INFO).read_bytes()
    pieces = [info[at : at + 100] for at in range(0, len(info), 100)]
    length = {"Content-Length": str(len(info))}
    uploaded.faults += [
        Fault(f"GET .*{layout.data_file(1)}"),
        Fault(f"GET .*{layout.INFO}", body=pieces, pause_s=0.01, headers=length),
    ]
    merged = merge_fleet(Request(tmp_path / "far", [URL]), state, ALONE)
    assert (merged.troubles, merged.episodes) == ([], 3)
    merge_fleet(Request(tmp_path / "near", [stations / "one/box"]), state, ALONE)
    assert tree(tmp_path / "far") == tree(tmp_path / "near")
    assert all(each.seen for each in uploaded.faults)
    uploaded.requests.clear()
    assert look([URL], state).troubles == []
    assert not any("/resolve/" in each for each in uploaded.requests)


def test_what_is_refused_is_named_and_the_others_go_on(
    uploaded: Hub, stations: Path, tmp_path: Path
) -> None:
    uploaded.faults.append(Fault(f"GET .*{layout.data_file(1)}", status=403, times=10**6))
    state = State(tmp_path / "state")
    request = Request(tmp_path / "out", [URL, stations])
    merged = merge_fleet(request, state, ALONE)
    (trouble,) = merged.troubles
    assert trouble.place.parts[-3:] == ("datasets", "me", "box")
    assert layout.data_file(1) in trouble.reason
    assert (merged.sources, merged.episodes) == (3, 8)
