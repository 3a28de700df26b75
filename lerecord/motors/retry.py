"""How often, and for how long, a servo is asked again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a transaction is tried.

    Attributes:
        attempts: tries, the first one included.
        budget_s: no further try starts when this much time has passed since the first.
    """

    attempts: int = 3
    budget_s: float = 0.03

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"a transaction is tried at least once, not {self.attempts} times")


NORMAL = Retry()


ONCE = Retry(attempts=1)
