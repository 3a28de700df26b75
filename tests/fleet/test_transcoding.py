"""Every dataset's videos encoded anew, each dataset wholly or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.storage import DatasetLock
from lerecord.errors import ConfigError
from lerecord.fleet import Engine, HowToWork, State, transcode
from tests.dataset.lists import tree

ALONE = HowToWork(Engine(workers=1))


def test_each_dataset_is_encoded_as_by_its_own_command_and_only_once(
    stations: Path, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(stations)
    dry = transcode([stations], state, "fast", replace(ALONE, dry_run=True))
    assert [each.left for each in dry.datasets] == [True, True, True]
    assert tree(stations) == before
    found = transcode([stations], state, "fast", ALONE)
    assert [each.dataset.name for each in found.datasets] == ["box", "box", "cup"]
    assert all(each.changed and not each.left for each in found.datasets)
    assert all(each.video_bytes != each.video_bytes_before for each in found.datasets)
    after = tree(stations)
    assert operations.transcode(stations / "one/box", "fast") is None
    monkeypatch.setattr("lerecord.dataset.edit.operations.transcode", None)
    again = transcode([stations], state, "fast", ALONE)
    assert [(each.changed, each.left) for each in again.datasets] == [(False, False)] * 3
    monkeypatch.undo()
    another = State(tmp_path / "another")
    assert not any(each.changed for each in transcode([stations], another, "fast", ALONE).datasets)
    assert tree(stations) == after


def test_one_that_cannot_be_encoded_is_named_and_as_it_was(stations: Path, state: State) -> None:
    with (stations / "two/box" / layout.video_file(1, "observation.images.front")).open("r+b") as f:
        f.truncate(100)
    before = tree(stations / "two/box")
    with DatasetLock(stations / "two/cup"):
        found = transcode([stations], state, "fast", ALONE)
    assert [(each.dataset.parent.name, each.changed) for each in found.datasets] == [("one", True)]
    reasons = {each.place.name: each.reason for each in found.troubles}
    assert "episode_000001.mp4" in reasons["box"]
    assert "cup" in reasons["cup"]
    assert tree(stations / "two/box") == before
    mended = transcode([stations / "two/cup"], state, "fast", ALONE)
    assert [each.changed for each in mended.datasets] == [True]


def test_what_cannot_be_done_is_refused_first(stations: Path, state: State) -> None:
    with pytest.raises(ConfigError, match="tiny"):
        transcode([stations], state, "tiny", ALONE)
    with pytest.raises(ConfigError, match="s3://lab/night is not on this machine"):
        transcode(["s3://lab/night"], state, "fast", ALONE)
