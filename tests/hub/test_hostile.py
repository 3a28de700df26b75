"""A server that means no good, or is none: nothing is written elsewhere, and everything ends."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from hypothesis import example, given
from hypothesis import strategies as st

from lerecord.errors import DatasetError, HubError
from lerecord.hub import pull
from lerecord.hub.content import strange_name
from tests.hub.conftest import REPO, Pusher, local_files, remote_of
from tests.hub.server import Blob, Fault, Hub

SLEPT: list[float] = []


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.3)


@pytest.fixture
def out(tmp_path: Path, hub: Hub, pusher: Pusher, files: Path) -> Iterator[Path]:
    """Where a pull puts what was pushed; nothing else may be in the folder above it."""
    pusher.push_files(files)
    yield tmp_path / "pulled/out"
    assert not (tmp_path / "pulled/out").exists()
    found = [each for each in (tmp_path / "pulled").rglob("*") if each.is_file()]
    names = {each.name for each in found if each.parent.name != "lerecord"}  # drafts are there
    assert names <= {"lock", "a.parquet", "b.parquet", "c.mp4", "info.json", "README.md"}


def refused(hub: Hub, out: Path) -> str:
    with pytest.raises((HubError, DatasetError)) as told:
        pull(remote_of(hub), out, sleep=SLEPT.append)
    return str(told.value)


def add(hub: Hub, path: str, blob: Blob) -> None:
    repo = hub.repos[REPO]
    tree = repo.tree("v2.1")
    assert tree is not None
    tree[path] = blob


@pytest.mark.parametrize(
    "name",
    [
        "meta/../../x", "meta/../../../victim", "data/..", "data//x", "data/./x", "meta/x/",
        "meta/", "meta/..\\..\\x", "meta/C:x", "meta/a\nb", "meta/\x1b[2J", "meta/a\0b",
        "meta/" + "x" * 256, "meta/info.json/x", "data/a.parquet/..",
    ],
)  # fmt: skip
def test_a_name_that_would_leave_the_folder_is_refused(hub: Hub, out: Path, name: str) -> None:
    add(hub, name, hub.put(b"x"))
    before = len(hub.requests)
    assert "would not stay in the dataset's folder" in refused(hub, out)
    assert not any("/resolve/" in each for each in hub.requests[before:])


NAMES = st.lists(st.text("a./\\: \n", min_size=1), min_size=1)


@given(NAMES)
@example(["a/..", "b"])
def test_what_is_not_strange_stays_below_the_folder(names: list[str]) -> None:
    if strange_name(names) is None:
        for name in names:
            path = Path("/root") / name
            assert path == Path("/root").joinpath(*name.split("/"))
            assert path.is_relative_to("/root")
            assert ".." not in path.parts
            assert path.relative_to("/root").as_posix() == name


@pytest.mark.parametrize("size", [-1, None, "3", 1.5, True, {}])
def test_a_size_that_is_none_is_refused(hub: Hub, out: Path, size: object) -> None:
    add(hub, "data/x", Blob("0" * 40, size))  # type: ignore[arg-type]
    assert "gave an answer that cannot be read" in refused(hub, out)


def test_what_the_disk_cannot_hold_is_not_begun(hub: Hub, out: Path) -> None:
    add(hub, "data/x", Blob("0" * 40, 1 << 60))
    assert "free some space, or choose a folder on another disk" in refused(hub, out)


def test_more_bytes_than_a_file_has_are_not_taken(hub: Hub, out: Path) -> None:
    hub.faults.append(Fault("GET /large/", body=itertools.repeat(b"x" * 65536, 20_000), times=99))
    assert "more bytes than the file has" in refused(hub, out)
    assert hub.poured < 100_000_000


@pytest.mark.parametrize("following", ["?cursor={}", "?cursor=0", ""])
def test_a_list_without_an_end_is_left(hub: Hub, out: Path, following: str) -> None:
    def link(number: int) -> str:
        return f'<{following.format(number)}>; rel="next"'

    hub.faults.append(Fault("GET .*/tree/", body=[b"[]"], link=link, times=99_999))
    assert "a list without an end" in refused(hub, out)


def test_the_token_does_not_follow_a_page_to_another_server(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path
) -> None:
    pusher.push_files(files)
    commit = hub.repos[REPO].main
    link = f'<http://other.invalid/api/datasets/{REPO}/tree/{commit}?cursor=0>; rel="next"'
    hub.faults.append(Fault(r"GET .*/tree/", body=[b"[]"], headers={"Link": link}))
    pull(remote_of(hub), tmp_path / "out", sleep=SLEPT.append)
    assert local_files(tmp_path / "out") == local_files(files)


def zeros(pieces: int) -> Iterable[bytes]:
    return itertools.repeat(b"0" * 65536, pieces)


@pytest.mark.parametrize("path", [r"GET /api/datasets/me/box$", "/refs", "/tree/"])
@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_of_gigabytes_is_not_read(hub: Hub, out: Path, path: str, status: int) -> None:
    hub.faults.append(Fault(path, status, body=zeros(1 << 14), times=99))
    assert "try again" in refused(hub, out)
    assert hub.poured < 300_000_000


@pytest.mark.parametrize("path", ["/tree/", "GET /large/"])
@pytest.mark.parametrize("pause_s", [0.02, 99.0])
def test_a_server_that_hardly_answers_is_left(
    hub: Hub, out: Path, path: str, pause_s: float
) -> None:
    """A byte now and then, or none."""
    slow = (b"" if pause_s > 1 else b" " for _ in range(1000))
    hub.faults.append(Fault(path, body=slow, pause_s=min(pause_s, 2.0), times=99))
    assert "and try again" in refused(hub, out)


def test_a_push_does_not_wait_for_ever(hub: Hub, pusher: Pusher, files: Path) -> None:
    hub.faults.append(Fault("/preupload/", body=(b"" for _ in range(9)), pause_s=2.0, times=99))
    with pytest.raises(HubError, match="try again"):
        pusher.push_files(files)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b"[]", b"[3]", b"null", b'{"sha": 3}', b"\xff"]
)
@pytest.mark.parametrize("path", [r"GET /api/datasets/me/box$", "/refs", "/tree/"])
def test_an_answer_that_is_none_is_one_sentence(
    hub: Hub, out: Path, path: str, body: bytes
) -> None:
    hub.faults.append(Fault(path, body=[body], times=99))
    said = refused(hub, out)
    assert "gave an answer that cannot be read" in said or "is not a dataset" in said


def test_what_a_server_says_is_quoted_in_short(hub: Hub, out: Path) -> None:
    said = {"X-Error-Message": "\x1b[2J" + "x" * 20_000}
    hub.faults.append(Fault(r"GET .*/tree/", 400, headers=said, times=99))
    sentence = refused(hub, out)
    assert "x..." in sentence
    assert len(sentence) < 600
    assert "\x1b" not in sentence


def test_without_a_bad_word_all_of_it_comes(
    hub: Hub, pusher: Pusher, files: Path, tmp_path: Path
) -> None:
    pusher.push_files(files)
    pull(remote_of(hub), tmp_path / "out", sleep=SLEPT.append)
    assert local_files(tmp_path / "out") == local_files(files)
    assert not (tmp_path / "out/.cache").exists()
