import os
import stat
from pathlib import Path

import pytest

from lerecord.errors import DatasetError, HubError
from lerecord.hub import pull
from lerecord.hub.download import Pulled
from tests.hub.conftest import REPO, Pusher, edited, local_files, remote_of
from tests.hub.server import Fault, Hub
from tests.syncs import Watched

NOT_SLEPT: list[float] = []


def pulled(hub: Hub, out: Path, revision: str | None = None) -> Pulled:
    return pull(remote_of(hub), out, revision, sleep=NOT_SLEPT.append)


def test_what_comes_is_what_was_sent(
    hub: Hub, pusher: Pusher, dataset: Path, tmp_path: Path
) -> None:
    pusher.push(dataset)
    outcome = pulled(hub, tmp_path / "out")
    assert local_files(tmp_path / "out") == local_files(dataset)
    assert outcome.revision == "v2.1"
    assert outcome.commit == hub.repos[REPO].main
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {".lerecord", "README.md", "capture", "data", "meta", "videos"}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(r"GET /large/"),
        Fault(r"GET /large/", 500),
        Fault(r"GET .*/tree/", 502),
        Fault(r"GET .*/resolve/", times=4),
        Fault(r"GET .*/resolve/", 503, times=4),
    ],
    ids=str,
)
def test_a_failure_that_passes_is_waited_for(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path, fault: Fault
) -> None:
    pusher.push_files(files)
    hub.faults.append(fault)
    pulled(hub, tmp_path / "out")
    assert fault.seen > 1
    assert local_files(tmp_path / "out") == local_files(files)


def test_a_pull_that_was_cut_off_fetches_the_rest(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path
) -> None:
    pusher.push_files(files)
    hub.faults.append(Fault(r"GET /large/", 403, first=2, times=99))
    with pytest.raises(HubError):
        pulled(hub, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    hub.faults.clear()
    before = len(hub.requests)
    pulled(hub, tmp_path / "out")
    assert sum("/large/" in each for each in hub.requests[before:]) == 2
    assert local_files(tmp_path / "out") == local_files(files)


def test_a_pull_that_was_cut_off_does_not_mix_versions(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path
) -> None:
    pusher.push_files(files)
    hub.faults.append(Fault(r"GET /large/", 403, first=3, times=99))
    with pytest.raises(HubError):
        pulled(hub, tmp_path / "out")
    hub.faults.clear()
    edited(files)
    pusher.push_files(files)
    pulled(hub, tmp_path / "out")
    assert local_files(tmp_path / "out") == local_files(files)


def test_what_arrives_otherwise_than_it_is_there_is_not_shown(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path
) -> None:
    pusher.push_files(files)
    for oid, data in hub.large.items():
        hub.large[oid] = bytes(reversed(data))
    with pytest.raises(HubError, match="is not what it has there"):
        pulled(hub, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_version_that_is_asked_for_comes(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path
) -> None:
    first = local_files(files)
    pusher.push_files(files)
    repo = hub.repos[REPO]
    repo.tags = {"first": repo.main}
    edited(files)
    pusher.push_files(files)
    pulled(hub, tmp_path / "new")
    assert local_files(tmp_path / "new") == local_files(files)
    assert pulled(hub, tmp_path / "old", "first").revision == "first"
    assert local_files(tmp_path / "old") == first
    with pytest.raises(HubError, match=r"no revision 'second'; its tags are first, v2\.1"):
        pulled(hub, tmp_path / "none", "second")
    with pytest.raises(DatasetError, match="is not empty"):
        pulled(hub, tmp_path / "old")


def test_without_a_version_tag_nothing_is_guessed(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path
) -> None:
    pusher.push_files(files)
    hub.repos[REPO].tags.clear()
    with pytest.raises(HubError, match="give --revision, main for the newest"):
        pulled(hub, tmp_path / "out")
    pulled(hub, tmp_path / "out", "main")


def test_what_is_no_dataset_is_refused(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path
) -> None:
    (files / "meta/info.json").unlink()
    pusher.push_files(files)
    with pytest.raises(HubError, match=r"meta/info\.json is missing"):
        pulled(hub, tmp_path / "out")


def test_a_repository_that_is_not_there_is_one_sentence(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="me/box is not on the Hub at http://127"):
        pulled(hub, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_pull_syncs_every_file_before_it_shows_them(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pusher.push_files(files)
    watched = Watched(tmp_path, monkeypatch)
    pulled(hub, tmp_path / "new/out")
    shown = watched.events.index("rename new/.out.pull")
    assert watched.events[shown + 1 :] == ["sync new"]
    out = tmp_path / "new/out"
    names = {str(each.relative_to(out)) for each in out.rglob("*")}
    synced = {each.removeprefix("sync new/.out.pull/") for each in watched.events[:shown]}
    assert names <= synced


def test_a_link_in_its_place_of_work_is_refused(hub: Hub, files: Path, tmp_path: Path) -> None:
    (tmp_path / "dear").mkdir()
    (tmp_path / "dear/photo").write_text("x")
    (tmp_path / ".out.pull").symlink_to("dear")
    with pytest.raises(DatasetError, match=r"\.out\.pull is a link"):
        pulled(hub, tmp_path / "out")
    assert [path.name for path in (tmp_path / "dear").iterdir()] == ["photo"]


@pytest.mark.parametrize("place", ["meta", "data", "videos/x", "README.md", ".cache", ".lerecord"])
def test_what_was_planted_in_its_place_of_work_is_not_followed(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path, place: str
) -> None:
    pusher.push_files(files)
    (tmp_path / "dear/huggingface").mkdir(parents=True)
    (tmp_path / "dear/photo").write_text("x")
    planted = tmp_path / ".out.pull" / place
    planted.parent.mkdir(parents=True)
    planted.symlink_to(tmp_path / "dear")
    if place == ".lerecord":
        with pytest.raises(DatasetError, match=r"\.lerecord is a link"):
            pulled(hub, tmp_path / "out")
    else:
        pulled(hub, tmp_path / "out")
        assert local_files(tmp_path / "out") == local_files(files)
    assert sorted(path.name for path in (tmp_path / "dear").rglob("*")) == ["huggingface", "photo"]


def test_what_is_fetched_is_private_until_it_is_whole(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path
) -> None:
    pusher.push_files(files)
    before = os.umask(0o022)
    try:
        pulled(hub, tmp_path / "out")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755
