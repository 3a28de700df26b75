"""How a simulated shaft moves: what drives it, and what the world does to it. Counts, seconds."""

import math
from dataclasses import dataclass

RESPONSE_S = 0.04  # time constant of a position loop
SLUMP_COUNTS_S = 1500.0  # how fast a joint sinks when nothing holds it


@dataclass(slots=True)
class Surroundings:
    """What the world does to the shaft; every value in counts of the shaft.

    Attributes:
        hand: where a hand holds the shaft; None when no hand is there.
        slump: where gravity takes the shaft when nothing holds it; None when it stays.
        low, high: between these the shaft is free to move.
    """

    hand: float | None = None
    slump: float | None = None
    low: float = -math.inf
    high: float = math.inf


def track(
    position: float, goal: float, speed: float, elapsed: float, response_s: float = RESPONSE_S
) -> float:
    """Where a first-order position loop with a speed limit is after a time; exact for any step."""
    error = goal - position
    bend = speed * response_s  # below this error the speed limit no longer binds
    if abs(error) > bend:
        straight = (abs(error) - bend) / speed if speed > 0.0 else math.inf
        if straight >= elapsed:
            return position + math.copysign(speed * elapsed, error)
        elapsed -= straight
        error = math.copysign(bend, error)
    return goal - error * math.exp(-elapsed / response_s)


def approach(velocity: float, goal: float, elapsed: float) -> float:
    """Velocity after a time, when it goes for another by first order."""
    return goal + (velocity - goal) * math.exp(-elapsed / RESPONSE_S)


def sink(position: float, bottom: float, elapsed: float) -> float:
    """Where a joint that nothing holds is after a time, on its way to the bottom."""
    reach = SLUMP_COUNTS_S * elapsed
    return position + min(max(bottom - position, -reach), reach)
