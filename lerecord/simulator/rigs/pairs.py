"""The pairs of arms that are simulated, by the name of their driver."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lerecord.simulator.rigs import koch, so101
from lerecord.simulator.rigs.arm import Arm


@dataclass(frozen=True, slots=True)
class Rig:
    """Makes the arms of a pair, folded and just powered."""

    leader: Callable[[], Arm[Any]]
    follower: Callable[[], Arm[Any]]


RIGS: Mapping[str, Rig] = {
    "koch": Rig(koch.leader, koch.follower),
    "so101": Rig(so101.leader, so101.follower),
}
