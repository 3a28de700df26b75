"""What a second pair costs a tick: `python -m tests.bench.two_pairs [--ticks 300] [--rounds 3]`.

One pair and two are driven in turn, in one process and on the clock of the machine; a row each with
what a tick spends on the buses, and their ratios (p10: the tenth of the ticks in which nothing else
wanted the processor). Requests and replies take the time
that they take at 1 Mbaud, and --latency-ms more for the adapter; nothing is computed meanwhile, as
servos compute nothing on the recorder's machine. What is read is always the same.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from lerecord import drivers
from lerecord.config import HardwareConfig
from lerecord.control import Handover, Leader, Rig
from lerecord.pacing import Pacer
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import RIGS
from tests.live import SETUP, SO101
from tests.transports import BUSES

SETUPS = {"koch": SETUP, "so101": SO101}
PAIRS = ("left", "right")


class PacedPort(LockStepPort):
    """A port whose replies are there when they would be on a wire.

    Once `is_known`, the reply to a request is the one of the first time.
    """

    is_known = False

    def __init__(self, wire: Any, latency_s: float) -> None:
        super().__init__(wire)
        self._latency_s = latency_s
        self._known: dict[bytes, bytes] = {}
        self._coming = b""
        self._there_at = 0.0

    def writePort(self, packet: bytes | list[int]) -> int:  # noqa: N802 - the vendor's name
        data = bytes(packet)
        if not (self.is_known and data in self._known):
            self.clock_s = time.monotonic()
            self._known[data] = self._wire.feed(data, self.clock_s, self.baudrate)
        self._coming = self._known[data]
        travel_s = self._travel_s(len(data)) + self._travel_s(len(self._coming))
        self._there_at = time.monotonic() + travel_s + self._latency_s
        return len(data)

    def readPort(self, length: int) -> bytes:  # noqa: N802
        if self._coming:
            while (left_s := self._there_at - time.monotonic()) > 0.0:
                time.sleep(left_s)
            self._arrived += self._coming
            self._coming = b""
        return super().readPort(length)


def paced(make: str, latency_s: float) -> Any:
    """The drivers of a make, each arm with simulated servos and a port of its own."""
    module = drivers.load("arms", make)

    def reaching(role: str) -> Any:
        driver = getattr(module, role)

        def made(settings: Any, calibration: Any, units: Any) -> Any:
            arm = getattr(RIGS[make], role.lower())()
            arm.calibrate()
            port = PacedPort(arm.wire(), latency_s)
            return driver(settings, calibration, units, BUSES[make](port, driver.motors))

        return made

    return SimpleNamespace(Leader=reaching("Leader"), Follower=reaching("Follower"))


def spent(config: HardwareConfig, make: str, ticks: int) -> Iterator[float]:
    """Seconds on the buses of each tick."""
    rig = Rig(config, dict.fromkeys(config.arms, SETUPS[make].calibrations["main"]))
    driving = Handover(Leader(), rig.bounds, rig.reachable)
    with rig:
        PacedPort.is_known = True
        for tick in islice(Pacer(config.fps), ticks):
            yield rig.command(driving.next(rig.observe(tick))).bus_s
        PacedPort.is_known = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--make", choices=SETUPS, default="koch")
    parser.add_argument("--ticks", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency-ms", type=float, default=1.0)
    given = parser.parse_args()
    config = SETUPS[given.make].config
    arms = {1: config.arms, 2: dict.fromkeys(PAIRS, config.arms["main"])}
    took: dict[int, list[float]] = {count: [] for count in arms}
    module = paced(given.make, given.latency_ms / 1e3)
    with mock.patch.object(drivers, "load", return_value=module):
        for _ in range(given.rounds):
            for count, each in arms.items():
                pairs = config.model_copy(update={"arms": each, "cameras": {}})
                took[count] += list(spent(pairs, given.make, given.ticks))[5:]
    for count, seconds in took.items():
        p10, p50, p99 = (1e3 * float(np.percentile(seconds, share)) for share in (10, 50, 99))
        name = f"{count} {given.make} pair{'s' * (count > 1)}"
        print(f"{name:14s} {p10:6.2f} ms (p10) {p50:6.2f} (p50) {p99:6.2f} (p99)")
    for share in (10, 50):
        one, both = (float(np.percentile(each, share)) for each in took.values())
        print(f"ratio of p{share}: {both / one:.2f}")


if __name__ == "__main__":
    main()
