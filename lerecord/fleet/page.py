"""The status of a fleet as one HTML page that needs nothing else: no script, font or network."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from lerecord.fleet.status import HEALTH, DatasetStatus, FleetStatus
from lerecord.printable import shown

_WIDTH, _BAR, _LABELS = 720, 22, 260
_COLOURS = {"good": "#2e7d4f", "remarked": "#c98a1b", "salvaged": "#6b7fd7", "not known": "#9aa0a6"}
_MOST_BARS = 30
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>lerecord fleet</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;
color:#1c1e21;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;text-align:left;
border-bottom:1px solid #e3e5e8;vertical-align:top}td.n,th.n{text-align:right}
.trouble{color:#a3241a}svg text{font:13px system-ui,sans-serif;fill:currentColor}
@media (prefers-color-scheme:dark){body{color:#e6e8ea;background:#17191c}
td,th{border-color:#33373c}.trouble{color:#ff8a80}}
</style></head><body>
"""
_COLUMNS = ("Dataset", "Rig", "Tasks", "Episodes", "Hours", "Health", "Labels", "Size", "Changed")
_OF_NUMBERS = ("Episodes", "Hours", "Size")


def status_page(status: FleetStatus) -> str:
    """The page.

    Args:
        status: what was found.
    """
    return "".join(
        (
            _HEAD,
            f"<h1>{_told(status)}</h1>\n",
            _list("Could not be read", map(str, status.troubles), "trouble"),
            _list("Gone since the last look", map(str, status.gone), "trouble"),
            _bars("Hours per station", _hours(status.datasets), "#3b6fb6"),
            _bars("Episodes per task", _tasks(status.datasets), "#7a5aa6"),
            _health(status.datasets),
            _table(status.datasets),
            "</body></html>\n",
        )
    )


def _told(status: FleetStatus) -> str:
    episodes = sum(each.episodes for each in status.datasets)
    hours = sum(each.seconds for each in status.datasets) / 3600
    return f"{len(status.datasets)} datasets, {episodes} episodes, {hours:.1f} hours"


def _safe(text: str) -> str:
    return escape(shown(text))


def _list(title: str, lines: Iterable[str], kind: str) -> str:
    items = "".join(f'<li class="{kind}">{_safe(each)}</li>' for each in lines)
    return f"<h2>{title}</h2><ul>{items}</ul>\n" if items else ""


def _hours(datasets: Sequence[DatasetStatus]) -> Mapping[str, float]:
    hours: Counter[str] = Counter()
    for each in datasets:
        hours[each.station] += each.seconds / 3600  # type: ignore[assignment]
    return hours


def _tasks(datasets: Sequence[DatasetStatus]) -> Mapping[str, float]:
    tasks: Counter[str] = Counter()
    for each in datasets:
        tasks.update(each.tasks)
    return tasks


def _bars(title: str, values: Mapping[str, float], colour: str) -> str:
    """A bar each, the longest first; what is beyond the most is added up in the last one."""
    ranked = sorted(values.items(), key=lambda each: (-each[1], each[0]))
    if rest := ranked[_MOST_BARS:]:
        ranked = [*ranked[:_MOST_BARS], (f"{len(rest)} more", sum(value for _, value in rest))]
    longest = max((value for _, value in ranked), default=0) or 1
    rows = [
        _row(place, name, [(value / longest, colour)], f"{value:.4g}")
        for place, (name, value) in enumerate(ranked)
    ]
    return _drawing(title, rows)


def _health(datasets: Sequence[DatasetStatus]) -> str:
    """A bar a station, in parts by health."""
    counts: dict[str, Counter[str]] = {}
    for each in datasets:
        counts.setdefault(each.station, Counter()).update(each.health)
    rows = []
    for place, (station, kinds) in enumerate(sorted(counts.items())):
        total = sum(kinds.values()) or 1
        parts = [(kinds[name] / total, _COLOURS[name]) for name in HEALTH if kinds[name]]
        said = ", ".join(f"{kinds[name]} {name}" for name in HEALTH if kinds[name])
        rows.append(_row(place, station, parts, said))
    return _drawing("Health of episodes", rows)


def _row(place: int, name: str, parts: Sequence[tuple[float, str]], said: str) -> str:
    top = place * _BAR
    room = _WIDTH - _LABELS - 180
    drawn, left = [], float(_LABELS)
    for share, colour in parts:
        drawn.append(
            f'<rect x="{left:.1f}" y="{top + 3}" width="{share * room:.1f}" '
            f'height="{_BAR - 6}" fill="{colour}"/>'
        )
        left += share * room
    short = name if len(name) <= 36 else f"{name[:33]}..."
    return (
        f'<text x="0" y="{top + 16}">{_safe(short)}</text>{"".join(drawn)}'
        f'<text x="{left + 6:.1f}" y="{top + 16}">{_safe(said)}</text>'
    )


def _drawing(title: str, rows: Sequence[str]) -> str:
    if not rows:
        return ""
    size = f'width="{_WIDTH}" height="{len(rows) * _BAR}"'
    return f'<h2>{title}</h2><svg role="img" aria-label="{title}" {size}>{"".join(rows)}</svg>\n'


def _table(datasets: Sequence[DatasetStatus]) -> str:
    head = "".join(
        f"<th{' class=n' if name in _OF_NUMBERS else ''}>{name}</th>" for name in _COLUMNS
    )
    rows = "".join(map(_table_row, datasets))
    return f"<h2>Datasets</h2><table><tr>{head}</tr>\n{rows}</table>\n"


def _table_row(each: DatasetStatus) -> str:
    simulated = " (simulated)" if each.simulated else ""
    change = ", ".join(filter(None, (each.change, "recording" if each.recording else "")))
    cells = (
        ("", str(each.dataset)),
        ("", f"{each.robot_type or 'not named'}{simulated}"),
        ("", "; ".join(f"{count} x {task}" for task, count in each.tasks.items())),
        ("n", str(each.episodes)),
        ("n", f"{each.seconds / 3600:.2f}"),
        ("", ", ".join(f"{count} {name}" for name, count in each.health.items())),
        ("", ", ".join(f"{count} {name}" for name, count in each.labels.items())),
        ("n", f"{each.disk_bytes / 1e6:.1f} MB"),
        ("", change),
    )
    tags = "".join(
        f"<td{f' class={kind}' if kind else ''}>{_safe(text)}</td>" for kind, text in cells
    )
    return f"<tr>{tags}</tr>\n"
