"""Rules of faults in force: what fails now, and how often it has failed."""

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lerecord.simulator.faults.rules import (
    CAMERA_FAULTS,
    RESTART_S,
    CameraFault,
    CameraRule,
    PortRule,
    Rules,
    ServoRule,
    WireRule,
)
from lerecord.simulator.messages import InjectedFaults


class Spell:
    """The time in which a rule holds.

    Args:
        at_s: when it begins, on the clock of its rules.
        for_s: how long it lasts; None for ever.
        origin: when that clock began; None when it has not yet.
    """

    def __init__(self, at_s: float, for_s: float | None, origin: float | None) -> None:
        self.origin = origin
        self._from_s = at_s
        self._until_s = math.inf if for_s is None else at_s + for_s
        self._told = False

    def holds(self, now: float) -> bool:
        """True from its begin to its end."""
        return self.origin is not None and self._from_s <= now - self.origin < self._until_s

    def begins(self, now: float) -> bool:
        """True once, when it has begun."""
        if self._told or self.origin is None or now - self.origin < self._from_s:
            return False
        self._told = True
        return True

    def changes_in_s(self, now: float) -> Iterator[float]:
        """Seconds to its begin and to its end, as far as they are still to come."""
        if self.origin is not None:
            edges = (self.origin + self._from_s, self.origin + self._until_s)
            yield from (edge - now for edge in edges if edge > now)


@dataclass(slots=True)
class OnWire:
    """A rule of the wire.

    Attributes:
        rule: as written.
        spell: when it holds.
        random: whatever it draws.
        met: how much came by that it is about.
    """

    rule: WireRule
    spell: Spell
    random: random.Random
    met: int = 0

    def strikes(self, servo_id: int, instruction: int, now: float) -> bool:
        """Whether this reply (or this request, for a silent servo) is the rule's."""
        if not self.rule.is_about(servo_id, instruction) or not self.spell.holds(now):
            return False
        self.met += 1
        if self.rule.every is not None:
            return self.met % self.rule.every == 0
        return self.rule.probability is None or self.random.random() < self.rule.probability


@dataclass(slots=True)
class Injected:
    """What was injected so far, as `InjectedFaults` says it."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    spoiled: Counter[str] = field(default_factory=Counter)
    noise_bytes: Counter[str] = field(default_factory=Counter)

    def add(self, place: str, fault: str) -> None:
        """One more."""
        self.counts.setdefault(place, Counter())[fault] += 1

    def told(self) -> InjectedFaults:
        """As it is now."""
        counts = {place: dict(counted) for place, counted in self.counts.items()}
        return InjectedFaults(counts, dict(self.spoiled), dict(self.noise_bytes))


class Faults:
    """Every rule in force. Whoever asks from several threads takes turns.

    Attributes:
        injected: what the rules have done.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self.injected = Injected()
        self._begun = False
        self._spells: list[Spell] = []
        self._wire: list[OnWire] = []
        self._servo: list[tuple[ServoRule, Spell]] = []
        self._port: list[tuple[PortRule, Spell]] = []
        self._camera: list[tuple[CameraRule, Spell]] = []
        if rules is not None:
            self.add(rules, None)

    def add(self, rules: Rules, origin: float | None) -> None:
        """Put rules in force; without an origin their clock begins with the first request."""

        def spell(at_s: float, for_s: float | None) -> Spell:
            self._spells.append(Spell(at_s, for_s, origin))
            return self._spells[-1]

        for number, wire in enumerate(rules.wire):
            chance = random.Random(f"{rules.seed} {number}")
            self._wire.append(OnWire(wire, spell(wire.from_s, wire.for_s), chance))
        for servo in rules.servo:
            lasts_s = servo.for_s if servo.for_s is not None else RESTART_S
            self._servo.append((servo, spell(servo.at_s, lasts_s)))
        self._port += [(port, spell(port.at_s, port.for_s)) for port in rules.port]
        self._camera += [(camera, spell(camera.at_s, camera.for_s)) for camera in rules.camera]

    def end(self) -> None:
        """No rule is in force any more; what was injected stays counted."""
        for rules in (self._spells, self._wire, self._servo, self._port, self._camera):
            rules.clear()

    def begin(self, now: float) -> None:
        """A request came: the clock of the file begins with the first."""
        if not self._begun:
            self._begun = True
            for spell in self._spells:
                spell.origin = now if spell.origin is None else spell.origin

    def hears(self, arm: str, servo_id: int, instruction: int, now: float) -> bool:
        """False for a servo that is silent, and counts that."""
        restarting = any(
            (rule.arm, rule.id, rule.fault) == (arm, servo_id, "reboot") and spell.holds(now)
            for rule, spell in self._servo
        )
        strikes = [
            each.strikes(servo_id, instruction, now)
            for each in self._wire
            if each.rule.arm == arm and each.rule.fault == "silent"
        ]
        if any(strikes):
            self.injected.add(arm, "silent")
        return not restarting and not any(strikes)

    def of_reply(self, arm: str, servo_id: int, instruction: int, now: float) -> list[OnWire]:
        """Rules that strike a reply on its way."""
        return [
            each
            for each in self._wire
            if each.rule.arm == arm
            and each.rule.fault != "silent"
            and each.strikes(servo_id, instruction, now)
        ]

    def of_servos(self, now: float) -> Iterator[ServoRule]:
        """What befalls a servo now; each rule once."""
        for rule, spell in self._servo:
            if spell.begins(now):
                self.injected.add(rule.arm, rule.fault)
                yield rule

    def plugged(self, arm: str, now: float) -> bool:
        """False while an arm's adapter is unplugged."""
        rules = [each for each in self._port if each[0].arm == arm]
        for _, spell in rules:
            if spell.holds(now) and spell.begins(now):
                self.injected.add(arm, "unplug")
        return not any(spell.holds(now) for _, spell in rules)

    def plug_changes_in_s(self, arm: str, now: float) -> float | None:
        """Seconds until the adapter is unplugged or plugged in the next time; None for never."""
        changes = [
            change
            for rule, spell in self._port
            if rule.arm == arm
            for change in spell.changes_in_s(now)
            if change < math.inf
        ]
        return min(changes, default=None)

    def of_camera(self, name: str, now: float, pictures: int) -> CameraFault:
        """What a camera has now; so many images are taken with it."""
        for rule, spell in self._camera:
            if rule.name != name or not spell.holds(now):
                continue
            fault = CAMERA_FAULTS[rule.fault]
            if fault in (CameraFault.SIZE, CameraFault.CORRUPT):
                self.injected.counts.setdefault(name, Counter())[rule.fault] += pictures
            elif spell.begins(now):
                self.injected.add(name, rule.fault)
            return fault
        return CameraFault.NONE
