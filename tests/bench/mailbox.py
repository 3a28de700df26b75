"""What a camera's mailbox costs an image: `python -m tests.bench.mailbox [--rounds 5]`.

Images of 62 kB are put aside at 30 a second as a camera's process does it: without a mailbox, with
one that nobody reads, with one that is read 30 times a second, and with a reader that was stopped.
The four take turns; a row each with the writer's processor time an image, and what it is more than
without a mailbox (the median of the rounds).
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lerecord.processes import ImageMailbox, MailboxWriter

HZ = 30
JPEG = os.urandom(62_000)
READER = f"""
import sys, time
from lerecord.processes import MailboxReader
reader = MailboxReader(int(sys.argv[1]))
while True:
    image = reader.newest()
    if image is not None:
        print(end=".", flush=True)
    time.sleep({1 / HZ})
"""
CASES = ("none", "unread", "read", "stopped")
MOST_MS = {"unread": 0.05, "read": 0.2, "stopped": 0.05}


@contextmanager
def read(mailbox: ImageMailbox, writer: MailboxWriter, is_stopped: bool) -> Iterator[None]:
    """Somebody who looks, from the first image on."""
    descriptor = mailbox.fileno()
    command = [sys.executable, "-c", READER, str(descriptor)]
    with subprocess.Popen(command, pass_fds=[descriptor], stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        while not writer.wanted:
            time.sleep(0.01)
        writer.put(JPEG, time.monotonic(), 0)
        assert reader.stdout.read(1) == b"."
        if is_stopped:
            reader.send_signal(signal.SIGSTOP)
            while writer.wanted:
                time.sleep(0.01)
        yield
        reader.kill()


def spent_ms(writer: MailboxWriter | None, images: int) -> float:
    """Processor time that an image costs who writes it, in ms."""
    began, due = time.process_time(), time.monotonic()
    for sequence in range(1, images + 1):
        if writer is not None and writer.wanted:
            writer.put(JPEG, time.monotonic(), sequence)
        due += 1 / HZ
        time.sleep(max(0.0, due - time.monotonic()))
    return (time.process_time() - began) / images * 1000


def measured(case: str, images: int) -> float:
    """One round of one case."""
    if case == "none":
        return spent_ms(None, images)
    mailbox = ImageMailbox(2 * len(JPEG))
    writer = MailboxWriter(mailbox.fileno())
    try:
        if case == "unread":
            return spent_ms(writer, images)
        with read(mailbox, writer, case == "stopped"):
            return spent_ms(writer, images)
    finally:
        writer.close()
        mailbox.close()


def main() -> None:
    """Measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--images", type=int, default=150)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    spent: dict[str, list[float]] = {case: [] for case in CASES}
    for _ in range(given.rounds):
        for case in CASES:
            spent[case].append(measured(case, given.images))
    print("case      ms an image   more   budget")
    for case in CASES:
        pairs = zip(spent[case], spent["none"], strict=True)
        more = statistics.median(each - without for each, without in pairs)
        middle = statistics.median(spent[case])
        budget = f"{MOST_MS[case]:8.2f}" if case in MOST_MS else ""
        print(f"{case:9} {middle:11.3f} {more:6.3f} {budget}")


if __name__ == "__main__":
    main()
