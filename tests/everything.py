"""Every check there is, in the order in which they fail fastest; stops at the first failure."""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sysconfig.get_path("scripts"))
FILES_ONLY = (
    *("tests/dataset", "tests/hub", "tests/power"),
    *("tests/arms", "tests/bringup", "tests/config", "tests/motors", "tests/policy", "tests/ui"),
    *("tests/test_docs.py", "tests/test_environment.py", "tests/test_strangers.py"),
)
CHECKS = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("lint-imports",),
    ("mypy",),
    ("pytest", "-n", "2", "--dist", "worksteal", *FILES_ONLY),
    # What records is alone on the machine, as a recorder should be.
    ("pytest", *(f"--ignore={each}" for each in FILES_ONLY)),
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
