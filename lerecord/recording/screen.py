"""The recording screen, drawn by a process of its own: it may die without hurting anything."""

from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lerecord.printable import shown
from lerecord.recording.child import ignore_signals, messages
from lerecord.recording.operator import Phase
from lerecord.recording.snapshot import CameraView, JointView, Snapshot

_LOOK = {
    Phase.RESETTING: ("○ RESET", "bold yellow"),
    Phase.CATCHING_UP: ("◐ CATCHING UP", "bold yellow"),
    Phase.RECORDING: ("● RECORDING", "bold white on red"),
    Phase.PAUSED: ("‖ PAUSED", "bold cyan"),
    Phase.ASKING: ("? KEEP THIS TAKE", "bold black on yellow"),
    Phase.DONE: ("✓ DONE", "bold green"),
}
_KEYS = {
    Phase.RESETTING: (("Enter", "start"), ("r", "redo the last"), ("p", "pause"), ("q", "quit")),
    Phase.CATCHING_UP: (("r", "redo the last"), ("p", "pause"), ("q", "quit")),
    Phase.RECORDING: (("Enter", "save"), ("r", "redo"), ("q", "quit")),
    Phase.PAUSED: (("Enter", "go on"), ("q", "quit")),
    Phase.ASKING: (("s", "save it"), ("d", "discard it"), ("q", "leave it to salvage")),
    Phase.DONE: (),
}
_AROUND_BAR = 23  # columns for borders, numbers and gaps
_TRACK, _FOLLOWER, _LEADER = ("─", "bright_black"), ("█", "blue"), ("○", "bold yellow")
_STALE_S = 0.2


def draw(snapshot: Snapshot, width: int) -> RenderableType:
    """The whole screen for one snapshot, for a terminal of that many columns."""
    label, style = _LOOK[snapshot.phase]
    body: list[RenderableType] = [
        _headline(snapshot, label, style),
        Text(shown(f" {snapshot.task}"), style="bold", overflow="ellipsis", no_wrap=True),
        Text(),
        _loop(snapshot),
        _cameras(snapshot.cameras),
        _storage(snapshot),
        Text(),
        _joints(snapshot.joints, width),
        Text(),
        _plain(f" {snapshot.notice}", style="bold yellow"),
        _keys(snapshot.phase),
    ]
    return Panel(
        Group(*body),
        title=_plain(f"lerecord · {snapshot.robot}{' (simulated)' if snapshot.simulated else ''}"),
        subtitle=_plain(snapshot.dataset),
        border_style=style.removeprefix("bold ").split(" on ")[-1],
    )


def _plain(text: str, style: str = "") -> Text:
    """Text that may hold a stranger's words: neither markup nor escapes mean anything in it."""
    return Text(shown(text), style)


def _headline(snapshot: Snapshot, label: str, style: str) -> RenderableType:
    line = Table.grid(expand=True, padding=(0, 2))
    for justify in ("left", "left", "right"):
        line.add_column(justify=justify, no_wrap=True)
    line.columns[1].ratio = 1
    count = "" if snapshot.episodes is None else f" ({snapshot.saved}/{snapshot.episodes} saved)"
    line.add_row(
        Text(f" {label} ", style=style),
        f"episode {snapshot.episode}{' again' if snapshot.replaces else ''}{count}",
        _clock(snapshot.elapsed_s, snapshot.limit_s),
    )
    return line


def _clock(elapsed_s: float, limit_s: float | None) -> Text:
    text = Text(_minutes(elapsed_s), style="bold")
    if limit_s is not None:
        text.append(f" / {_minutes(limit_s)}", style="dim")
    return text


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60:02d}:{seconds % 60:04.1f}"


def _loop(snapshot: Snapshot) -> Text:
    slow = 0 < snapshot.rate_hz < 0.99 * snapshot.fps
    text = Text(" loop   ")
    text.append(f"{snapshot.rate_hz:5.2f} Hz", style="bold red" if slow else "green")
    text.append(f"   late {snapshot.lateness_p99_s * 1e3:.1f} ms (p99)   ")
    text.append(f"missed {snapshot.missed}", style="bold red" if snapshot.missed else "")
    return text


def _storage(snapshot: Snapshot) -> Text:
    text = Text(f" rows   {snapshot.rows}   disk {snapshot.disk_free_bytes / 1e9:.0f} GB left")
    if snapshot.saving:
        text.append(f"   saving {snapshot.saving}", style="cyan")
    return text


def _cameras(cameras: tuple[CameraView, ...]) -> Table:
    table = Table.grid(padding=(0, 3))
    for camera in cameras:
        stale = camera.age_s > _STALE_S
        rate = "--" if camera.fps is None else f"{camera.fps:5.1f}"
        behind = f"  {camera.behind} to encode" if camera.behind > 1 else ""
        table.add_row(
            _plain(f" {camera.name}"),
            Text(f"{rate} fps", style="green" if camera.fps else ""),
            Text(f"age {camera.age_s * 1e3:4.0f} ms{behind}", style="bold red" if stale else ""),
        )
    return table


def _joints(joints: tuple[JointView, ...], width: int) -> Table:
    longest = max((len(shown(joint.name)) for joint in joints), default=0)
    bar_width = max(10, width - longest - _AROUND_BAR)
    table = Table.grid(padding=(0, 1))
    for justify in ("left", "right", "left", "right"):
        table.add_column(justify=justify, no_wrap=True)
    heads = (" joint", "leader", "○ leader  █ follower", "follower")
    table.add_row(*(Text(head, style="dim") for head in heads))
    for joint in joints:
        table.add_row(
            _plain(f" {joint.name}"),
            f"{joint.leader:7.1f}",
            _bar(joint, bar_width),
            f"{joint.follower:8.1f}",
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


def _keys(phase: Phase) -> Text:
    text = Text(" ")
    for key, meaning in _KEYS[phase]:
        text.append(f" {key} ", style="reverse")
        text.append(f" {meaning}   ")
    return text


def main() -> None:
    """Draw the newest snapshot of those that come in on stdin, until it ends."""
    ignore_signals()
    console = Console()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        for message in messages():
            snapshot = Snapshot.from_json(dict(message))
            live.update(draw(snapshot, console.width), refresh=True)


if __name__ == "__main__":
    main()
