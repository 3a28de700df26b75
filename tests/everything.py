"""Every check there is, in the order in which they fail fastest; stops at the first failure."""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sysconfig.get_path("scripts"))
ALONE = ("tests/bench", "tests/recording", "tests/simulator/server")
"""What records for long, and so is alone on the machine, as a recorder should be, and what uses the
makers' own clients, which give up after a twentieth of a second."""

WORKERS = 3
"""What records waits for the clock most of the time: three keep two cores busy."""

CHECKS = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("lint-imports",),
    ("mypy",),
    ("pytest", "-n", str(WORKERS), "--dist", "worksteal", *(f"--ignore={each}" for each in ALONE)),
    ("pytest", *ALONE),
)


def main() -> int:
    for name, *arguments in CHECKS:
        print(f"\n$ {name} {' '.join(arguments)}", flush=True)
        status = subprocess.run([SCRIPTS / name, *arguments], cwd=ROOT, check=False).returncode
        if status != 0:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
