"""What a second pair costs a tick: `python -m tests.bench.two_pairs [--ticks 300] [--rounds 3]`.

Each pair has a simulator process of its own, as each has buses of its own. One pair and both are
driven in turn; a row each with what a tick spends on the buses, and the ratio of the medians. A
simulated servo answers as soon as its process is scheduled, so a wait is as short as it can be and
what the processor does counts most; with --wire-ms the answers wait as long as on a real bus.
"""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

import numpy as np

from lerecord.config import HardwareConfig
from lerecord.control import Handover, Leader, Rig
from lerecord.pacing import Pacer
from tests.live import SETUP, SO101, Simulator

SETUPS = {"koch": SETUP, "so101": SO101}


def spent(config: HardwareConfig, make: str, ticks: int) -> Iterator[float]:
    """Seconds on the buses of each tick that was measured without a retry."""
    calibrations = dict.fromkeys(config.arms, SETUPS[make].calibrations["main"])
    rig = Rig(config, calibrations)
    driving = Handover(Leader(), rig.bounds, rig.reachable)
    with rig:
        for tick in islice(Pacer(config.fps), ticks):
            frame = rig.command(driving.next(rig.observe(tick)))
            if frame.measured and not frame.retries:
                yield frame.bus_s


def two_pairs(one: HardwareConfig, other: HardwareConfig) -> HardwareConfig:
    arms = {"left": one.arms["main"], "right": other.arms["main"]}
    return one.model_copy(update={"arms": arms, "cameras": {}})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--make", choices=SETUPS, default="koch")
    parser.add_argument("--ticks", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wire-ms", type=float, default=0.0)
    given = parser.parse_args()
    with ExitStack() as stack:
        simulators = []
        for _ in range(2):
            simulators.append(Simulator(loop=True, setup=SETUPS[given.make]))
            stack.callback(simulators[-1].close)
        if given.wire_ms:
            for each in simulators:
                late = {"fault": "late", "instruction": "sync_read", "delay_s": given.wire_ms / 1e3}
                each.inject(wire=[{"arm": arm, **late} for arm in ("leader", "follower")])
        first, second = (each.config for each in simulators)
        configs = {"one pair": first.model_copy(update={"cameras": {}})}
        configs["two pairs"] = two_pairs(first, second)
        took: dict[str, list[float]] = {name: [] for name in configs}
        for _ in range(given.rounds):
            for name, config in configs.items():
                took[name] += spent(config, given.make, given.ticks)
    for name, seconds in took.items():
        p50, p99 = (1e3 * float(np.percentile(seconds, share)) for share in (50, 99))
        print(f"{name:10s} {p50:6.2f} ms (p50) {p99:6.2f} ms (p99) of {len(seconds)} ticks")
    one, both = (float(np.median(each)) for each in took.values())
    print(f"ratio {both / one:.2f}")


if __name__ == "__main__":
    main()
