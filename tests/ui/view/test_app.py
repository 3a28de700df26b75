"""What the page of a dataset answers, through its door."""

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from starlette.types import ASGIApp

from lerecord.dataset.edit import operations
from lerecord.dataset.format import LabelChange, layout
from lerecord.dataset.v30 import export_v30
from lerecord.errors import DatasetError
from lerecord.ui.episodes import Shelf
from lerecord.ui.view import view_app
from lerecord.ui.web import Gate
from tests.dataset.lists import A, B, C, record
from tests.ui.web.asgi import HOST, Answer, ask


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("sets") / "set", [A, B, C])


@pytest.fixture
def root(recorded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(recorded, tmp_path / "set")


def page(root: Path) -> ASGIApp:
    return Gate(view_app(Shelf(root)), [HOST])


def answer(root: Path, path: str, *headers: tuple[str, str]) -> Answer:
    return ask(page(root), path, headers=(("host", HOST), *headers))


def test_the_list_says_what_lerecord_list_says(root: Path) -> None:
    rows = answer(root, "/api/episodes").data["episodes"]
    assert [(row["episode"], row["frames"], row["tasks"]) for row in rows] == [
        (0, 6, ["a"]),
        (1, 4, ["b"]),
        (2, 5, ["a"]),
    ]
    assert {row["health"] for row in rows} == {"good"}
    about = answer(root, "/api/dataset").data
    assert (about["name"], about["episodes"], about["cameras"]) == ("set", 3, ["front", "wrist"])


def test_an_episode_is_told_frame_by_frame(root: Path) -> None:
    data = answer(root, "/api/episodes/1").data
    assert (data["frames"], data["tasks"], data["health"]) == (4, ["b"], "good")
    lines = {line["name"]: line["values"] for line in data["lines"]}
    assert lines.keys() == {"state", "action", "leader"}
    for values in lines.values():
        assert [len(each) for each in values] == [4] * len(data["joints"])
    assert [len(camera["age_ms"]) for camera in data["cameras"]] == [4, 4]
    assert data["drivers"] == [{"from": 0, "to": 4, "driver": "leader"}]
    assert len(answer(root, "/api/motion/1").data) == 3


def test_it_is_told_where_episodes_start_and_how_far_their_joints_go(root: Path) -> None:
    data = answer(root, "/api/starts").data
    assert data["episodes"] == [0, 1, 2]
    lines = [answer(root, f"/api/episodes/{each}").data["lines"][0] for each in data["episodes"]]
    for place, joint in enumerate(data["joints"]):
        values = [line["values"][place] for line in lines]
        assert joint["starts"] == [each[0] for each in values]
        assert (joint["low"], joint["high"]) == (min(map(min, values)), max(map(max, values)))
    assert data["joints"][0]["name"] == "shoulder_pan.pos"


def test_an_episode_that_was_reviewed_has_its_verdict_and_the_reasons(root: Path) -> None:
    file = root / layout.HEALTH
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines[1]["review"] = [{"kind": "idle", "verdict": "look", "text": "The arm rests at first."}]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    rows = answer(root, "/api/episodes").data["episodes"]
    assert [row["verdict"] for row in rows] == [None, "look", None]
    assert answer(root, "/api/episodes/1").data["remarks"] == ["The arm rests at first."]


def test_a_video_comes_whole_and_in_part(root: Path) -> None:
    file = (root / layout.video_file(2, "observation.images.wrist")).read_bytes()
    whole = answer(root, "/video/2/1")
    assert (whole.status, whole.headers["content-type"], whole.body) == (200, "video/mp4", file)
    part = answer(root, "/video/2/1", ("range", "bytes=4-7"))
    assert (part.status, part.body) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(file)}"


@pytest.mark.parametrize("path", ["/api/episodes/3", "/api/motion/9", "/video/3/0", "/video/0/2"])
def test_what_is_not_there_is_one_sentence(root: Path, path: str) -> None:
    refused = answer(root, path)
    assert refused.status == 409
    assert str(root) in refused.data["error"]


@pytest.mark.parametrize("path", ["/meta/info.json", "/assets/nothing.js", "/api", "/video/0"])
def test_nothing_else_is_served(root: Path, path: str) -> None:
    assert answer(root, path).status == 404


def test_a_file_in_a_videos_place_stays_secret(root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the key")
    video = root / layout.video_file(0, "observation.images.front")
    video.unlink()
    video.symlink_to(secret)
    refused = answer(root, "/video/0/0")
    assert refused.status == 409
    assert b"the key" not in refused.body


def test_the_page_follows_what_becomes_of_the_dataset(root: Path) -> None:
    app = page(root)

    def told(path: str) -> object:
        return ask(app, path, headers=(("host", HOST),)).data

    before = told("/api/version")
    assert told("/api/version") == before
    operations.delete(root, [0])
    operations.label(root, [1], LabelChange(success=False, note="it fell"))
    assert told("/api/version") != before
    rows = json.loads(json.dumps(told("/api/episodes")))["episodes"]
    assert [row["frames"] for row in rows] == [4, 5]
    assert [(row["label"], row["note"]) for row in rows] == [(None, ""), ("failure", "it fell")]


def test_without_a_sidecar_the_curves_are_there_and_the_ages_are_not(root: Path) -> None:
    shutil.rmtree(root / "capture")
    (root / layout.HARDWARE).unlink()
    data = answer(root, "/api/episodes/0").data
    assert [line["name"] for line in data["lines"]] == ["state", "action"]
    assert [camera["age_ms"] for camera in data["cameras"]] == [None, None]
    assert (data["drivers"], data["health"]) == (None, "not known")
    assert data["notice"]


def test_episodes_of_v30_are_told_alike_and_say_where_in_a_video_they_are(
    root: Path, tmp_path: Path
) -> None:
    export_v30(root, newer := tmp_path / "newer")
    rows = answer(newer, "/api/episodes").data["episodes"]
    assert rows == answer(root, "/api/episodes").data["episodes"]
    assert answer(newer, "/api/motion/2").data == answer(root, "/api/motion/2").data
    fps = answer(newer, "/api/dataset").data["fps"]
    for episode, first in enumerate((0, 6, 10)):
        new, old = (answer(each, f"/api/episodes/{episode}").data for each in (newer, root))
        for camera, plain in zip(new["cameras"], old["cameras"], strict=True):
            assert (plain.pop("from_s"), plain.pop("shared")) == (0, False)
            assert (round(camera.pop("from_s") * fps, 6), camera.pop("shared")) == (first, True)
            del camera["video"], plain["video"]
        assert new | {"version": None} == old | {"version": None}
    shared = newer / "videos/observation.images.wrist/chunk-000/file-000.mp4"
    assert answer(newer, "/video/2/1").body == shared.read_bytes()


def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a dataset"):
        Shelf(tmp_path)
