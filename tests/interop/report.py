"""A table of what was asked of a client, what came of it, and whether both sides agree."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_NAME_WIDTH = 30


class DisagreementError(Exception):
    """A client and the simulated servos do not say the same."""


def expect(what: str, seen: object, expected: object) -> None:
    """Raise DisagreementError unless what was seen is what was expected."""
    if seen != expected:
        raise DisagreementError(f"{what}: expected {expected!r}, saw {seen!r}")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a table: a name, and what does it and says in a few words what was seen."""

    name: str
    run: Callable[[], str]


def report(title: str, checks: Sequence[Check]) -> bool:
    """Run every check in order and print a line for each; True when all agree."""
    print(f"{title}\n{'-' * len(title)}")
    disagreeing = 0
    for check in checks:
        try:
            mark, seen = "agrees", check.run()
        except DisagreementError as disagreement:
            mark, seen = "DIFFERS", str(disagreement)
        except Exception as error:  # a client may fail in any way: the table goes on
            traceback.print_exc()
            mark, seen = "FAILS", f"{type(error).__name__}: {error}"
        disagreeing += mark != "agrees"
        print(f"{check.name:{_NAME_WIDTH}} {mark:8} {seen}", flush=True)
    print(f"{len(checks) - disagreeing} of {len(checks)} agree\n", flush=True)
    return disagreeing == 0
