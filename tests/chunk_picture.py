"""Draws how a policy's chunks lived in a real rollout on the simulated rig, for the docs.

    python -m tests.chunk_picture DATASET

`nearest:DATASET` is served with its answers held back by 300 ms.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.latency import FPS, served

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "chunks.svg"
DELAY_MS = 300
JOINT, NAME = 2, "elbow_flex"
BLENDED = 15  # ticks, as QueueSettings has it
CHUNKS = 4
WIDTH, LEFT, TOP, LANE, CURVE = 860, 70, 34, 24, 150
ROLLOUT = """
import json, sys
from lerecord.policy.chunk_queue import ChunkQueue
log = open(sys.argv.pop(1), "w")
asks, takes, gives = ChunkQueue.request, ChunkQueue.offer, ChunkQueue.next
now = 0.0
def say(*words):
    print(json.dumps(words), file=log, flush=True)
def request(self, at):
    global now
    now = at
    asked = asks(self, at)
    if asked is not None:
        say("asked", asked.seq, at)
    return asked
def offer(self, seq, epoch, actions, at):
    taken = takes(self, seq, epoch, actions, at)
    say("answered" if taken else "dropped", seq, at, actions[:, {joint}].tolist())
    return taken
def give(self):
    values = gives(self)
    say("sent", now, None if values is None else float(values[{joint}]))
    return values
ChunkQueue.request, ChunkQueue.offer, ChunkQueue.next = request, offer, give
from lerecord.cli import main
main()
""".replace("{joint}", str(JOINT))


@dataclass(slots=True)
class Chunk:
    """When it was asked for and was there, in seconds, and what it says of one joint."""

    asked: float
    answered: float = 0.0
    says: tuple[float, ...] = ()


def watched(dataset: Path) -> tuple[list[Chunk], list[tuple[float, float]]]:
    """The chunks of a rollout that were used, and the joint's goals: seconds and units."""
    with tempfile.TemporaryDirectory() as folder, served(dataset, DELAY_MS) as address:
        log = Path(folder) / "log"
        subprocess.run(
            [
                *(sys.executable, "-c", ROLLOUT, str(log), "rollout", "--policy", address),
                *("--task", "Grab the paper box", "--hardware", "sim", "--seed", "88000"),
                *("--dataset", f"{folder}/rollouts", "--episodes", "1", "--episode-time", "12"),
            ],
            stdin=subprocess.DEVNULL,
            check=True,
        )
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    chunks: dict[int, Chunk] = {}
    sent: list[tuple[float, float]] = []
    for what, *words in lines:
        if what == "asked":
            chunks[words[0]] = Chunk(words[1])
        elif what == "answered":
            chunks[words[0]].answered, chunks[words[0]].says = words[1], tuple(words[2])
        elif what == "sent" and words[1] is not None:
            sent.append((words[0], words[1]))
    begun = sent[0][0]
    used = [each for each in chunks.values() if each.says and each.answered > begun]
    return used[:CHUNKS], [each for each in sent if each[0] <= used[CHUNKS - 1].answered + 1]


def picture(chunks: list[Chunk], sent: list[tuple[float, float]]) -> str:
    """The SVG: a lane a chunk, and the joint below."""
    first, last = chunks[0].asked, sent[-1][0]
    values = [value for chunk in chunks for value in chunk.says] + [each for _, each in sent]
    low, high = min(values), max(values)
    below = TOP + LANE * len(chunks) + 34

    def x(seconds: float) -> float:
        return LEFT + (min(max(seconds, first), last) - first) / (last - first) * (
            WIDTH - LEFT - 16
        )

    def y(value: float) -> float:
        return below + (high - value) / (high - low) * CURVE

    parts = []
    for place, chunk in enumerate(chunks):
        top = TOP + LANE * place
        until = chunks[place + 1].answered if place + 1 < len(chunks) else last
        blended = min(until, chunk.answered + BLENDED / FPS)
        end = chunk.asked + len(chunk.says) / FPS
        parts.append(f'<text x="8" y="{top + 14}">chunk {place + 1}</text>')
        for kind, begin, over in (
            ("computed", chunk.asked, chunk.answered),
            ("blended", chunk.answered, blended),
            ("executed", blended, until),
            ("unused", until, max(until, end)),
        ):
            width = x(over) - x(begin)
            parts.append(
                f'<rect class="{kind}" x="{x(begin):.1f}" y="{top}" width="{width:.1f}" '
                f'height="{LANE - 8}"/>'
            )
        says = [(chunk.asked + row / FPS, value) for row, value in enumerate(chunk.says)]
        says = [each for each in says if first <= each[0] <= last]
        parts.append(line("said", [(x(at), y(value)) for at, value in says]))
    parts.append(line("sent", [(x(at), y(value)) for at, value in sent if at >= first]))
    return framed(parts, below + CURVE + 34, last - first, x, first)


def line(kind: str, points: list[tuple[float, float]]) -> str:
    """A curve."""
    return f'<polyline class="{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


LEGEND = (
    ("computed", "asked for and computed"),
    ("blended", "joins, blended"),
    ("executed", "executed"),
    ("unused", "left when the next one joined"),
)
STYLE = """
text { font: 13px sans-serif; fill: #222 } .axis { stroke: #999 }
rect { rx: 2 } .ground { fill: #fff }
.computed { fill: #e8e8e8; stroke: #999; stroke-dasharray: 3 2 }
.blended { fill: #e69f00 } .executed { fill: #0072b2 } .unused { fill: none; stroke: #0072b2 }
polyline { fill: none } .said { stroke: #56b4e9; stroke-width: 1 }
.sent { stroke: #111; stroke-width: 2 }
"""


def framed(
    parts: list[str], height: float, seconds: float, x: Callable[[float], float], first: float
) -> str:
    """With a legend above, and below the seconds since the first chunk was asked for."""
    for place, (kind, words) in enumerate(LEGEND):
        left = LEFT + 190 * place
        parts.append(f'<rect class="{kind}" x="{left}" y="8" width="18" height="12"/>')
        parts.append(f'<text x="{left + 24}" y="19">{words}</text>')
    for second in range(int(seconds) + 1):
        at = x(first + second)
        parts.append(f'<line class="axis" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 4}" ')
        parts[-1] += f'y2="{height - 24:.0f}" opacity="0.4"/>'
        parts.append(f'<text x="{at - 6:.1f}" y="{height - 8:.0f}">{second} s</text>')
    parts.append(f'<text x="8" y="{height - CURVE - 50:.0f}">{NAME}: as sent (black), ')
    parts[-1] += "and as each chunk says it (blue)</text>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'role="img" aria-label="The life of {CHUNKS} chunks of a rollout">'
        f'<style>{STYLE}</style><rect class="ground" width="{WIDTH}" height="{height:.0f}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def main() -> int:
    """Watch a rollout and draw it."""
    PICTURE.write_text(picture(*watched(Path(sys.argv[1]))), encoding="utf-8")
    print(f"{PICTURE.name}: {PICTURE.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
