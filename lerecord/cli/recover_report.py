"""`lerecord recover`, as a person or a program reads it: what is asked and what is said."""

import sys
import termios
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from lerecord.cli.output import Output
from lerecord.counted import counted
from lerecord.dataset.staging import LeftTake
from lerecord.dataset.write import Place, Recovered, TakePlace, its_own
from lerecord.dataset.write import recover as recovered
from lerecord.printable import shown


def recover(root: Path, discard_all: bool, redone: TakePlace | None, output: Output) -> int:
    """Keep what was left, or ask at a terminal, and say what became of it; the exit status.

    Args:
        root: the dataset.
        discard_all: remove what was left instead.
        redone: where takes go that were to replace an episode; None asks at a terminal, and puts
            the complete ones in their place without one.
        output: says what became of it.

    Raises:
        DatasetError: there is no dataset, another process has it, or the disk refuses.
    """
    takes: list[Recovered] = []

    def tell(take: Recovered) -> None:
        takes.append(take)
        if take.outcome == "failed":
            output.note(_said(take))
        else:
            output.line(_said(take))

    episodes = recovered(root, _chooser(discard_all, redone), tell)
    output.result(
        {"dataset": root, "episodes": episodes, "takes": [asdict(take) for take in takes]},
        [
            f"{root}: nothing to recover."
            if episodes is None
            else f"{root} has {counted(episodes, 'episode')}."
        ],
    )
    return 2 if any(take.outcome == "failed" for take in takes) else 0


def _chooser(discard_all: bool, redone: TakePlace | None) -> Place | None:
    if discard_all:
        return None
    if redone is not None:
        return lambda _: redone
    return _place if sys.stdin.isatty() and sys.stdout.isatty() else its_own


_NEW: dict[str, TakePlace | None] = {"keep": "its own", "discard": None}
_REDONE: dict[str, TakePlace | None] = {
    "replace": "replace",
    "append": "append",
    "discard": None,
}


def _place(left: LeftTake) -> TakePlace | None:
    """Where the operator wants a take; None to discard it."""
    lost = f'{left.id}: {left.seconds:.1f} s of "{left.task}"'
    if left.replaces is None:
        question, answers = f"{lost} were never saved. (k)eep or (d)iscard? ", _NEW
    else:
        question, answers = (
            f"{lost} were to replace episode {left.replaces}. (r)eplace it, (a)ppend a new "
            f"episode or (d)iscard? ",
            _REDONE,
        )
    while True:
        try:
            _forget_what_is_typed()
            answer = input(shown(question)).strip().lower()
        except EOFError:
            return "its own"
        for name, place in answers.items():
            if answer in (name, name[0]):
                return place


def _forget_what_is_typed() -> None:
    """Keys that were pressed before the question was asked are no answer to it."""
    with suppress(termios.error, OSError):  # it is no terminal
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _said(take: Recovered) -> str:
    if take.outcome == "failed":
        return f"{take.take}: {take.failure}"
    if take.outcome == "discarded":
        length = "" if take.frames is None else f", {counted(take.frames, 'frame')}"
        return f"{take.take}: discarded{length}."
    if take.episode is None:
        return f"{take.take}: discarded, because it had just started."
    episode, replaced = take.episode, " replaced" if take.outcome == "replaced" else ""
    return (
        f"{take.take}: episode {episode.index}{replaced}, {episode.length} of {take.frames} "
        f"frames, {episode.seconds:.1f} s, {episode.task}"
    )
