"""The real huggingface_hub against a Hub of one's own."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lerecord.dataset.edit import Watch, operations
from lerecord.dataset.format import layout
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import ConfigError, DatasetError, HubError
from lerecord.hub import Sent, content
from lerecord.hub.card import MARK
from lerecord.hub.frozen import Frozen
from lerecord.hub.patience import ATTEMPTS
from tests.dataset import lerobot_made
from tests.hub.conftest import REPO, Pusher, edited, local_files, remote_files
from tests.hub.server import Fault, Hub, Tree

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab

WATCH = Watch()


def names(root: Path, *episodes: int) -> set[str]:
    """The files of episodes."""
    keys = ("observation.images.front", "observation.images.wrist")
    return {
        name
        for episode in episodes
        for name in (
            layout.data_file(episode),
            layout.capture_file(episode),
            *(layout.video_file(episode, key) for key in keys),
        )
    }


def test_a_push_makes_a_private_repository_that_is_equal_and_tagged(
    hub: Hub, pusher: Pusher, dataset: Path
) -> None:
    pushed = pusher.push(dataset)
    repo = hub.repos[REPO]
    assert repo.private
    assert remote_files(hub) == local_files(dataset)
    assert repo.tags == {"v2.1": repo.main}
    assert pushed.commit == repo.main
    assert pushed.moved
    assert pushed.sent == len(local_files(dataset)) + 1
    assert MARK in hub.files(REPO, "main")["README.md"]
    assert max(hub.uploads.values()) == 1
    assert pusher.told[-1] == Sent(pushed.sent, pushed.sent_bytes, pushed.sent, pushed.sent_bytes)
    assert pusher.slept == []


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
def test_a_password_in_an_older_hardware_json_stays_here(
    hub: Hub, pusher: Pusher, dataset: Path, version: str
) -> None:
    path = dataset / layout.HARDWARE
    data = json.loads(path.read_bytes())
    path.write_text(json.dumps({**data, "seen_at": "rtsp://me:hunter2@cam/1"}))
    before = path.read_bytes()
    pusher.push(dataset, version)
    sent = hub.files(REPO, version)
    assert b'"seen_at": "rtsp://cam/1"' in sent[layout.HARDWARE]
    assert not any(b"hunter2" in each for each in sent.values())
    assert path.read_bytes() == before
    assert pusher.withheld == ("seen_at",)


def test_a_push_leaves_nothing_behind(pusher: Pusher, dataset: Path) -> None:
    before = sorted(dataset.parent.rglob("*"))
    pusher.push(dataset)
    assert sorted(dataset.parent.rglob("*")) == before


def test_a_push_of_what_is_there_sends_nothing(hub: Hub, pusher: Pusher, dataset: Path) -> None:
    pusher.push(dataset)
    before = len(hub.writes())
    pushed = pusher.push(dataset)
    assert hub.writes()[before:] == []
    assert (pushed.sent, pushed.removed, pushed.moved) == (0, 0, False)


def test_a_recorded_again_episode_is_all_that_is_sent(hub: Hub, pusher: Pusher, lab: "Lab") -> None:
    with lab.open() as writer:
        for seed in range(3):
            lab.record(writer, rows=4, seed=seed)
        pusher.push(lab.root)
        before, uploads = remote_files(hub), hub.uploads.total()
        writer.replace(1, lab.stage(writer, rows=4, seed=7))
        pushed = pusher.push(lab.root)
    after = remote_files(hub)
    assert after == local_files(lab.root)
    changed = {path for path in after if after[path] != before.get(path)}
    large = {path for path in changed if not path.startswith("meta/") and ".jsonl" not in path}
    assert large == names(lab.root, 1)
    assert hub.uploads.total() - uploads == len({after[path] for path in large})
    assert pushed.sent in (len(changed), len(changed) + 1)  # the card may say the same


def test_a_deleted_episode_goes_on_the_hub_too(hub: Hub, pusher: Pusher, dataset: Path) -> None:
    pusher.push(dataset)
    uploads = dict(hub.uploads)
    operations.delete(dataset, [2], WATCH)
    pushed = pusher.push(dataset)
    assert remote_files(hub) == local_files(dataset)
    assert pushed.removed == len(names(dataset, 2))
    assert dict(hub.uploads) == uploads
    operations.delete(dataset, [0], WATCH)
    pusher.push(dataset)
    assert remote_files(hub) == local_files(dataset)


def test_what_others_keep_in_the_repository_stays(hub: Hub, pusher: Pusher, dataset: Path) -> None:
    pusher.push(dataset)
    repo = hub.repos[REPO]
    theirs = {"notes.txt": hub.put(b"notes"), "images/box.png": hub.put(b"png")}
    repo.commit({**repo.commits[repo.main], **theirs}, "by hand")
    operations.delete(dataset, [2], WATCH)
    pusher.push(dataset)
    assert {"notes.txt", "images/box.png", ".gitattributes"} <= set(hub.files(REPO, "main"))


def test_the_same_repository_takes_both_formats(hub: Hub, pusher: Pusher, dataset: Path) -> None:
    pusher.push(dataset)
    pusher.push(dataset, "v3.0")
    assert remote_files(hub, "v2.1") == local_files(dataset)
    newer = remote_files(hub, "v3.0")
    assert "meta/tasks.parquet" in newer
    assert "meta/tasks.jsonl" not in newer
    before = len(hub.writes())
    pusher.push(dataset, "v3.0")
    assert hub.writes()[before:] == []


# Cards


def test_a_card_in_the_folder_is_the_one_that_is_pushed(
    hub: Hub, pusher: Pusher, dataset: Path
) -> None:
    pusher.push(dataset)
    (dataset / "README.md").write_text("# Mine\n", encoding="utf-8")
    pusher.push(dataset)
    assert hub.files(REPO, "main")["README.md"] == b"# Mine\n"


def test_a_card_written_on_the_hub_stays(hub: Hub, pusher: Pusher, dataset: Path) -> None:
    pusher.push(dataset)
    repo = hub.repos[REPO]
    theirs = {"README.md": hub.put(b"# Theirs\n")}
    repo.commit({**repo.commits[repo.main], **theirs}, "by hand")
    operations.delete(dataset, [2], WATCH)
    pusher.push(dataset)
    assert remote_files(hub) == local_files(dataset)
    assert hub.files(REPO, "v2.1")["README.md"] == b"# Theirs\n"


# Refusals before anything is sent


def test_a_dataset_that_is_not_right_is_not_pushed(hub: Hub, pusher: Pusher, dataset: Path) -> None:
    (dataset / layout.video_file(1, "observation.images.front")).unlink()
    with pytest.raises(DatasetError, match=r"has problems, so it is not pushed \(episode 1"):
        pusher.push(dataset)
    assert hub.requests == []


def test_a_dataset_without_an_episode_is_not_pushed(pusher: Pusher, lab: "Lab") -> None:
    with lab.open():
        pass
    with pytest.raises(DatasetError):
        pusher.push(lab.root)


def test_an_unknown_format_is_refused(pusher: Pusher, dataset: Path) -> None:
    with pytest.raises(ConfigError, match=r"v2\.1 and v3\.0 can"):
        pusher.push(dataset, "v1.6")


def test_a_public_repository_is_not_taken_for_a_private_one(
    hub: Hub, pusher: Pusher, dataset: Path
) -> None:
    pusher.push(dataset, private=False)
    assert not hub.repos[REPO].private
    pusher.push(dataset)
    with pytest.raises(HubError, match="is public on the Hub and was to be private"):
        pusher.push(dataset, private=True)


def test_two_pushes_of_a_dataset_do_not_meet(pusher: Pusher, dataset: Path) -> None:
    with Frozen(dataset), pytest.raises(DatasetError, match="is being pushed by another process"):
        pusher.push(dataset)


def test_a_dataset_of_another_recorder_is_pushed(hub: Hub, pusher: Pusher, tmp_path: Path) -> None:
    root = lerobot_made.write(tmp_path / "sets" / "box")
    pusher.push(root)
    assert remote_files(hub, "v2.1") == local_files(root)
    operations.delete(root, [0])
    pusher.push(root)
    assert remote_files(hub, "v2.1") == local_files(root)
    pusher.push(root, "v3.0")
    assert "meta/episodes/chunk-000/file-000.parquet" in hub.files(REPO, "v3.0")


# Changes meanwhile


def test_what_is_pushed_is_one_moment(hub: Hub, pusher: Pusher, dataset: Path) -> None:
    before = local_files(dataset)

    def change(sent: Sent) -> None:
        if sent.files == 0:
            operations.delete(dataset, [0], WATCH)

    pusher.then = change
    pusher.push(dataset)
    assert remote_files(hub, "v2.1") == before
    assert local_files(dataset) != before


def test_a_push_runs_beside_a_recorder(hub: Hub, pusher: Pusher, lab: "Lab") -> None:
    with lab.open() as writer:
        lab.record(writer, rows=4)
        before = local_files(lab.root)
        writer_of: list[DatasetWriter] = [writer]

        def change(sent: Sent) -> None:
            if writer_of:
                lab.record(writer_of.pop(), rows=5)

        pusher.then = change
        pusher.push(lab.root)
    assert remote_files(hub, "v2.1") == before


# Failures that pass

COMMIT = r"POST .*/commit/"
PASSING = [
    Fault(COMMIT, 500),
    Fault(COMMIT, 503, times=3),
    Fault(COMMIT, 412),
    Fault(COMMIT, 429, headers={"Retry-After": "77"}),
    Fault(COMMIT),
    Fault(COMMIT, answered=True),
    Fault(r"POST .*/create", 500),
    Fault(r"POST .*/create", answered=True),
    Fault(r"GET .*/datasets/me/box$", 502, first=2),
    Fault(r"POST .*/tag/", 500),
    Fault(r"POST .*/tag/", answered=True),
    Fault(r"GET .*/refs"),
]


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_failure_that_passes_is_waited_for(
    hub: Hub, pusher: Pusher, files: Path, fault: Fault
) -> None:
    hub.faults.append(replace(fault))
    pusher.push_files(files)
    assert hub.faults[0].seen >= fault.first
    assert remote_files(hub, "v2.1") == local_files(files)
    assert len(hub.repos[REPO].messages) == 2  # the first, and ours once
    assert max(hub.uploads.values()) == 1
    if fault.headers:
        assert pusher.slept == [77.0]


def test_an_upload_that_fails_is_done_again(hub: Hub, pusher: Pusher, files: Path) -> None:
    hub.faults.append(Fault(r"PUT /upload/", 500, first=3))
    pusher.push_files(files)
    assert remote_files(hub, "v2.1") == local_files(files)


def test_the_tag_that_stood_moves_when_its_removal_was_not_answered(
    hub: Hub, pusher: Pusher, files: Path
) -> None:
    pusher.push_files(files)
    edited(files)
    hub.faults.append(Fault(r"DELETE .*/tag/", answered=True))
    pusher.push_files(files)
    assert remote_files(hub, "v2.1") == local_files(files)


def test_the_tag_moves_when_others_have_removed_it_just_now(
    hub: Hub, pusher: Pusher, files: Path
) -> None:
    pusher.push_files(files)
    edited(files)
    hub.before_tag = hub.repos[REPO].tags.clear
    pusher.push_files(files)
    assert remote_files(hub, "v2.1") == local_files(files)


def test_a_commit_of_others_in_between_is_looked_at(
    hub: Hub, pusher: Pusher, dataset: Path
) -> None:
    pusher.push(dataset)
    operations.delete(dataset, [2], WATCH)

    def meddle(sent: Sent) -> None:
        pusher.then = lambda sent: None
        repo = hub.repos[REPO]
        theirs = {"notes.txt": hub.put(b"notes"), "data/more.txt": hub.put(b"stray")}
        repo.commit({**repo.commits[repo.main], **theirs}, "by hand")

    pusher.then = meddle
    pusher.push(dataset)
    files = hub.files(REPO, "v2.1")
    assert "notes.txt" in files
    assert "data/more.txt" not in files
    assert hub.repos[REPO].messages[-2] == "by hand"  # ours that did not know of it was refused


# Failures that stay

STAYING = [
    (Fault(r"GET .*/datasets/me/box$", 401, times=99), "does not accept the token (401)", 0),
    (Fault(r"GET .*/tree/", 404, times=99), "me/box is not on the Hub at http", 0),
    (Fault(COMMIT, 401, times=99), "does not accept the token (401); log in with", 0),
    (Fault(COMMIT, 403, times=99), "does not give write access to me/box (403): as asked; use", 0),
    (Fault(COMMIT, 400, times=99), "refuses what it was asked for me/box (400", 0),
    (Fault(COMMIT, 412, times=99), "Others keep changing me/box (412); try again when", 5),
    (Fault(COMMIT, 429, times=99), "accepts no more requests from this account for now (429)", 5),
    (Fault(COMMIT, 500, times=99), "fails (500: as asked); try again later", 5),
    (Fault(COMMIT, times=99), "cannot be reached (", 5),
]


@pytest.mark.parametrize(("fault", "sentence", "waits"), STAYING, ids=lambda each: str(each)[:30])
def test_a_failure_that_stays_is_one_sentence_and_the_tag_stays_too(
    hub: Hub, pusher: Pusher, files: Path, fault: Fault, sentence: str, waits: int
) -> None:
    pusher.push_files(files)
    before = remote_files(hub)
    edited(files)
    hub.faults.append(replace(fault))
    with pytest.raises(HubError) as failure:
        pusher.push_files(files)
    assert sentence in str(failure.value)
    assert "\n" not in str(failure.value)
    assert len(pusher.slept) == waits
    assert waits in (0, ATTEMPTS - 1)
    assert remote_files(hub, "v2.1") == before
    hub.faults.clear()
    pusher.push_files(files)
    assert remote_files(hub, "v2.1") == local_files(files)
    assert max(hub.uploads.values()) == 1


def test_a_push_that_fails_half_way_is_seen_by_nobody(
    hub: Hub, pusher: Pusher, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "BATCH_FILES", 1)
    pusher.push_files(files)
    before = remote_files(hub, "v2.1")
    assert len(hub.repos[REPO].messages) == 5
    edited(files)
    hub.faults.append(Fault(COMMIT, 403, first=2, times=99))
    with pytest.raises(HubError):
        pusher.push_files(files)
    assert remote_files(hub) not in (before, local_files(files))
    assert remote_files(hub, "v2.1") == before
    hub.faults.clear()
    pusher.push_files(files)
    assert remote_files(hub, "v2.1") == local_files(files)


def test_a_repository_that_is_never_equal_ends_in_a_sentence(
    hub: Hub, pusher: Pusher, files: Path
) -> None:
    pusher.push_files(files)
    repo = hub.repos[REPO]
    commit = repo.commit

    def spoiled(tree: Tree, message: str) -> str:
        return commit({**tree, "data/stray.txt": hub.put(b"stray")}, message)

    repo.commit = spoiled  # type: ignore[method-assign]
    edited(files)
    before = dict(repo.tags)
    with pytest.raises(HubError, match=r"does not become equal .*data/stray\.txt differs still"):
        pusher.push_files(files)
    assert repo.tags == before


def test_a_place_without_a_hub_is_one_sentence(pusher: Pusher, files: Path) -> None:
    closed = Hub()
    closed.server_close()
    pusher.hub = closed
    with pytest.raises(HubError, match=r"The Hub at http://127.* cannot be reached"):
        pusher.push_files(files)
    assert len(pusher.slept) == ATTEMPTS - 1


def test_what_a_killed_push_left_is_cleared(hub: Hub, pusher: Pusher, dataset: Path) -> None:
    left = dataset.with_name(".box.push")
    (left / "frozen" / "data").mkdir(parents=True)
    (left / "frozen" / "data" / "old.txt").write_text("old", encoding="utf-8")
    (left / ".other.partial").mkdir()
    pusher.push(dataset)
    assert remote_files(hub) == local_files(dataset)
    assert not left.exists()
