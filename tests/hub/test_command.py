"""`lerecord push` and `lerecord pull` as a user starts them: processes of their own."""

import json
import os
import pty
import signal
import subprocess
import sysconfig
from pathlib import Path

from lerecord.dataset.format import layout
from lerecord.hub import target
from tests.hub.conftest import REPO, environment, local_files, remote_files
from tests.hub.server import TOKEN, Hub

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")


def run(
    hub: Hub, *arguments: str, token: str | None = TOKEN, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LERECORD, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env=environment(hub, token) | more,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence with which a command is refused."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("lerecord: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("lerecord: ").strip()


def test_a_dataset_goes_to_the_hub_and_back(hub: Hub, dataset: Path, tmp_path: Path) -> None:
    done = run(hub, "push", str(dataset), "--repo-id", REPO)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{hub.url}/datasets/me/box has the 3 episodes of {dataset} as")
    assert done.stderr == ""
    out = tmp_path / "pulled" / "box"
    done = run(hub, "pull", REPO, str(out))
    assert done.returncode == 0, done.stderr
    assert local_files(out) == local_files(dataset)
    assert sorted(each.name for each in out.parent.iterdir()) == ["box"]
    # The copy knows where it belongs, and is equal to what is there.
    outcome = json.loads(run(hub, "push", str(out), "--json").stdout)
    assert set(outcome) == {
        *("dataset", "repo_id", "url", "tag", "episodes"),
        *("commit", "sent", "sent_bytes", "removed", "moved", "withheld"),
    }
    assert outcome["repo_id"] == REPO
    assert (outcome["sent"], outcome["removed"], outcome["moved"]) == (0, 0, False)


def test_a_push_chooses_neither_repository_nor_licence(hub: Hub, dataset: Path) -> None:
    target.remember(dataset, REPO)  # as a stranger's dataset may say
    assert "confirm it with `--repo-id me/box`" in refused(run(hub, "push", str(dataset)))
    assert hub.requests == []
    assert run(hub, "push", str(dataset), "--repo-id", REPO).returncode == 0
    assert b"license" not in hub.files(REPO, "v2.1")["README.md"]
    assert run(hub, "push", str(dataset), "--license", "cc-by-4.0").returncode == 0
    assert b'license: "cc-by-4.0"' in hub.files(REPO, "v2.1")["README.md"]
    assert run(hub, "push", str(dataset)).returncode == 0
    assert b'license: "cc-by-4.0"' in hub.files(REPO, "v2.1")["README.md"]


def test_a_push_says_what_it_leaves_out(hub: Hub, dataset: Path) -> None:
    path = dataset / layout.HARDWARE
    data = json.loads(path.read_bytes())
    path.write_text(json.dumps({**data, "seen_at": "rtsp://me:hunter2@cam/1"}))
    done = run(hub, "push", str(dataset), "--repo-id", REPO)
    assert done.stdout.endswith(" meta/hardware.json was sent without the secret in seen_at.\n")


def test_no_password_is_shown_or_kept(hub: Hub, dataset: Path, tmp_path: Path) -> None:
    address = hub.url.replace("//", "//me:hunter2@")
    for endpoint in (address, "http://me:hunter2"):
        more = {"HF_ENDPOINT": endpoint, "XDG_STATE_HOME": str(tmp_path)}
        done = run(hub, "push", str(dataset), "--repo-id", REPO, **more)
        assert "hunter2" not in done.stdout + done.stderr
        assert done.returncode == 2
    kept = [*tmp_path.rglob("*"), *dataset.parent.rglob("*")]
    assert not any(b"hunter2" in each.read_bytes() for each in kept if each.is_file())


def test_a_token_in_the_clear_is_warned_of(hub: Hub, dataset: Path, tmp_path: Path) -> None:
    run(hub, "push", str(dataset), "--repo-id", REPO)
    address = hub.url.replace("127.0.0.1", "0.0.0.0")  # here, and not a loopback address
    done = run(hub, "pull", REPO, str(tmp_path / "out"), HF_ENDPOINT=address)
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "whoever listens on the way reads your token" in done.stderr


def test_a_killed_push_is_resumed_and_sends_nothing_twice(hub: Hub, dataset: Path) -> None:
    for last in (2, 7):
        pushing = subprocess.Popen(
            [LERECORD, "push", str(dataset), "--repo-id", REPO],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment(hub),
        )

        def kill(number: int, at: int = last, pushing: subprocess.Popen[bytes] = pushing) -> None:
            if number >= at:  # others are under way beside it
                pushing.kill()

        hub.before_upload = kill
        assert pushing.wait(timeout=240) == -signal.SIGKILL
        assert hub.repos[REPO].tags == {}
    hub.before_upload = lambda number: None
    sent_before = hub.uploads.total()
    assert sent_before >= 7
    done = run(hub, "push", str(dataset), "--repo-id", REPO)
    assert done.returncode == 0, done.stderr
    assert remote_files(hub, "v2.1") == local_files(dataset)
    assert max(hub.uploads.values()) == 1
    assert hub.uploads.total() > sent_before
    assert [each.name for each in dataset.parent.iterdir()] == ["box"]


def test_a_push_killed_at_its_commit_is_resumed(hub: Hub, dataset: Path) -> None:
    pushing = subprocess.Popen(
        [LERECORD, "push", str(dataset), "--repo-id", REPO],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment(hub),
    )
    hub.before_tag = lambda: os.kill(pushing.pid, signal.SIGKILL)
    assert pushing.wait(timeout=240) == -signal.SIGKILL
    hub.before_tag = lambda: None
    before = len(hub.writes())
    done = run(hub, "push", str(dataset), "--repo-id", REPO)
    assert done.returncode == 0, done.stderr
    assert remote_files(hub, "v2.1") == local_files(dataset)
    assert all("/tag/" in each for each in hub.writes()[before:])


def test_a_push_shows_how_far_it_is_on_a_terminal(hub: Hub, dataset: Path) -> None:
    ours, theirs = pty.openpty()
    pushing = subprocess.Popen(
        [LERECORD, "push", str(dataset), "--repo-id", REPO],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment(hub) | {"TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 4096):
            shown += data
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert pushing.wait(timeout=240) == 0
    assert b"of 20 files" in shown


def test_without_a_token_nothing_is_asked(hub: Hub, dataset: Path) -> None:
    done = run(hub, "push", str(dataset), "--repo-id", REPO, token=None)
    assert "There is no token for the Hub; log in with `hf auth login`" in refused(done)
    assert hub.requests == []


def test_a_hub_that_is_not_asked_is_one_sentence(hub: Hub, dataset: Path) -> None:
    done = run(hub, "push", str(dataset), "--repo-id", REPO, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set" in refused(done)


def test_xet_takes_large_files_where_the_client_has_it(
    hub: Hub, dataset: Path, tmp_path: Path
) -> None:
    hub.cas = str(tmp_path / "cas")
    more = {"HF_HUB_DISABLE_XET": "0"}
    done = run(hub, "push", str(dataset), "--repo-id", REPO, **more)
    assert done.returncode == 0, done.stderr
    assert hub.uploads.total() == 0
    assert any((tmp_path / "cas").rglob("*"))
    tree = hub.repos[REPO].tree("v2.1")
    assert tree is not None
    assert set(local_files(dataset)) <= set(tree)
    before = len(hub.writes())
    done = run(hub, "push", str(dataset), "--json", **more)
    assert json.loads(done.stdout)["sent"] == 0
    assert hub.writes()[before:] == []
