"""What a quality gate says of a take: keep it, look at it, or redo it, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from lerecord.commands import command
from lerecord.errors import DatasetError


class Verdict(StrEnum):
    """What is to become of a take."""

    KEEP = "keep"
    LOOK = "look"  # something about it is worth a look
    REDO = "redo"  # nothing can mend it


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks against a take.

    Attributes:
        kind: what it is about, such as `frozen` or `idle_head`.
        verdict: how much it weighs.
        text: a sentence.
        trim: options of `lerecord edit trim` that would mend it; empty where that would not.
    """

    kind: str
    verdict: Verdict
    text: str
    trim: str = ""

    def said_of(self, root: Path, episode: int) -> str:
        """The sentence, and the command that would mend the episode."""
        if not self.trim:
            return self.text
        mend = command("edit", "trim", root, str(episode), *self.trim.split())
        return f"{self.text} {mend} cuts it off."

    def to_data(self) -> dict[str, Any]:
        """As JSON-able data."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The reason that `to_data` gave.

        Raises:
            KeyError, TypeError, ValueError: it is of another form.
        """
        kind, text, trim = data["kind"], data["text"], data.get("trim", "")
        if not all(isinstance(each, str) for each in (kind, text, trim)):
            raise TypeError("a reason is not told in words")
        return cls(kind, Verdict(data["verdict"]), text, trim)


def review_of(health: Mapping[str, Any]) -> tuple[Reason, ...] | None:
    """What was said of an episode when it was recorded; None where nobody looked.

    Raises:
        DatasetError: it is of another form.
    """
    if (found := health.get("review")) is None:
        return None
    try:
        return tuple(Reason.from_data(each) for each in found)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"A review in capture/health.jsonl is not of lerecord's form ({error}); restore the "
            f"file from a copy."
        ) from error


def verdict_of(reasons: Iterable[Reason]) -> Verdict:
    """The gravest of them; to keep it where nothing speaks against it."""
    order = list(Verdict)
    return max((each.verdict for each in reasons), key=order.index, default=Verdict.KEEP)


OF_LENGTH = frozenset({"idle_head", "idle_tail", "short", "long"})
"""Kinds that a trim may mend."""
