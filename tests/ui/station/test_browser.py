"""The page of a session in a real browser: what it shows, what it asks, and what it survives."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from lerecord.recording.session import Deed, Phase, QueueEdit
from lerecord.ui.station import Asked, Moment
from tests.ui.chromium import Chromium, Page
from tests.ui.station.moments import QUEUE, TAKE, snapshot
from tests.ui.station.served import Served, serving

TROUBLE = "The follower does not answer: check its cable."


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


def text(page: Page, name: str) -> str:
    return str(page.evaluate(f"document.getElementById('{name}').textContent"))


def shows(page: Page, name: str, words: str) -> None:
    page.until(f"document.getElementById('{name}').textContent.includes({words!r})")


def opened(browser: Chromium, served: Served, width: int = 1280) -> Page:
    page = browser.page()
    page.look(width, 800)
    page.open(served.server.address)
    return page


def test_a_page_shows_asks_and_survives(browser: Chromium, served: Served) -> None:
    served.board.put(Moment(snapshot(), (TAKE,)))
    jpeg = bytes(cv2.imencode(".jpg", np.full((48, 64, 3), 200, np.uint8))[1])
    served.image(jpeg)
    one = opened(browser, served)
    shows(one, "phase", "RESET")
    one.until("document.querySelector('#cameras canvas')?.height === 64")  # turned by 90 degrees
    assert "same image again" in text(one, "takes")

    other = opened(browser, served)
    shows(other, "control-word", "watches")
    other.press("Enter")
    one.press("Enter")
    served.board.put(Moment(snapshot(phase=Phase.RECORDING), ()))
    shows(one, "phase", "RECORDING")
    one.press("p")  # is not offered in a take
    one.call("Page.reload")
    shows(one, "phase", "RECORDING")
    shows(one, "control-word", "This page controls")
    one.press("r")
    other.evaluate("document.getElementById('take').click()")
    shows(other, "control-word", "This page controls")
    shows(one, "control-word", "watches")
    one.press("Enter")
    other.press("s")
    served.board.put(Moment(snapshot(trouble=TROUBLE), ()))
    shows(one, "phase", "TROUBLE")
    assert text(one, "sentence") == TROUBLE
    assert one.evaluate("document.getElementById('invite').hidden")
    assert served.asked == [
        Asked("go", "resetting", 3),
        Asked("redo", "recording", 3),
        Asked("succeed", "recording", 3),
    ]
    for page in (one, other):
        assert page.complaints == []
        own = (served.server.address, served.server.address.replace("http", "ws"), "about:")
        assert [each for each in page.requests if not each.startswith(own)] == []
    served.server.stop()
    one.until("!document.getElementById('lost').hidden")


_TONES = (
    "window.tones = []; const make = AudioContext.prototype.createOscillator;"
    "AudioContext.prototype.createOscillator = function () {"
    "const tone = make.call(this); const start = tone.start;"
    "tone.start = (at) => { window.tones.push(tone.frequency.value); start.call(tone, at); };"
    "return tone; };"
)


def test_the_tasks_are_changed_on_the_page_and_a_take_is_heard(
    browser: Chromium, served: Served
) -> None:
    served.board.put(Moment(snapshot(queue=QUEUE), ()))
    page = browser.page()
    page.call("Page.addScriptToEvaluateOnNewDocument", source=_TONES)
    page.look(1280, 800)
    page.open(served.server.address)
    shows(page, "queue-tasks", "12 of 20")
    shows(page, "sound", "Press for sound")
    page.press("x")  # which means nothing, and lets the page be heard
    shows(page, "sound", "is on")
    row = "document.querySelector('#queue-tasks li:last-child')"
    page.evaluate(f"{row}.querySelector(':scope > button').click()")
    page.evaluate("document.getElementById('queue-change').click()")
    page.until(f"{row}.querySelector('.tools').checkVisibility()")
    page.evaluate(f"{row}.querySelector('[type=number]').focus()")
    page.evaluate(f"{row}.querySelector('[type=number]').select()")
    page.call("Input.insertText", text="7")
    page.press("r")  # is typed, and no command
    page.evaluate(f"{row}.querySelector('[type=number]').blur()")
    page.evaluate("document.getElementById('queue-new').value = 'Turn'")
    page.evaluate("document.getElementById('queue-form').requestSubmit()")
    for shown in (snapshot(queue=QUEUE, phase=Phase.RECORDING), snapshot(queue=QUEUE, saves=4)):
        served.board.put(Moment(shown, ()))
        shows(page, "phase", "RECORDING" if shown.saves == 3 else "RESET")
    page.until("window.tones.length === 3")
    page.evaluate("document.getElementById('sound').click()")
    shows(page, "sound", "is off")
    page.call("Page.reload")
    page.until("performance.getEntriesByType('navigation')[0].type === 'reload'")
    shows(page, "sound", "is off")
    assert served.asked == [
        QueueEdit(Deed.CHOOSE, "Push the cup"),
        QueueEdit(Deed.COUNT, "Push the cup", number=7),
        QueueEdit(Deed.ADD, "Turn", number=10),
    ]
    assert page.complaints == []


def test_a_token_is_shown_once_and_then_the_browser_is_known(browser: Chromium) -> None:
    with serving("correct-horse") as served:
        served.board.put(Moment(snapshot(), ()))
        address = served.server.address
        assert address.endswith("#token=correct-horse")
        stranger = browser.page()
        stranger.open(address.partition("#")[0])
        shows(stranger, "lost", "needs its token")
        assert stranger.evaluate("fetch('/api/code').then((answer) => answer.status)") == 401
        assert text(stranger, "phase") == "WAITING"
        known = browser.page()
        known.open(address)
        shows(known, "phase", "RESET")
        assert "token" not in str(known.evaluate("location.href"))
        assert known.evaluate("document.cookie") == ""  # no script can read it
        known.evaluate("document.getElementById('invite').click()")
        known.until("document.getElementById('code').naturalWidth > 100")
        known.call("Page.reload")
        known.until("performance.getEntriesByType('navigation')[0].type === 'reload'")
        shows(known, "phase", "RESET")


@pytest.mark.parametrize("width", [320, 1280, 2560])
def test_the_phase_is_large_and_nothing_is_wider_than_the_window(
    browser: Chromium, served: Served, width: int
) -> None:
    served.board.put(Moment(snapshot(phase=Phase.CATCHING_UP, queue=QUEUE), (TAKE,)))
    page = opened(browser, served, width)
    shows(page, "phase", "CATCHING UP")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    letter = page.evaluate(
        "(() => { const context = new OffscreenCanvas(9, 9).getContext('2d');"
        "const style = getComputedStyle(document.querySelector('h1'));"
        "context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;"
        "return context.measureText('H').actualBoundingBoxAscent; })()"
    )
    assert letter >= 98 * min(width, 1280) / 1280 * 0.95
