"""What an examination says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact about a device or this computer.

    Attributes:
        subject: such as "main follower" or "this computer".
        fact: in words.
        remedy: what to do about it, empty when the fact says so itself; None when it is right.
    """

    subject: str
    fact: str
    remedy: str | None = None

    @property
    def is_right(self) -> bool:
        """Nothing needs to be done."""
        return self.remedy is None
