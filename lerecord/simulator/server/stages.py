"""Several stages beside each other, one a pair of arms, each with its own table, box and hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from lerecord.errors import ConfigError
from lerecord.simulator.faults import Faults, Rules
from lerecord.simulator.messages import Done, InjectedFaults, Ready, StagePhase, Truth
from lerecord.simulator.server.stage import BusWire, SightWire, Stage

_T = TypeVar("_T")


class Stages:
    """What a script plays on: it does the same on all, and is over when all are.

    Args:
        pairs: names of the pairs, such as "left" and "right"; one without a name is "".
        seed: of the first; each other has the next one.
        now: monotonic clock in seconds.
        faults: what fails; of a pair with a name, places are called "left_leader", "left_front".
        log: gets a line for each request; see `Stage`.
        rig: which arms there are, a name of RIGS.

    Raises:
        ConfigError: a rule is about a place that there is not.
    """

    def __init__(
        self,
        pairs: Sequence[str],
        seed: int,
        now: Callable[[], float],
        faults: Rules,
        log: Callable[[str], object] | None,
        rig: str,
    ) -> None:
        self._done: dict[str, Ready | Done] = {}
        _require_known(faults, pairs)
        self._stages = {
            pair: Stage(seed + at, now, Faults(_of(faults, pair)), _named(log, pair), rig)
            for at, pair in enumerate(pairs)
        }

    def buses(self) -> dict[str, BusWire]:
        """The servo buses by the arm's name."""
        return self._all({pair: stage.buses() for pair, stage in self._stages.items()})

    def sight(self, camera: str) -> SightWire:
        """What a camera looks through."""
        pair, view = pair_and_view(camera)
        return SightWire(self._stages[pair], view)

    def inject(self, rules: Rules | None) -> None:
        """Put more rules in force; None ends all that are. Raises ConfigError as at the start."""
        if rules is not None:
            _require_known(rules, tuple(self._stages))
        for pair, stage in self._stages.items():
            stage.inject(None if rules is None else _of(rules, pair))

    def injected(self) -> InjectedFaults:
        """What has failed so far."""
        told = {pair: stage.injected() for pair, stage in self._stages.items()}
        return InjectedFaults(
            self._all({pair: each.counts for pair, each in told.items()}),
            self._all({pair: each.spoiled for pair, each in told.items()}),
            self._all({pair: each.noise_bytes for pair, each in told.items()}),
        )

    def begin(self, phase: StagePhase) -> None:
        """Start a phase on all; what was under way ends where it is."""
        self._done.clear()
        for stage in self._stages.values():
            stage.begin(phase)

    def until_over(self) -> float | None:
        """Seconds until the phase is over somewhere; None when none is under way."""
        waits = [stage.until_over() for stage in self._stages.values()]
        return min((wait for wait in waits if wait is not None), default=None)

    def poll(self) -> Ready | Done | None:
        """What happened, once, when the phase is over on all."""
        for pair, stage in self._stages.items():
            if (event := stage.poll()) is not None:
                self._done[pair] = event
        if len(self._done) < len(self._stages):
            return None
        events, self._done = list(self._done.values()), {}
        done = [event for event in events if isinstance(event, Done)]
        if not done:
            return events[0]
        on_target = all(event.box_on_target for event in done)
        return Done(on_target, max(event.box_to_target_m for event in done))

    def truth(self) -> Truth:
        """How the first is now, with the joints of all, and whether all boxes are on target."""
        told = {pair: stage.truth() for pair, stage in self._stages.items()}
        first = next(iter(told.values()))
        return Truth(
            first.box,
            first.target,
            all(each.box_on_target for each in told.values()),
            self._all({pair: each.leader for pair, each in told.items()}),
            self._all({pair: each.follower for pair, each in told.items()}),
        )

    def _all(self, by_pair: Mapping[str, Mapping[str, _T]]) -> dict[str, _T]:
        return {
            place_of(pair, name): value
            for pair, each in by_pair.items()
            for name, value in each.items()
        }


def place_of(pair: str, name: str) -> str:
    """What an arm or a camera of a pair is called."""
    return f"{pair}_{name}" if pair else name


def pair_and_view(place: str) -> tuple[str, str]:
    """The inverse."""
    pair, _, name = place.rpartition("_")
    return pair, name


def _places(rules: Rules) -> list[str]:
    arms = [rule.arm for kind in (rules.wire, rules.servo, rules.port) for rule in kind]
    return [*arms, *(rule.name for rule in rules.camera)]


def _require_known(rules: Rules, pairs: Sequence[str]) -> None:
    for place in _places(rules):
        if pair_and_view(place)[0] not in pairs:
            known = ", ".join(place_of(pair, "leader") for pair in pairs)
            raise ConfigError(
                f"The faults name {place!r}, which this rig has not: its arms are called {known} "
                f"and so on."
            )


def _of(rules: Rules, pair: str) -> Rules:
    """The rules of a pair, as its stage knows its places."""

    def own(each: Sequence[Any], key: str) -> list[Any]:
        return [
            rule.model_copy(update={key: pair_and_view(getattr(rule, key))[1]})
            for rule in each
            if pair_and_view(getattr(rule, key))[0] == pair
        ]

    return rules.model_copy(
        update={
            "wire": own(rules.wire, "arm"),
            "servo": own(rules.servo, "arm"),
            "port": own(rules.port, "arm"),
            "camera": own(rules.camera, "name"),
        }
    )


def _named(log: Callable[[str], object] | None, pair: str) -> Callable[[str], object] | None:
    """A log whose lines name the arm with its pair."""
    if log is None or not pair:
        return log
    return lambda line: log(line.replace(" ", f" {pair}_", 1))
