"""Every dataset on the Hub, each in a place of its own; one that fails does not keep the others."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lerecord.dataset.format import layout
from lerecord.fleet import State
from lerecord.hub import PushOptions
from tests.hub.conftest import serving
from tests.hub.server import TOKEN, Fault, Hub

if TYPE_CHECKING:
    from lerecord.fleet import FleetPush


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    with serving(monkeypatch) as server:
        yield server


def push(roots: list[Path], state: State, user: str) -> "FleetPush":
    """Imported late: huggingface_hub reads what tests.hub sets once, when it is imported."""
    from lerecord.fleet import push as pushed

    return pushed(roots, state, PushOptions(), user)


def test_each_goes_to_a_place_of_its_own_and_one_that_is_refused_is_named(
    stations: Path, hub: Hub, tmp_path: Path
) -> None:
    hub.faults.append(Fault("/me/two-box/", status=403, times=10**6))
    state = State(tmp_path / "state")
    found = push([stations], state, "me")
    assert [each.repo_id for each in found.pushed] == ["me/one-box", "me/two-cup"]
    (trouble,) = found.troubles
    assert trouble.place == stations / "two/box"
    there = hub.files("me/one-box", "v2.1")
    for name in (layout.INFO, layout.data_file(2)):
        assert there[name] == (stations / "one/box" / name).read_bytes()
    hub.faults.clear()
    shutil.copytree(
        stations / "one/box", stations / "two/new", ignore=shutil.ignore_patterns("hub.json")
    )
    again = push([stations], state, "")
    assert [each.pushed.sent > 0 for each in again.pushed] == [False, True, False]
    (unknown,) = again.troubles
    assert unknown.place == stations / "two/new"
    assert "give --repo-id USER/NAME once" in unknown.reason


def test_two_datasets_of_one_name_are_not_put_in_one_place(
    stations: Path, hub: Hub, tmp_path: Path
) -> None:
    other = tmp_path / "more" / "Two/cup"
    shutil.copytree(stations / "two/cup", other)
    found = push([stations / "two/cup", other], State(tmp_path / "state"), "me")
    assert [each.repo_id for each in found.pushed] == ["me/Two-cup"]
    (trouble,) = found.troubles
    assert "would both be me/two-cup" in trouble.reason
