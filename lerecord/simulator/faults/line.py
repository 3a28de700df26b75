"""A servo bus behind a wire that has faults: what comes of its replies, and when."""

import random
from collections import deque
from collections.abc import Callable, Mapping

from lerecord.simulator.faults.injection import Faults, OnWire
from lerecord.simulator.faults.rules import INSTRUCTIONS
from lerecord.simulator.servos import Answer, Hears, Reply, ServoWire

_MOST_NOISE = 8  # bytes; a reply has 11 at least
_SPOILING = frozenset({"drop", "corrupt", "truncate", "late"})
_UNANSWERED = frozenset({INSTRUCTIONS["sync_write"]})


def _flipped(reply: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(reply))
    return reply[:at] + bytes([reply[at] ^ 1 << chance.randrange(8)]) + reply[at + 1 :]


def _torn(reply: bytes, chance: random.Random) -> bytes:
    return reply[: chance.randrange(1, len(reply))]


def _with_noise(reply: bytes, chance: random.Random) -> bytes:
    return reply + chance.randbytes(chance.randint(1, _MOST_NOISE))


_DAMAGE: Mapping[str, Callable[[bytes, random.Random], bytes]] = {
    "drop": lambda reply, chance: b"",
    "corrupt": _flipped,
    "truncate": _torn,
    "late": lambda reply, chance: reply,
    "double": lambda reply, chance: reply * 2,
    "noise": _with_noise,
}


class Line:
    """The servos of one arm on their port.

    Args:
        arm: its name in the rules.
        wire: makes the servos' wire, given who hears.
        faults: the rules in force.
    """

    def __init__(self, arm: str, wire: Callable[[Hears], ServoWire], faults: Faults) -> None:
        self._arm = arm
        self._faults = faults
        self._bus = wire(self._hears)
        self._now = 0.0
        self._unheard = False
        self._late: deque[tuple[float, bytes]] = deque()

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        """Take bytes off the wire at `now`, sent at that rate; what has come back by then."""
        self._faults.begin(now)
        self._now, self._unheard = now, False
        for answer in self._bus.answers(data, now, baud):
            self._carry(answer)
        return self.late(now)

    def late(self, now: float) -> bytes:
        """Replies that were late and are there by now."""
        arrived = b""
        while self._late and self._late[0][0] <= now:
            arrived += self._late.popleft()[1]
        return arrived

    def plugged(self, now: float) -> bool:
        """False while the adapter is unplugged; what is under way then is lost."""
        plugged = self._faults.plugged(self._arm, now)
        if not plugged:
            self._late.clear()
        return plugged

    def wait_s(self, now: float) -> float | None:
        """Seconds until something happens that no request asks for; None when nothing will."""
        waits = [self._late[0][0] - now] if self._late else []
        change = self._faults.plug_changes_in_s(self._arm, now)
        return min([*waits, *([] if change is None else [change])], default=None)

    def _hears(self, servo_id: int, instruction: int) -> bool:
        hears = self._faults.hears(self._arm, servo_id, instruction, self._now)
        self._unheard = self._unheard or not hears
        return hears

    def _carry(self, answer: Answer) -> None:
        """Put the replies on their way; counts a request that was spoiled."""
        spoiled = self._unheard and answer.instruction not in _UNANSWERED
        self._unheard = False
        turn_s = 0.0
        for reply in answer.replies:
            turn_s += reply.delay_s
            struck = self._struck(reply, answer.instruction)
            echo = self._echoed(answer.request, struck)
            self._send(echo + self._damaged(reply.data, struck), turn_s + _delay_s(struck))
            spoiled = spoiled or any(each.rule.fault in _SPOILING for each in struck)
        if spoiled:
            self._faults.injected.spoiled[self._arm] += 1

    def _send(self, data: bytes, delay_s: float) -> None:
        """Behind everything that is under way: what is late holds up what comes after it."""
        if data:
            due = self._now + delay_s
            self._late.append((max(due, self._late[-1][0]) if self._late else due, data))

    def _struck(self, reply: Reply, instruction: int) -> list[OnWire]:
        if not reply.data:
            return []
        return self._faults.of_reply(self._arm, reply.servo_id, instruction, self._now)

    def _echoed(self, request: bytes, struck: list[OnWire]) -> bytes:
        """The request, when a rule lets the adapter hear it before this reply."""
        if not any(each.rule.fault == "echo" for each in struck):
            return b""
        self._faults.injected.add(self._arm, "echo")
        return request

    def _damaged(self, reply: bytes, struck: list[OnWire]) -> bytes:
        for each in struck:
            if not reply:
                break  # it is gone already
            if each.rule.fault == "echo":
                continue
            fault, length = each.rule.fault, len(reply)
            self._faults.injected.add(self._arm, fault)
            reply = _DAMAGE[fault](reply, each.random)
            if fault == "noise":
                self._faults.injected.noise_bytes[self._arm] += len(reply) - length
        return reply


def _delay_s(struck: list[OnWire]) -> float:
    return sum(each.rule.delay_s for each in struck if each.rule.delay_s is not None)
