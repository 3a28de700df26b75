"""The dataset card: what people, and the Hub's viewer, see of a dataset first."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from lerecord.dataset.format import (
    LABEL_FEATURES,
    HardwareRecord,
    Label,
    cameras_of,
    hardware_record,
    has_labels,
    label_of,
    layout,
    read_annotations,
)
from lerecord.dataset.storage import Snapshot
from lerecord.hub.markdown import Markdown, code, table, written, yaml_string

MARK = b"<!-- Written by lerecord; without this line a push lets the card be. -->"

_PREVIEW = 20  # episodes that are listed


def card(snapshot: Snapshot, name: str, tag: str, license_: str = "") -> bytes:
    """README.md of a dataset's repository.

    Args:
        snapshot: the dataset, of v2.1 whatever layout is pushed.
        name: the heading.
        tag: the version that readers ask for.
        license_: its identifier; empty for none.
    """
    parts = [
        _front_matter(snapshot, license_),
        f"# {written(name)}\n",
        MARK.decode() + "\n",
        _summary(snapshot, tag),
        "## Tasks\n",
        _tasks(snapshot),
        "## Features\n",
        _features(snapshot),
        *_label_columns(snapshot),
        "## Hardware\n",
        _hardware(snapshot),
        "## Episodes\n",
        _episodes(snapshot),
    ]
    return "\n".join(parts).encode()


def _front_matter(snapshot: Snapshot, license_: str) -> str:
    tags = ["LeRobot", "lerecord", *_robot(snapshot)]
    if _rig(snapshot).simulated:
        tags.append("simulated")
    # The viewer finds rows by `configs`.
    chosen = f"license: {yaml_string(license_)}\n" if license_ else ""
    listed = "\n".join(f"- {yaml_string(tag)}" for tag in tags)
    return (
        f"---\n{chosen}task_categories:\n- robotics\ntags:\n{listed}\n"
        "configs:\n- config_name: default\n  data_files: data/*/*.parquet\n---\n"
    )


def _summary(snapshot: Snapshot, tag: str) -> str:
    info = snapshot.info
    simulated = " (simulated)" if _rig(snapshot).simulated else ""
    return table(
        ("", ""),
        [
            ("robot", Markdown("".join(map(code, _robot(snapshot))) + simulated or "not known")),
            ("fps", info.fps),
            ("episodes", info.episodes),
            ("frames", info.frames),
            ("length", timedelta(seconds=round(info.frames / info.fps))),
            ("tasks", info.tasks),
            *_outcomes(snapshot),
            ("LeRobot format", tag),
        ],
    )


def _outcomes(snapshot: Snapshot) -> list[tuple[str, str]]:
    counts = Counter(label.choice for label in _labels(snapshot).values())
    if not (judged := counts["success"] + counts["failure"]):
        return []
    return [("successes", f"{counts['success']} of {judged} labelled episodes")]


def _tasks(snapshot: Snapshot) -> str:
    counts = Counter(task for record in snapshot.episodes() for task in record.tasks)
    tasks = snapshot.tasks().values()
    return table(("task", "episodes"), [(task, counts[task]) for task in tasks])


def _features(snapshot: Snapshot) -> str:
    return table(
        ("feature", "type", "shape", "names"),
        [
            (code(key), each.dtype, Markdown(list(each.shape)), ", ".join(each.names))
            for key, each in snapshot.info.features.items()
        ],
    )


def _label_columns(snapshot: Snapshot) -> list[str]:
    """What the columns mean that follow from labels; of another recorder nobody knows."""
    if not has_labels(snapshot.info.features) or snapshot.meta[layout.HARDWARE] is None:
        return []
    names = ", ".join(map(code, LABEL_FEATURES))
    return [
        f"The columns {names} follow from the label of an episode: its last frame says 1, true, "
        "true for a success and 0, true, false for a failure. Every other frame, and every frame "
        "of an episode without a label, says 0 and false.\n"
    ]


def _hardware(snapshot: Snapshot) -> str:
    if snapshot.meta[layout.HARDWARE] is None:
        return (
            "It is not known: another recorder made this dataset, and it has no "
            f"`{layout.HARDWARE}`.\n"
        )
    rig = _rig(snapshot)
    servos = [(each.pair, each.role, _list(each.models), _list(each.ids)) for each in rig.servos()]
    cameras = [
        (camera.name, f"{camera.width} x {camera.height}", rig.rotation(camera.name))
        for camera in cameras_of(snapshot.info)
    ]
    return "\n".join(
        [
            table(("arms", "role", "servo models", "servo ids"), servos),
            table(("camera", "recorded size", "rotation"), cameras),
            f"The whole config, with the calibration, is in `{layout.HARDWARE}`.\n",
        ]
    )


def _list(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _episodes(snapshot: Snapshot) -> str:
    records, fps = snapshot.episodes(), snapshot.info.fps
    labels = _labels(snapshot)
    rows = [
        (
            record.index,
            "; ".join(record.tasks),
            record.length,
            f"{record.length / fps:.1f}",
            *(_told(labels.get(record.index, Label())) if labels else ()),
        )
        for record in records[:_PREVIEW]
    ]
    more = len(records) - len(rows)
    rest = f"\nAnd {more} more, in `{layout.EPISODES}`.\n" if more else ""
    further = ("label", "note") if labels else ()
    return table(("episode", "task", "rows", "seconds", *further), rows) + rest


def _labels(snapshot: Snapshot) -> dict[int, Label]:
    """Of the episodes that have one."""
    kept = read_annotations(snapshot.meta.__getitem__)
    return {episode: label_of(each) for episode, each in kept.items() if "label" in each}


def _told(label: Label) -> tuple[str, str]:
    return ("" if label.success is None else label.choice, label.note)


def _rig(snapshot: Snapshot) -> HardwareRecord:
    """What is known of the rig; nothing of another recorder's."""
    return hardware_record(snapshot.meta[layout.HARDWARE] or b"{}")


def _robot(snapshot: Snapshot) -> list[str]:
    """Its type, in a list; LeRobot lets it be null."""
    robot: str | None = snapshot.info.robot_type
    return [] if robot is None else [robot]
