"""Datasets of v3.0 as LeRobot's own tools leave them, of one of v2.1 and its export.

    PYTHONPATH=. PLACE/bin/python tests/interop/lerobot_makes.py WHAT SOURCE OUT

PLACE is an environment with LeRobot 0.4.1 or later. WHAT is `converted` (SOURCE is of v2.1), or
`deleted`, `merged` or `appended` (SOURCE is of v3.0), or `recorded` (SOURCE is not looked at).
"""

import argparse
import os
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from lerobot.datasets.lerobot_dataset import LeRobotDataset

DELETED = (1,)


def converted(source: Path, out: Path) -> None:
    """By the converter, which works in place, keeps the original beside it, and has moved."""
    shutil.copytree(source, out, ignore=shutil.ignore_patterns(".lerecord"))
    try:
        converter = import_module("lerobot.scripts.convert_dataset_v21_to_v30")
        name, root = "local/made", out
    except ImportError:
        converter = import_module("lerobot.datasets.v30.convert_dataset_v21_to_v30")
        name, root = out.name, out.parent
    converter.convert_dataset(name, root=root, push_to_hub=False)
    shutil.rmtree(out.with_name(f"{out.name}_old"))


def deleted(source: Path, out: Path) -> None:
    """By `lerobot-edit-dataset`, which makes a new dataset."""
    tools = import_module("lerobot.datasets.dataset_tools")
    tools.delete_episodes(_opened(source), list(DELETED), output_dir=out, repo_id="local/made")


def merged(source: Path, out: Path) -> None:
    """By `lerobot-edit-dataset`: twice the same."""
    tools = import_module("lerobot.datasets.dataset_tools")
    each = _opened(source)
    tools.merge_datasets([each, _opened(source)], output_repo_id="local/made", output_dir=out)


def appended(source: Path, out: Path) -> None:
    """By the recorder."""
    filling = import_module("lerobot_import")
    shutil.copytree(source, out)
    writer = LeRobotDataset.resume("local/made", out, video_backend="pyav")
    filling.fill(writer, dict(writer.features), {"appended": 25, "more": 40})
    writer.finalize()


def recorded(source: Path, out: Path) -> None:
    """By the recorder, as it is set up for H.264."""
    filling = import_module("lerobot_import")
    filling.written(out, filling.ENCODERS["H.264, reordered"])


def _opened(root: Path) -> Any:
    return LeRobotDataset("local/source", root)


MAKERS: dict[str, Callable[[Path, Path], None]] = {
    each.__name__: each for each in (converted, deleted, merged, appended, recorded)
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=sorted(MAKERS))
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    MAKERS[given.what](given.source, given.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
