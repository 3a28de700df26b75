"""What a policy's client costs the loop: `python -m tests.bench.policy_client [--rounds 3]`.

A loop of 30 Hz runs alone and with a policy, in turn, in one process and with the priority that a
session has: with a server that answers, one that hangs after it has said what it serves, and one
that answers each question without end. A row each: ticks, slots missed, how late ticks began, and
how long the policy's source took in a tick. The source, its queue and its process are those of
`lerecord rollout`; two cameras of 640x480 are in their mailboxes, and no arms are there.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from lerecord.bench import Load
from lerecord.bench.clip import clip_of
from lerecord.control import Observation
from lerecord.pacing import Pacer
from lerecord.policy import (
    CameraInput,
    Chunk,
    PolicyFeatures,
    PolicySource,
    QueueSettings,
    packing,
    wire,
)
from lerecord.policy.client import PolicyCamera, RemotePolicy
from lerecord.priority import Realtime, ask_for_realtime
from lerecord.processes import ImageMailbox, MailboxWriter

FPS, JOINTS, HORIZON = 30, 6, 50
CAMERAS = ("front", "wrist")
FEATURES = PolicyFeatures(
    tuple(f"joint_{each}.pos" for each in range(JOINTS)),
    FPS,
    HORIZON,
    tuple(CameraInput(name, 224, 224) for name in CAMERAS),
    "degrees",
)
SERVERS = ("answers", "hangs", "floods")
STATE = np.zeros(JOINTS, np.float32)


def answered(connection: ServerConnection, manner: str) -> None:
    """One connection of a server."""
    connection.send(packing.packed(wire.metadata_of(FEATURES)))
    try:
        while True:
            message = packing.unpacked(connection.recv(decode=False))
            wire.observation_of(message, FEATURES)
            actions = np.zeros((HORIZON, JOINTS), np.float32)
            reply = wire.reply_message(Chunk(actions), wire.extra_of(message), 0.0)
            if manner == "hangs":
                continue
            connection.send(packing.packed(reply))
            while manner == "floods":
                connection.send(packing.packed(reply))
    except ConnectionClosed:
        return


def run_server(manner: str) -> None:
    """Serve until the process is ended; the first line says where."""
    with serve(lambda each: answered(each, manner), "127.0.0.1", 0, compression=None) as server:
        print(f"ws://127.0.0.1:{server.socket.getsockname()[1]}", flush=True)
        server.serve_forever()


@contextmanager
def served(manner: str) -> Iterator[str]:
    """The address of such a server, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.policy_client", "--serve", manner]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


@dataclass(slots=True)
class Eyes:
    """Two cameras, each with a new image in every tick."""

    images: list[bytes]
    boxes: list[ImageMailbox] = field(default_factory=list)
    writers: list[MailboxWriter] = field(default_factory=list)

    def open(self, stack: ExitStack) -> list[PolicyCamera]:
        for _ in CAMERAS:
            self.boxes.append(ImageMailbox(1 << 20))
            stack.callback(self.boxes[-1].close)
            self.writers.append(MailboxWriter(self.boxes[-1].fileno()))
            stack.callback(self.writers[-1].close)
        return [
            PolicyCamera(name, box.fileno(), 0)
            for name, box in zip(CAMERAS, self.boxes, strict=True)
        ]

    def look(self, number: int) -> None:
        for writer in self.writers:
            writer.put(self.images[number % len(self.images)], time.monotonic(), number)


@dataclass(slots=True)
class Kept:
    """What was measured of one kind of loop."""

    lateness_ms: list[float] = field(default_factory=list)
    asked_ms: list[float] = field(default_factory=list)
    missed: int = 0
    accepted: int = 0
    lost: int = 0

    @property
    def p99_ms(self) -> float:
        return float(np.percentile(self.lateness_ms, 99))

    def line(self, name: str, alone: "Kept") -> str:
        return (
            f"| {name} | {len(self.lateness_ms)} | {self.missed} | {self.p99_ms:.3f} ms | "
            f"{self.p99_ms / alone.p99_ms:.2f} | {np.percentile(self.asked_ms, 99):.3f} ms | "
            f"{self.accepted} | {self.lost} |"
        )


def drive(source: PolicySource | None, eyes: Eyes, kept: Kept, ticks: int) -> None:
    """The loop, with or without a policy."""
    for tick in islice(Pacer(FPS), ticks):
        observation = Observation(tick, STATE, STATE, STATE, arrived=True)
        if source is not None and tick.index == 0:
            source.enter(observation)
        kept.lateness_ms.append(1e3 * (tick.started - tick.due))
        kept.missed += tick.missed
        eyes.look(tick.index)
        began = time.monotonic()
        if source is not None:
            source.next(observation)
        kept.asked_ms.append(1e3 * (time.monotonic() - began))


def driven(manner: str, eyes: Eyes, cameras: list[PolicyCamera], kept: Kept, ticks: int) -> None:
    """The loop with a policy behind that server."""
    settings = QueueSettings(1 / FPS, np.ones(JOINTS, np.float32), np.zeros(JOINTS, bool))
    with served(manner) as address, RemotePolicy(address, "Grab it", cameras) as link:
        link.wait_until_ready()
        source = PolicySource(link, settings)
        drive(source, eyes, kept, ticks)
        kept.accepted += source.counts.accepted
        kept.lost += source.lost


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ticks", type=int, default=240)
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        run_server(asked.serve)
        return
    kept = {name: Kept() for name in ("alone", *SERVERS)}
    with ExitStack() as stack:
        eyes = Eyes(list(clip_of(Load(1, FPS, 640, 480, 1, 1))))
        cameras = eyes.open(stack)
        ask_for_realtime(Realtime.CONTROL)
        for _ in range(asked.rounds):
            for name in SERVERS:
                drive(None, eyes, kept["alone"], asked.ticks)
                driven(name, eyes, cameras, kept[name], asked.ticks)
    print("| server | ticks | missed | lateness p99 | ratio | asking p99 | chunks | given up |")
    print("|---|---|---|---|---|---|---|---|")
    for name, each in kept.items():
        print(each.line(name, kept["alone"]))
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
