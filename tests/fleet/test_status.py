"""What is said of many datasets, and of what became of them since the last look."""

import json
import os
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout, line_of
from lerecord.dataset.storage import DatasetLock
from lerecord.fleet import State, look, status_page
from tests.dataset.lists import A, small_lab, stage


def changes(found_below: Path, state: State) -> dict[str, str]:
    status = look([found_below], state)
    return {str(each.dataset.relative_to(found_below)): each.change for each in status.datasets}


def test_every_dataset_is_found_with_its_figures(stations: Path, tmp_path: Path) -> None:
    status = look([stations / "two", stations, stations / "one/box"], State(tmp_path / "state"))
    assert [(each.station, each.dataset.name) for each in status.datasets] == [
        ("one", "box"),
        ("two", "box"),
        ("two", "cup"),
    ]
    first = status.datasets[0]
    assert (first.robot_type, first.episodes, first.seconds) == ("koch", 3, 15 / 30)
    assert first.tasks == {"a": 2, "b": 1}
    assert sum(first.health.values()) == 3
    assert first.disk_bytes > 10_000
    assert status.troubles == []


def test_a_look_says_what_changed_since_the_last_one(stations: Path, tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    assert {*changes(stations, state).values()} == {"new"}
    assert {*changes(stations, state).values()} == {""}
    lab = small_lab(stations / "one/box")
    with lab.open() as writer:
        writer.commit(stage(lab, writer, A))
    operations.relabel(stations / "two/box", [0], "z")
    shutil.rmtree(stations / "two/cup")
    status = look([stations], state)
    assert [each.change for each in status.datasets] == ["+1 episode", "edited"]
    assert status.gone == [stations / "two/cup"]
    assert look([stations], state).gone == []


def test_what_lies_elsewhere_or_on_a_lost_disk_is_not_gone(stations: Path, tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    look([stations], state)
    assert look([stations / "one"], state).gone == []
    (stations / "two").rename(tmp_path / "unplugged")
    assert look([stations / "two"], state).gone == []
    (tmp_path / "unplugged").rename(stations / "two")
    assert {*changes(stations, state).values()} == {""}


def test_what_cannot_be_read_is_named_and_the_others_go_on(stations: Path, tmp_path: Path) -> None:
    (stations / "one/begun/.lerecord").mkdir(parents=True)
    shutil.copytree(stations / "one/box", stations / "one/torn")
    (stations / "one/torn" / layout.EPISODES).write_bytes(b'{"episode_index": 0, "ta')
    status = look([stations, tmp_path / "nowhere", tmp_path], State(tmp_path / "state"))
    named = {each.place: each.reason for each in status.troubles}
    assert {*named} == {tmp_path / "nowhere", stations / "one/begun", stations / "one/torn"}
    assert "info.json is missing" in named[stations / "one/begun"]
    assert "is not there" in named[tmp_path / "nowhere"]
    assert len(status.datasets) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(stations: Path, tmp_path: Path) -> None:
    (stations / "two").chmod(0)
    try:
        status = look([stations], State(tmp_path / "state"))
    finally:
        (stations / "two").chmod(0o755)
    assert [each.place for each in status.troubles] == [stations / "two"]
    assert len(status.datasets) == 1


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who holds a lock")
def test_a_dataset_that_is_recorded_into_is_said_to_be(stations: Path, tmp_path: Path) -> None:
    with DatasetLock(stations / "one/box"):
        during = look([stations], State(tmp_path / "state")).datasets
    assert [each.recording for each in during] == [True, False, False]
    assert not any(each.recording for each in look([stations], State(tmp_path / "x")).datasets)


def test_labels_are_counted(stations: Path, tmp_path: Path) -> None:
    lines = [line_of({"episode_index": n, "success": n != 1}) for n in range(3)]
    (stations / "one/box" / layout.ANNOTATIONS["label"]).write_bytes(b"".join(lines))
    labels = [each.labels for each in look([stations], State(tmp_path / "state")).datasets]
    assert labels == [{"success": 2, "failure": 1}, {}, {}]


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.titles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "rect", "li"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "li"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["h2"]:
            self.titles.append(data)


def test_the_page_stands_alone_and_no_name_becomes_markup(stations: Path, tmp_path: Path) -> None:
    operations.relabel(stations / "one/box", [0], "<script>alert(1)</script>")
    shutil.copytree(stations / "one/box", stations / "<b>&\u202e/box")
    status = look([stations, tmp_path / "nowhere"], State(tmp_path / "state"))
    text = status_page(status)
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.links == []
    assert page.titles == [
        "Could not be read",
        "Hours per station",
        "Episodes per task",
        "Health of episodes",
        "Datasets",
    ]
    assert "<script" not in text
    assert "\u202e" not in text
    assert "4 datasets, 11 episodes" in text


def test_a_damaged_state_counts_as_none(stations: Path, tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    for data in (b"{", b"[]", json.dumps({str(stations / "one/box"): 3}).encode()):
        state.put("status.json", data)
        assert {*changes(stations, state).values()} == {"new"}
