"""What looking costs a take: `python -m tests.bench.viewers [--pairs 3] [--seconds 12]`.

`lerecord bench` records with its page served: a take at which nobody looks, and one with three
pages that paint each picture at once and a fourth whose process is stopped, in turn. The pages are
websockets in a process of their own, so that no browser's work is counted; a row each, and the
medians beside each other. The age of an image is that at which its last byte has arrived, since it
was captured: what the server says of it, and what it has been under way since.
"""

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from json import loads
from typing import Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from lerecord.bench import Load, Result, bench

VIEWERS = 3
_PATIENCE_S = 60.0


def watch(port: int, name: str) -> None:
    """A page: prints the age in ms of each image that it gets.

    Raises:
        ConnectionClosed: the server has ended.
    """
    until = time.monotonic() + _PATIENCE_S
    host = f"127.0.0.1:{port}"
    while time.monotonic() < until:
        try:
            page = connect(
                f"ws://{host}/api/live/{name}", origin=Origin(f"http://{host}"), compression=None
            )
        except OSError:
            time.sleep(0.1)
            continue
        with page:
            while True:
                told = loads(page.recv())
                told_at = time.monotonic()
                for camera in told["cameras"]:
                    if camera["fresh"]:
                        page.recv()
                        under_way_ms = 1000 * (time.monotonic() - told_at)
                        print(camera["age_ms"] + under_way_ms, flush=True)
                page.send(f'{{"painted": {told["bundle"]}}}')


@contextmanager
def looking(port: int, ages: list[float]) -> Iterator[None]:
    """The three that look, and the one that is stopped once it has seen something."""
    command = [sys.executable, "-m", "tests.bench.viewers", "--watch", str(port)]
    names = [str(number) for number in range(VIEWERS)] + ["stopped"]
    pages = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in names
    ]
    threads = [threading.Thread(target=_collect, args=(page, ages)) for page in pages[:VIEWERS]]
    threads.append(threading.Thread(target=_stop, args=(pages[-1],)))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        pages[-1].kill()
        for page, thread in zip(pages, threads, strict=True):
            page.wait(_PATIENCE_S)
            thread.join(_PATIENCE_S)


def _collect(page: "subprocess.Popen[str]", ages: list[float]) -> None:
    assert page.stdout is not None
    ages += map(float, page.stdout)


def _stop(page: "subprocess.Popen[str]") -> None:
    assert page.stdout is not None
    if page.stdout.readline():
        page.send_signal(signal.SIGSTOP)


@dataclass(frozen=True, slots=True)
class Take:
    """What one take has cost, and how old the images were that pages got."""

    result: Result
    ages: list[float]

    @classmethod
    def of(cls, seconds: float, looked_at: bool) -> Self:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        ages: list[float] = []
        with looking(port, ages) if looked_at else nullcontext():
            result = bench(Load(2, 30, 640, 480, seconds, 1), ["--station", "--port", str(port)])
        return cls(result, ages)

    @property
    def beside_ms(self) -> float:
        """Processor time an image of all but the cameras' processes, the page's among them."""
        return self.result.cpu_ms_per_image - self.result.camera_cpu_ms_per_image

    def line(self, name: str) -> str:
        each = self.result
        age = f"{statistics.median(self.ages):.0f} ms" if self.ages else "-"
        return (
            f"| {name} | {each.missed_ticks} | {each.lateness_p99_ms:.3f} ms | "
            f"{each.cpu_ms_per_image:.2f} ms | {self.beside_ms:.2f} ms | {len(self.ages)} | {age} |"
        )


def watched(port: int, name: str) -> None:
    """Look until the recorder ends."""
    with suppress(ConnectionClosed):
        watch(port, name)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--watch", nargs=2, metavar=("PORT", "NAME"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.watch is not None:
        watched(int(asked.watch[0]), asked.watch[1])
        return
    print(
        "| | missed ticks | lateness p99 | CPU per image | of it beside the cameras' "
        "| images seen | their age p50 |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    pairs: list[tuple[Take, Take]] = []
    for _ in range(asked.pairs):
        pairs.append((Take.of(asked.seconds, False), Take.of(asked.seconds, True)))
        for name, take in zip(("nobody", "four pages"), pairs[-1], strict=True):
            print(take.line(name), flush=True)
    cost = [
        looked.result.cpu_ms_per_image / alone.result.cpu_ms_per_image - 1
        for alone, looked in pairs
    ]
    beside = [
        (looked.beside_ms - alone.beside_ms) / alone.result.cpu_ms_per_image
        for alone, looked in pairs
    ]
    print(f"processor time a page that looks: {statistics.median(cost) / VIEWERS:+.1%}")
    print(f"of it beside the cameras': {statistics.median(beside) / VIEWERS:+.1%}")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
