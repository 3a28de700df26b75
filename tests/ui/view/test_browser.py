"""The page of a dataset in a real browser: the number beside a video is the one in its pixels."""

import base64
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord import frame_stamp
from lerecord.dataset.format import CameraSpec
from lerecord.dataset.overview import episodes, summary
from lerecord.dataset.v30 import export_v30
from lerecord.ui.episodes import Shelf
from lerecord.ui.view import episode_page, view_app
from lerecord.ui.web import WebServer
from tests.dataset.conftest import Lab
from tests.ui.chromium import Chromium, Page

STEPS = int(os.environ.get("LERECORD_BROWSER_STEPS", "12"))
FRAMES = 75
CAMERAS = (
    CameraSpec("front", 160, 120),
    CameraSpec("wrist", 200, 160),
    CameraSpec("side", 320, 240),
)
SETTLED = f"document.querySelectorAll('.camera[data-settled=true]').length === {len(CAMERAS)}"
SPEED = "document.getElementById('speed')"
SLIPS = (
    "document.body.innerText.match("
    "/\\b(null|undefined|NaN|Infinity)\\b|[-\\u2212]0(\\.0)?(?!\\d|\\.)/g)"
)
"""Words that only a program says."""
WATCHED = """window.seen = [];
for (const video of document.querySelectorAll("video")) {
  const watch = (_, { mediaTime }) => {
    window.seen.push(mediaTime);
    video.requestVideoFrameCallback(watch);
  };
  video.requestVideoFrameCallback(watch);
}"""
SEEN = """[...document.querySelectorAll(".camera")].map((camera) => {
  const video = camera.querySelector("video");
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d").drawImage(video, 0, 0);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height / 4);
  const grey = data.filter((_, place) => place % 4 === 1);
  const text = Array.from(grey, (value) => String.fromCharCode(value)).join("");
  return [camera.querySelector(".shown").textContent, canvas.width, canvas.height, btoa(text)];
})"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lab = Lab(tmp_path_factory.mktemp("sets") / "box")
    lab.spec = replace(lab.spec, cameras=CAMERAS)
    with lab.open() as writer:
        lab.record(writer, "Grab the box", rows=FRAMES)
        lab.record(writer, "Push the cup", rows=20, seed=1)
    return lab.root


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    with served(root) as found:
        yield found


@contextmanager
def served(root: Path) -> Iterator[str]:
    with WebServer(lambda _: view_app(Shelf(root))) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server.address
        finally:
            server.stop()
            thread.join(60)


def require_same(page: Page) -> int:
    """The frame that every camera shows, by its number and by its pixels."""
    page.until(SETTLED)
    told = int(page.evaluate("document.getElementById('frame').textContent"))
    for shown, width, height, pixels in page.evaluate(SEEN):
        grey = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(-1, width)
        whole = np.zeros((height, width), np.uint8)
        whole[: len(grey)] = grey
        stamp = frame_stamp.read(whole)
        assert stamp is not None
        assert (int(shown), stamp.counter) == (told, told)
    return told


def test_the_number_beside_a_video_is_that_of_its_frame(browser: Chromium, address: str) -> None:
    page = browser.page()
    page.look(1280, 800)
    page.open(f"{address}#0:40")
    page.until("document.querySelectorAll('.camera').length === 3")
    assert require_same(page) == 40
    chance = random.Random(7)
    frame = 40
    for _ in range(STEPS):
        kind = chance.choice(["step", "step", "seek", "play"])
        if kind == "step":
            steps = chance.choice([-3, -1, 1, 2])
            for _ in range(abs(steps)):
                page.press("ArrowRight" if steps > 0 else "ArrowLeft")
            frame = min(max(frame + steps, 0), FRAMES - 1)
            assert require_same(page) == frame
        elif kind == "seek":
            frame = chance.randrange(FRAMES)
            page.evaluate(f"location.hash = '#0:{frame}'")
            page.until(f"document.getElementById('frame').textContent === '{frame}'")
            assert require_same(page) == frame
        else:
            page.evaluate(f"{SPEED}.value = '{chance.choice(['0.25', '0.5', '1', '2'])}'")
            page.evaluate(f"{SPEED}.dispatchEvent(new Event('input'))")
            page.press(" ")
            page.evaluate(f"new Promise((done) => setTimeout(done, {chance.randrange(60, 300)}))")
            if page.evaluate("document.getElementById('play').dataset.playing") == "true":
                page.press(" ")
            frame = require_same(page)
    assert page.complaints == []
    assert {each.startswith((address, "about:")) for each in page.requests} == {True}


def test_of_a_shared_video_only_the_own_images_are_shown(
    browser: Chromium, root: Path, tmp_path: Path
) -> None:
    export_v30(root, newer := tmp_path / "newer")
    with served(newer) as address:
        page = browser.page()
        page.look(1280, 800)
        page.open(f"{address}#1:7")
        page.until("document.querySelectorAll('.camera').length === 3")
        assert require_same(page) == 7
        page.press("End")
        assert require_same(page) == 19
        page.open("about:blank")
        page.open(f"{address}#0:60")
        page.until("document.querySelectorAll('.camera').length === 3")
        assert require_same(page) == 60
        page.evaluate(WATCHED)
        page.press(" ")
        page.until("document.getElementById('play').dataset.playing === 'false'")
        assert require_same(page) == FRAMES - 1
        assert round(max(page.evaluate("window.seen")) * summary(newer).fps) == FRAMES - 1
        assert page.evaluate("document.getElementById('edit').hidden")
        assert "lerecord import" in page.evaluate("document.getElementById('closed').textContent")
        page.press("x")
        assert page.evaluate("document.getElementById('pending').hidden")
        assert page.complaints == []


def test_an_episode_in_one_file_plays_without_a_server(
    browser: Chromium, root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "episode.html"
    file.write_text(episode_page(Shelf(root).now(), 0), encoding="utf-8")
    page = browser.page()
    page.look(1280, 800)
    page.open(file.as_uri())
    page.until("document.querySelectorAll('.camera').length === 3")
    assert require_same(page) == 0
    for _ in range(3):
        page.press("ArrowRight")
    assert require_same(page) == 3
    assert page.evaluate("document.querySelectorAll('#curves .track').length") > 0
    assert page.complaints == []
    assert {each.split(":")[0] for each in page.requests} == {"file", "data"}


def test_without_a_camera_the_curves_are_played(browser: Chromium, tmp_path: Path) -> None:
    lab = Lab(tmp_path / "box")
    lab.spec = replace(lab.spec, cameras=())
    with lab.open() as writer:
        lab.record(writer, "Grab the box", rows=60)
    with served(tmp_path / "box") as address:
        page = browser.page()
        page.open(f"{address}#0")
        page.until("document.getElementById('title').textContent === 'Episode 0'")
        page.press(" ")
        page.until("Number(document.getElementById('frame').textContent) > 9")
        page.until("document.getElementById('play').textContent.includes('Play')")
        assert page.evaluate("document.getElementById('frame').textContent") == "59"
        page.press(" ")
        page.until("document.getElementById('play').textContent.includes('Pause')")
        assert page.complaints == []


def test_without_an_episode_the_dataset_is_drawn_and_told_in_words(
    browser: Chromium, address: str
) -> None:
    page = browser.page()
    page.look(320, 800, dark=True)
    page.open(address)
    page.until("document.querySelector('.tasks li') !== null")
    assert page.evaluate("document.getElementById('nothing-chosen').checkVisibility()") is False
    page.click("document.querySelector('.counted a')")
    page.until("document.querySelectorAll('.way line').length === 6")  # 3 joints, 2 episodes
    told = page.evaluate("document.getElementById('pictures').innerText")
    assert "2 tasks, with 1 to 1 episode each." in told
    assert "1 episode, 2.5 s" in told
    assert f"Longest: episode 0, {FRAMES / 30:.1f} s".lower() in told.lower()
    label = page.evaluate("document.querySelector('.histogram').getAttribute('aria-label')")
    assert label.startswith("Lengths: 0.7 s to 2.5 s; half of them")
    rows = "document.querySelectorAll('#pictures table tbody tr').length"
    assert page.evaluate(rows) == page.evaluate("document.querySelectorAll('rect').length")
    page.click("document.querySelector('#pictures p a')")
    page.until("document.getElementById('title').textContent === 'Episode 1'")
    assert page.evaluate("document.getElementById('nothing-chosen').hidden")
    assert page.complaints == []


def test_marks_are_made_previewed_and_applied_by_keys(
    browser: Chromium, address: str, root: Path
) -> None:
    page = browser.page()
    page.open(f"{address}#1")
    page.until("document.getElementById('title').textContent === 'Episode 1'")
    page.press("f")
    page.press("a")
    page.until("!document.getElementById('apply').disabled")
    assert page.evaluate("document.getElementById('steps').textContent") == (
        "Label episode 1: failure."
    )
    page.evaluate("document.getElementById('apply').click()")
    page.until("document.querySelector('#summary').textContent.includes('failure')")
    assert [each.success for each in episodes(root)] == [None, False]
    page.until("!document.getElementById('undo').hidden && !document.querySelector('[open]')")
    page.press("z")
    page.until("!document.querySelector('#summary').textContent.includes('failure')")
    assert [each.success for each in episodes(root)] == [None, None]


@pytest.mark.parametrize("width", [320, 1280, 2560])
def test_nothing_is_wider_than_the_window_or_nonsense(
    browser: Chromium, address: str, width: int
) -> None:
    page = browser.page()
    page.look(width, 720)
    for place, there in (("#pictures", ".way line"), ("#0", ".curve")):
        page.open(address + place)
        page.until(f"document.querySelector('{there}') !== null")
        assert page.evaluate(SLIPS) is None
        assert page.evaluate("document.documentElement.scrollWidth") <= width
