"""What the parts of the recording screen look like, each in its fuller and its shorter forms."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from lerecord.printable import shown
from lerecord.recording.recorder import CameraView
from lerecord.recording.session import Phase, PolicyHealth
from lerecord.ui.snapshot import JointView, QueueView, Snapshot
from lerecord.ui.terminal.folding import Part
from lerecord.ui.terminal.keys import hints

_LOOK = {
    Phase.RESETTING: ("○ RESET", "bold yellow"),
    Phase.CATCHING_UP: ("◐ CATCHING UP", "bold yellow"),
    Phase.RECORDING: ("● RECORDING", "bold white on red"),
    Phase.PAUSED: ("‖ PAUSED", "bold cyan"),
    Phase.ASKING: ("? KEEP THIS TAKE", "black on yellow"),
    Phase.CONFIRMING: ("? KEEP THIS SHORT TAKE", "black on yellow"),
    Phase.DRIVING: ("▶ DRIVING", "bold white on blue"),
    Phase.HOLDING: ("‖ HOLDING", "bold cyan"),
    Phase.DONE: ("✓ DONE", "bold green"),
}
_TROUBLE = ("▲ TROUBLE", "bold white on magenta")
_SIMULATED = (" SIMULATED ", "black on cyan")
_AROUND_BAR = 23  # columns for borders, numbers and gaps
_GAP = 3  # columns between cells
_TRACK, _FOLLOWER, _LEADER = ("─", "bright_black"), ("█", "blue"), ("○", "bold yellow")
_STALE_S = 0.2


def look(snapshot: Snapshot) -> tuple[str, str]:
    """Label and style of where the session stands; trouble comes before the phase."""
    return _TROUBLE if snapshot.trouble else _LOOK[snapshot.phase]


def plain(text: str, style: str = "") -> Text:
    """Text that may hold a stranger's words: neither markup nor escapes mean anything in it."""
    return Text(shown(text), style)


def headline(snapshot: Snapshot, width: int) -> Iterator[Part]:
    """Phase, episode and clock: on one line, or on two where it is too short."""
    label, style = look(snapshot)
    phase = Text(f" {label} ", style, overflow="ellipsis", no_wrap=True)
    episode = _episode(snapshot)
    clock = _clock(snapshot.elapsed_s, snapshot.limit_s)
    if len(phase) + len(episode) + len(clock) + 6 > width:
        yield Part(0, (phase,), cropped=True)
        rest = Text.assemble(" ", clock, "  ", episode)
        rest.overflow, rest.no_wrap = "ellipsis", True
        yield Part(2, (rest,))
        return
    line = Table.grid(expand=True, padding=(0, 2))
    for justify in ("left", "left", "right"):
        line.add_column(justify=justify, no_wrap=True)
    line.columns[1].ratio = 1
    line.add_row(phase, episode, clock)
    yield Part(0, (line,))


def _episode(snapshot: Snapshot) -> Text:
    count = "" if snapshot.episodes is None else f" ({snapshot.saved}/{snapshot.episodes} saved)"
    name = "" if snapshot.episode is None else f"episode {snapshot.episode}"
    text = Text()
    if snapshot.simulated:
        text.append(*_SIMULATED).append("  ")
    return text.append(f"{name}{' again' if snapshot.replaces else ''}{count}")


def _clock(elapsed_s: float, limit_s: float | None) -> Text:
    text = Text(_minutes(elapsed_s), style="bold")
    if limit_s is not None:
        text.append(f" / {_minutes(limit_s)}", style="dim")
    return text


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60:02d}:{seconds % 60:04.1f}"


def task(snapshot: Snapshot) -> Iterator[Part]:
    """What is done in the take that runs or comes next, and how far the queue is."""
    text = plain(f" {snapshot.task}", style="bold")
    text.overflow, text.no_wrap = "ellipsis", True
    queue = snapshot.queue
    yield Part(3 if queue is None else 2, (text,))
    if queue is not None:
        line = plain(f" {_progress(queue, snapshot.task)}")
        line.overflow, line.no_wrap = "ellipsis", True
        yield Part(3, (line,))


def _progress(queue: QueueView, task: str) -> str:
    told = [
        f"task {place} of {len(queue.tasks)}: {each.done} of {each.wanted} saved"
        for place, each in enumerate(queue.tasks, 1)
        if each.task == task
    ]
    told.append(f"all: {queue.done} of {queue.wanted}")
    if queue.then is not None and queue.then != task:
        told.append(f"then: {queue.then}")
    return "   ".join(told)


def loop(snapshot: Snapshot) -> Text:
    """How well the loop keeps its time."""
    slow = 0 < snapshot.rate_hz < 0.99 * snapshot.fps
    text = Text(" loop   ")
    text.append(f"{snapshot.rate_hz:5.2f} Hz", style="bold red" if slow else "green")
    text.append(f"   late {snapshot.lateness_p99_s * 1e3:.1f} ms (p99)   ")
    text.append(f"missed {snapshot.missed}", style="bold red" if snapshot.missed else "")
    return text


def policy(health: PolicyHealth) -> Text:
    """How well the policy keeps up."""
    text = Text(f" policy   answers in {health.latency_s * 1e3:.0f} ms   ")
    text.append(f"held {health.held_ticks} ticks", "bold red" if health.held_ticks else "")
    if health.dropped:
        text.append(f"   {health.dropped} dropped", "bold red")
    return text


