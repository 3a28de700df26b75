"""Everything with the real LeRobot, in one command; it stops at the first that does not agree.

    python -m tests.interop.everything PLACE FOLDER

PLACE keeps the environments, lerobot-0.3.3, lerobot-0.4.1 and lerobot-0.6.1: they are built unless
they are there, and are some 15 GB. FOLDER must not exist; the datasets stay in it. LeRobot's
fastest decoder, torchcodec, needs FFmpeg's shared libraries (Debian: `apt-get install ffmpeg`).
"""

import argparse
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path("tests") / "interop"
OLD, MIDDLE, NEW = "0.3.3", "0.4.1", "0.6.1"
EPISODES = 3

Command = tuple[str | Path, ...]


def build(place: Path, version: str) -> Iterator[Command]:
    """Nothing, when the environment can do what it is for."""
    python = place / "bin" / "python"
    asked = (
        "from importlib.metadata import version as v;"
        "print(v('lerobot'), v('torchcodec'), v('lazy-loader'))"
    )
    if python.exists():
        found = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)
        if found.stdout.split()[:1] == [version]:
            return
    yield ("bash", HERE / "build_lerobot.sh", version, place)


def commands(places: Path, folder: Path) -> Iterator[Command]:
    old, middle, new = (places / f"lerobot-{version}" for version in (OLD, MIDDLE, NEW))
    for place, version in ((old, OLD), (middle, MIDDLE), (new, NEW)):
        yield from build(place, version)
    lerecord = Path(sysconfig.get_path("scripts")) / "lerecord"
    box, imports = folder / "box", folder / "imports"
    takes = ("--task", "Grab the paper box", "--episodes", str(EPISODES))
    yield (lerecord, *takes, "--dataset", box)
    yield (lerecord, "check", box)

    def in_lerobot(place: Path, script: str, *arguments: str | Path) -> Command:
        return (place / "bin" / "python", HERE / script, *arguments)

    yield in_lerobot(old, "lerobot_reader.py", box)
    yield (sys.executable, "-m", "tests.interop.append_lerobot", old, folder / "trash")
    yield (sys.executable, "-m", "tests.interop.going_on", "v2.1", old, box, folder / "on")
    yield in_lerobot(old, "lerobot_reader.py", folder / "on", "--brief")
    yield (sys.executable, "-m", "tests.interop.edit_lerobot", old, folder / "edited")
    for place, shapes in ((old, "shapes"), (new, "newer shapes")):
        yield in_lerobot(place, "lerobot_shapes.py", folder / shapes)
        yield in_lerobot(place, "lerobot_metadata.py")
    yield in_lerobot(new, "lerobot_v30.py", box)
    yield (sys.executable, "-m", "tests.interop.labels", box, folder / "labelled")
    yield in_lerobot(old, "lerobot_reader.py", folder / "labelled", "--brief")
    yield in_lerobot(new, "lerobot_v30.py", folder / "labelled")
    yield in_lerobot(new, "lerobot_import.py", box, imports)
    yield in_lerobot(old, "lerobot_reader.py", imports / "theirs, as it is", "--brief")
    yield (sys.executable, "-m", "tests.interop.newer", middle, new, box, folder / "newer")
    yield (sys.executable, "-m", "tests.interop.going_on", "v3.0", new, box, folder / "back")
    yield in_lerobot(new, "lerobot_v30.py", folder / "back")
    for place in (old, new):
        yield in_lerobot(place, "lerobot_speed.py", box)
    for arms in ("koch", "so101"):
        yield (sys.executable, "-m", f"tests.interop.lerobot_{arms}", new / "bin" / "python")
    yield (sys.executable, "-m", "tests.interop.lerobot_bridge", new / "bin" / "python")
    pythons = [place / "bin" / "python" for place in (old, new)]
    yield (sys.executable, "-m", "tests.interop.lerobot_units", *pythons)
    yield (sys.executable, "-m", "tests.interop.sts", places / "sts")
    yield (sys.executable, "-m", "tests.interop.from_the_box", new / "bin" / "python")


def shown(command: Command, places: Path, folder: Path) -> str:
    """A command as it is told: the same wherever the folders lie."""
    words = [str(each) for each in command]
    for path, name in ((places, "PLACE/"), (folder, "FOLDER/"), (ROOT, "")):
        words = [each.replace(f"{path}/", name) for each in words]
    return " ".join(f"'{each}'" if " " in each else each for each in words)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("place", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    places, folder = given.place.absolute(), given.folder.absolute()
    folder.mkdir(parents=True)
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    for command in commands(places, folder):
        print(f"$ {shown(command, places, folder)}", flush=True)
        done = subprocess.run(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
