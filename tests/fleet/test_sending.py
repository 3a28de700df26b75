"""A dataset as a copy elsewhere: whole once its info.json is there, however often it broke off."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lerecord.dataset.format import layout
from lerecord.errors import DatasetError
from lerecord.fleet import (
    Engine,
    HowToMerge,
    Request,
    Split,
    State,
    Wish,
    look,
    merge_fleet,
    outbox,
)
from lerecord.fleet.sending import send
from tests.dataset.lists import tree

fsspec = pytest.importorskip("fsspec")
ALONE = HowToMerge(Engine(workers=1))
URL = "memory://out/tonight"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr("lerecord.fleet.store._PAUSE_S", 0.0)
    found = fsspec.filesystem("memory")
    yield found
    if found.exists("/out"):
        found.rm("/out", recursive=True)


def putting(
    store: Any,
    monkeypatch: pytest.MonkeyPatch,
    fails: Callable[[str, int], None] = lambda name, times: None,
) -> list[str]:
    """The names of the files that are sent from now on; `fails` may raise for one."""
    sent: list[str] = []
    real = type(store).put_file

    def put_file(self: Any, path: str, name: str, *given: Any, **more: Any) -> Any:
        short = name.rpartition("/tonight/")[2]
        sent.append(short)
        fails(short, sent.count(short))
        return real(self, path, name, *given, **more)

    monkeypatch.setattr(type(store), "put_file", put_file)
    return sent


def there(store: Any, tmp_path: Path) -> dict[str, str]:
    shutil.rmtree(tmp_path / "back", ignore_errors=True)
    store.get("/out/tonight/", f"{tmp_path / 'back'}/", recursive=True)
    return tree(tmp_path / "back")


def test_a_copy_is_whole_and_sent_once_and_info_comes_last(
    store: Any, stations: Path, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = stations / "one/box"
    names = putting(store, monkeypatch)
    sent = send(root, URL, state)
    assert (names[-1], len(names)) == (layout.INFO, len(tree(root)))
    assert (sent.files, sent.address) == (len(names), URL)
    assert there(store, tmp_path) == tree(root)
    assert send(root, URL, state).files == 0
    name = layout.data_file(1)
    store.pipe(f"/out/tonight/{name}", b"x" * (root / name).stat().st_size)
    assert send(root, URL, state).files == 1
    assert there(store, tmp_path) == tree(root)


def test_what_broke_off_is_gone_on_with(
    store: Any, stations: Path, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, denied = stations / "one/box", layout.data_file(1)

    def fails(name: str, times: int) -> None:
        if name == denied:
            raise PermissionError("Access Denied for s3://me:secret@host")
        if name.endswith(".mp4") and times < 3:
            raise ConnectionResetError("dropped")

    with monkeypatch.context() as broken:
        names = putting(store, broken, fails)
        with pytest.raises(DatasetError, match=r"is not whole: data/.*Access Denied") as told:
            send(root, URL, state)
    assert "secret" not in str(told.value)
    assert (names.count(denied), layout.INFO in names) == (1, False)
    assert {n for name, n in Counter(names).items() if name.endswith(".mp4")} == {3}
    names = putting(store, monkeypatch)
    send(root, URL, state)
    assert names == [denied, layout.INFO]
    assert there(store, tmp_path) == tree(root)


def test_bytes_that_arrive_as_others_are_sent_again(
    store: Any, stations: Path, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(store).put_file
    spoiled: list[str] = []

    def put_file(self: Any, path: str, name: str, *given: Any, **more: Any) -> None:
        real(self, path, name, *given, **more)
        if name not in spoiled and name.endswith((layout.data_file(0), layout.data_file(2))):
            spoiled.append(name)
            cut = len(spoiled) == 1
            data = self.cat_file(name)
            self.pipe_file(name, data[:-1] if cut else b"x" + data[1:])

    monkeypatch.setattr(type(store), "put_file", put_file)
    send(stations / "one/box", URL, state)
    assert len(spoiled) == 2
    assert there(store, tmp_path) == tree(stations / "one/box")


def test_nothing_else_is_written_over(store: Any, stations: Path, state: State) -> None:
    send(stations / "two/cup", URL, state)
    with pytest.raises(DatasetError, match="has another dataset"):
        send(stations / "one/box", URL, state)
    store.pipe("/out/tonight/notes.txt", b"x")
    with pytest.raises(DatasetError, match=r"has notes\.txt, which is none"):
        send(stations / "two/cup", URL, state)


def test_a_merge_goes_to_an_address(
    store: Any, stations: Path, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = Request(tmp_path / "local", [stations])
    merge_fleet(local, state, ALONE)
    far = replace(local, out=outbox(URL, state), to=URL)
    merged = merge_fleet(far, state, ALONE)
    assert there(store, tmp_path) == tree(local.out)
    assert [(each.address, each.files > 0) for each in merged.sent] == [(URL, True)]
    names = putting(store, monkeypatch)
    assert merge_fleet(far, state, ALONE).sent[0].files == 0
    shutil.rmtree(state.folder / "outbox")
    assert merge_fleet(far, state, ALONE).sent[0].files == 0
    assert names == []


def test_two_sides_go_to_two_addresses(store: Any, stations: Path, state: State) -> None:
    request = Request(outbox(URL, state), [stations], Wish(split=Split(0.3)), to=URL)
    dry = merge_fleet(request, state, replace(ALONE, dry_run=True))
    assert (dry.sent, store.exists("/out/tonight")) == ([], False)
    merged = merge_fleet(request, state, ALONE)
    assert [each.address for each in merged.sent] == [f"{URL}/train", f"{URL}/test"]
    assert sum(each.episodes for each in look([URL], state).datasets) == 8