def storage(snapshot: Snapshot, free_bytes: int) -> Text:
    """What of the take is kept, and the room for more."""
    text = Text(f" frames   {snapshot.rows}   disk {free_bytes / 1e9:.0f} GB left")
    if snapshot.saving:
        text.append(f"   saving {snapshot.saving}", style="cyan")
    return text


def cameras(views: Sequence[CameraView], width: int) -> tuple[RenderableType, ...]:
    """A camera a line; else several a line; else what is worst of them on one."""
    cells = [_camera(view) for view in views]
    table = Table.grid(padding=(0, _GAP))
    for cell in cells:
        table.add_row(*cell)
    if len(views) < 2:
        return (table,)
    short = [Text(" ").join(cell) for cell in cells]
    oldest = max(views, key=lambda view: view.age_s)
    line = plain(f" {len(views)} cameras, oldest image {oldest.age_s * 1e3:.0f} ms: {oldest.name}")
    line.stylize("bold red" if oldest.age_s > _STALE_S else "")
    line.overflow, line.no_wrap = "ellipsis", True
    return (table, side_by_side(short, width), line)


def _camera(view: CameraView) -> tuple[Text, Text, Text]:
    rate = "--" if view.fps is None else f"{view.fps:.1f}"
    behind = f"  {view.behind} to encode" if view.behind > 1 else ""
    return (
        plain(f" {view.name}"),
        Text(f"{rate} fps", style="green" if view.fps else ""),
        Text(
            f"age {view.age_s * 1e3:4.0f} ms{behind}",
            style="bold red" if view.age_s > _STALE_S else "",
        ),
    )


def side_by_side(cells: Sequence[Text], width: int) -> Table:
    """As many cells a line as fit, the first ones below each other."""
    widest = max(map(len, cells))
    columns = max(1, (width + _GAP) // (widest + _GAP))
    lines = math.ceil(len(cells) / columns)
    table = Table.grid(padding=(0, _GAP, 0, 0))
    for first in range(lines):
        table.add_row(*cells[first::lines])
    return table


def joints(snapshot: Snapshot, width: int) -> tuple[RenderableType, ...]:
    """Bars; else only numbers, several joints a line; else the joint that is farthest off."""
    views = snapshot.joints
    if not views:
        return (_bars(snapshot, width),)
    longest = max(len(shown(view.name)) for view in views)
    cells = [
        plain(f" {shown(view.name):{longest}} ○{view.leader:z6.1f} █{view.follower:z6.1f}")
        for view in views
    ]
    off = max(views, key=lambda view: abs(view.leader - view.follower))
    line = plain(f" farthest off: {off.name} by {abs(off.leader - off.follower):.1f}")
    line.overflow, line.no_wrap = "ellipsis", True
    return (_bars(snapshot, width), side_by_side(cells, width), line)


def _bars(snapshot: Snapshot, width: int) -> Table:
    source = snapshot.source
    longest = max((len(shown(joint.name)) for joint in snapshot.joints), default=0)
    bar_width = max(10, width + 4 - longest - _AROUND_BAR)
    table = Table.grid(padding=(0, 1))
    for justify in ("left", "right", "left", "right"):
        table.add_column(justify=justify, no_wrap=True)
    heads = (" joint", source, f"○ {source}  █ follower", "follower")
    table.add_row(*(Text(head, style="dim") for head in heads))
    for joint in snapshot.joints:
        table.add_row(
            plain(f" {joint.name}"),
            f"{joint.leader:z7.1f}",
            _bar(joint, bar_width),
            f"{joint.follower:z8.1f}",
        )
    return table


def _bar(joint: JointView, width: int) -> Text:
    """The follower as a bar from the middle of the range, the leader as a mark on it."""

    def place(value: float) -> int:
        share = (value - joint.low) / (joint.high - joint.low)
        return min(width - 1, max(0, int(share * width)))

    low, high = sorted((place(max(joint.low, 0.0)), place(joint.follower)))
    cells = [_FOLLOWER if low <= column <= high else _TRACK for column in range(width)]
    cells[place(joint.leader)] = _LEADER
    runs = ((cell, len(list(run))) for cell, run in groupby(cells))
    return Text.assemble(*((character * length, style) for (character, style), length in runs))


def message(snapshot: Snapshot, width: int) -> Iterator[Part]:
    """The trouble for as long as it lasts, and the last thing worth a sentence."""
    if not (snapshot.trouble or snapshot.notice):
        yield Part.blank(8)
    if snapshot.trouble:
        yield Part(1, (_said(snapshot.trouble, "bold magenta", width),), cropped=True)
    if snapshot.notice and snapshot.notice != snapshot.trouble:
        rank = 2 if snapshot.trouble else 1
        yield Part(rank, (_said(snapshot.notice, "bold yellow", width),), cropped=True)


def _said(sentence: str, style: str, width: int) -> Text:
    """A sentence on as many lines as it takes, all of them indented alike."""
    wrapped = plain(sentence, style).wrap(Console(width=width), max(1, width - 2))
    return Text("\n").join(Text(" ").append(line) for line in wrapped)


def keys(snapshot: Snapshot, width: int) -> Text:
    """The keys, on as many lines as they need; none is torn from its meaning."""
    text, used = Text(overflow="crop"), 0
    kind = snapshot.rollout, snapshot.taught, snapshot.queue is not None
    for key, meaning in hints(snapshot.phase, snapshot.saves > 0, *kind):
        needed = len(key) + len(meaning) + 6
        if used and used + needed > width:
            text.append("\n")
            used = 0
        text.append(" ").append(f" {key} ", style="reverse").append(f" {meaning}  ")
        used += needed
    return text
