"""Datasets elsewhere: fetched once, named where they cannot be, and never half there."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lerecord.dataset.format import layout
from lerecord.errors import ConfigError
from lerecord.fleet import Checking, Engine, HowToMerge, Request, State, check, look, merge_fleet
from lerecord.fleet.mirror import mirrored
from tests.dataset.lists import tree

fsspec = pytest.importorskip("fsspec")
QUICK = Checking(quick=True, engine=Engine(workers=1))
URL = "memory://bucket/lab"


@pytest.fixture
def store(stations: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    found = fsspec.filesystem("memory")
    found.put(f"{stations}/", "/bucket/lab/", recursive=True)
    monkeypatch.setattr("lerecord.fleet.store._PAUSE_S", 0.0)
    yield found
    found.rm("/bucket", recursive=True)


def opening(store: Any, monkeypatch: pytest.MonkeyPatch, fails: Any = None) -> list[str]:
    """The names of the files that are fetched from now on; `fails` may raise for one."""
    opened: list[str] = []
    real = type(store).open

    def open_(self: Any, name: str, *given: Any, **more: Any) -> Any:
        opened.append(name)
        if fails is not None:
            fails(name, opened.count(name))
        return real(self, name, *given, **more)

    monkeypatch.setattr(type(store), "open", open_)
    return opened


def test_what_lies_elsewhere_is_the_same_here_and_fetched_once(
    store: Any, stations: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = look([URL], state)
    assert [(each.station, each.episodes) for each in found.datasets] == [
        ("one", 3),
        ("two", 3),
        ("two", 2),
    ]
    folder = mirrored(URL, state).folder
    (folder / ".manifest.json").rename(state.folder / "kept")
    assert tree(folder / "one/box") == tree(stations / "one/box")
    (state.folder / "kept").rename(folder / ".manifest.json")
    opened = opening(store, monkeypatch)
    assert {each.change for each in look([URL], state).datasets} == {""}
    assert opened == []
    store.pipe(
        "/bucket/lab/one/box/meta/info.json", (stations / "one/box" / layout.INFO).read_bytes()
    )
    store.rm("/bucket/lab/two/cup", recursive=True)
    assert len(look([URL], state).datasets) == 2
    assert [*{each.rpartition("/lab/")[2] for each in opened}] == ["one/box/meta/info.json"]


def test_a_dropped_connection_is_tried_again(
    store: Any, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(name: str, time_: int) -> None:
        if name.endswith(".mp4") and time_ < 3:
            raise ConnectionResetError("dropped")

    opening(store, monkeypatch, fails)
    found = check([URL], state, QUICK)
    assert (found.sound, len(found.datasets)) == (True, 3)


def test_a_denied_object_is_named_and_the_other_datasets_go_on(
    store: Any, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(name: str, time_: int) -> None:
        if "two/box" in name and name.endswith("episode_000001.parquet"):
            raise PermissionError("Access Denied for s3://me:secret@host")

    with monkeypatch.context() as denied:
        opening(store, denied, fails)
        request = Request(tmp_path / "out", [URL])
        merged = merge_fleet(request, state, HowToMerge(Engine(workers=1)))
    (trouble,) = merged.troubles
    assert trouble.place.parts[-2:] == ("two", "box")
    assert "episode_000001.parquet (PermissionError: Access Denied" in trouble.reason
    assert "secret" not in trouble.reason
    assert (merged.sources, merged.episodes) == (2, 5)
    assert look([URL], state).troubles == []


def test_no_name_leads_out_of_the_copy(store: Any, state: State, tmp_path: Path) -> None:
    store.store["/bucket/lab/../../../out"] = store.store["/bucket/lab/one/box/meta/info.json"]
    before = {path for path in tmp_path.rglob("*") if not path.is_relative_to(state.folder)}
    folder = mirrored(URL, state).folder
    assert folder.is_relative_to(state.folder / "mirror")
    assert {path for path in tmp_path.rglob("*") if not path.is_relative_to(state.folder)} == before


def test_places_that_cannot_be_opened_are_refused_in_a_sentence(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trouble,) = look(["memory://nothing/here"], state).troubles
    assert "has no files" in trouble.reason
    with pytest.raises(ConfigError, match="cannot be opened"):
        look(["nonsense://x"], state)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ConfigError, match="pip install 's3fs'"):
        look(["s3://bucket/lab"], state)
