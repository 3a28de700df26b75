"""Makes the pictures of the pages of a dataset that the simulated rig recorded, in Chromium.

python -m tests.page_pictures DIR [OUT]
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import lerecord
from lerecord.processes import ImageMailbox, MailboxWriter
from lerecord.recording.session import Order, Phase, TaskCount
from lerecord.ui.episodes import Shelf
from lerecord.ui.snapshot import PreviewedCamera, QueueView
from lerecord.ui.station import Board, Moment, TakeView, station_app
from lerecord.ui.view import view_app
from lerecord.ui.web import WebServer
from tests.pictures import AT, CAMERAS, IMAGES, TASK, moment_of
from tests.recording.test_begun import fill_in, station
from tests.ui.chromium import Chromium, Page

REMARK = "Camera wrist gave 27.1 images a second and 30 are recorded: more light makes it faster."
TAKES = (
    TakeView(11, False, 7.1, 213, 0, 0, (), True),
    TakeView(10, False, 7.4, 222, 0, 4, (REMARK,)),
    TakeView(9, True, 6.9, 207, 0, 0, (), False),
)
TROUBLE = "The follower on /dev/ttyUSB1 does not answer: check its cable and its power supply."
SIZES = ((320, 640), (1280, 800), (2560, 1440))
TASKS = (TaskCount(TASK, 20, 8), TaskCount("Push the cup to the left", 10, 4))
KEPT = {
    "view-1280-light": "view",
    "pictures-2560-dark": "pictures",
    "station-1280-dark": "station",
    "form-1280-light": "form",
}
"""Those that the docs show, by what they are called there."""
IN_EVERY_LOOK = ("view", "station")
"""Pages that the docs show in all sizes and both schemes beside each other, too."""
THUMB_HEIGHT = 420


@contextmanager
def served(server: WebServer) -> Iterator[str]:
    with server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server.address
        finally:
            server.stop()
            thread.join()


def take(
    page: Page, name: str, ready: str, out: Path, before: Callable[[], object] = lambda: None
) -> None:
    """The page in every size and in both schemes."""
    for width, height in SIZES:
        for dark in (False, True):
            page.look(width, height, dark)
            page.until(ready)
            time.sleep(0.7)
            before()
            time.sleep(0.2)
            look = f"{name}-{width}-{'dark' if dark else 'light'}"
            file = out / f"{look}.png"
            page.screenshot(file)
            if look in KEPT:
                pixels = cv2.imread(str(file))
                keep(np.asarray(pixels), KEPT[look])


def keep(pixels: NDArray[np.uint8], name: str) -> None:
    """For the docs."""
    cv2.imwrite(str(IMAGES / f"{name}.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, 80])


def keep_every_look(name: str, out: Path) -> None:
    """A row a scheme, from the narrowest window to the widest."""
    rows = []
    for scheme in ("light", "dark"):
        thumbs = []
        for width, height in SIZES:
            shot = cv2.imread(str(out / f"{name}-{width}-{scheme}.png"))
            size = (width * THUMB_HEIGHT // height, THUMB_HEIGHT)
            thumbs.append(cv2.resize(np.asarray(shot), size, interpolation=cv2.INTER_AREA))
        rows.append(cv2.hconcat(thumbs))
    keep(np.asarray(cv2.vconcat(rows)), f"{name}-looks")


def of_view(browser: Chromium, root: Path, frame: int, out: Path) -> None:
    with served(WebServer(lambda _: view_app(Shelf(root)))) as address:
        page = browser.page()
        page.open(address)
        take(page, "list", "document.querySelector('#episodes tbody tr') !== null", out)
        page.open(f"{address}#pictures")
        take(page, "pictures", "document.querySelector('.way line') !== null", out)
        page.open(f"{address}#0:{frame}")
        take(page, "view", f"document.getElementById('frame').textContent === '{frame}'", out)


def of_station(browser: Chromium, data: lerecord.Dataset, frame: int, out: Path) -> None:
    with ExitStack() as stack:
        cameras = []
        for name in CAMERAS:
            mailbox = ImageMailbox(1 << 21)
            stack.callback(mailbox.close)
            cameras.append(PreviewedCamera(name, 0, mailbox.fileno()))
        board = Board(cameras)
        app = station_app(board, lambda asked: None, None)
        address = stack.enter_context(served(WebServer(lambda _: app)))
        page = browser.page()
        page.open(address)

        def give_images() -> None:
            for camera in cameras:
                image = np.asarray(data[frame][f"observation.images.{camera.name}"])
                jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
                captured_at = time.monotonic()
                MailboxWriter(camera.mailbox).put(bytes(jpeg), captured_at, 0)
            board.put(Moment(shown[-1], TAKES))

        queue = QueueView(TASKS, Order.BALANCED, TASKS[1].task)
        shown = [replace(moment_of(data, frame), episode=12, saved=12, episodes=None, queue=queue)]
        now = shown[0]
        for name, look in (
            ("station", now),
            ("trouble", replace(now, phase=Phase.RESETTING, trouble=TROUBLE)),
            ("asking", replace(now, phase=Phase.ASKING)),
            ("catching", replace(now, phase=Phase.CATCHING_UP)),
        ):
            shown.append(look)
            give_images()
            ready = f"document.title.includes('{TASK}')"
            take(
                page,
                name,
                f"{ready} && document.querySelectorAll('canvas').length === 2",
                out,
                give_images,
            )


def of_form(browser: Chromium, out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, station(Path(folder)) as (_, address):
        page = browser.page()
        page.open(address)
        page.until("document.querySelector('input[value=sim]')")
        page.evaluate("document.querySelector('input[value=sim]').click()")
        fill_in(page, dataset="box", **{"task-0": TASK})
        take(page, "form", "!document.getElementById('start').disabled", out)


def main() -> None:
    root = Path(sys.argv[1])
    with ExitStack() as stack:
        out = Path(sys.argv[2] if len(sys.argv) > 2 else stack.enter_context(_folder()))
        out.mkdir(exist_ok=True)
        browser = stack.enter_context(Chromium(Path(stack.enter_context(_folder()))))
        data = lerecord.Dataset(root, episodes=[0])
        frame = int(AT * len(data))
        of_view(browser, root, frame, out)
        of_station(browser, data, frame, out)
        of_form(browser, out)
        for name in IN_EVERY_LOOK:
            keep_every_look(name, out)


def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory()


if __name__ == "__main__":
    main()
