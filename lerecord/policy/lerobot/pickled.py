"""Reads a pickle as data: nothing that it names is looked up, imported or called."""

import io
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lerecord.policy.packing import WireError

_MOST_OPCODES = 1_000_000


@dataclass(frozen=True, slots=True)
class Global:
    """A name that a pickle wants looked up."""

    module: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """What a pickle wants called, and with what."""

    function: object
    arguments: tuple[Any, ...]


@dataclass(slots=True, eq=False)
class Instance:
    """An object that a pickle wants made, and the state that it would get."""

    kind: object
    state: object = None


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """An object that lies beside the pickle (a persistent id)."""

    key: object


class _Mark:
    """Where a list of arguments on the stack begins."""


_MARK = _Mark()


@dataclass(slots=True)
class _Machine:
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def pop(self, kind: type = object) -> Any:
        value = self.stack.pop()
        if not isinstance(value, kind) or value is _MARK:
            raise WireError("a pickle has something else where it needs a value")
        return value

    def top(self, kind: type) -> Any:
        value = self.stack[-1]
        if not isinstance(value, kind):
            raise WireError("a pickle fills something that is no list and no map")
        return value

    def to_mark(self) -> list[Any]:
        values: list[Any] = []
        while (value := self.stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def tuple_of(self, count: int) -> None:
        self.stack.append(tuple([self.pop() for _ in range(count)][::-1]))

    def extend(self, values: list[Any]) -> None:
        self.top(list).extend(values)

    def put(self, values: list[Any]) -> None:
        target = self.top(dict)
        if len(values) % 2:
            raise WireError("a pickle has a key without a value")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, str | int):
                raise WireError("a pickle has a key that is no text")
            target[key] = value

    def make(self) -> None:
        arguments, kind = self.pop(tuple), self.pop()
        self.stack.append(Instance(kind) if not arguments else Call(kind, arguments))

    def call(self) -> None:
        arguments, function = self.pop(tuple), self.pop()
        self.stack.append(Call(function, arguments))

    def build(self) -> None:
        state = self.pop()
        self.top(Instance).state = state

    def stack_global(self) -> None:
        name, module = self.pop(str), self.pop(str)
        self.stack.append(Global(module, name))


def _push(machine: _Machine, argument: Any) -> None:
    machine.stack.append(argument)


_Step = Callable[[_Machine, Any], object]
_STEPS: Mapping[str, _Step] = {
    "PROTO": lambda machine, _: None,
    "FRAME": lambda machine, _: None,
    "MARK": lambda machine, _: machine.stack.append(_MARK),
    "EMPTY_DICT": lambda machine, _: machine.stack.append({}),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_TUPLE": lambda machine, _: machine.stack.append(()),
    "NONE": lambda machine, _: machine.stack.append(None),
    "NEWTRUE": lambda machine, _: machine.stack.append(True),
    "NEWFALSE": lambda machine, _: machine.stack.append(False),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.to_mark())),
    "APPEND": lambda machine, _: machine.extend([machine.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.to_mark()),
    "SETITEM": lambda machine, _: machine.put([machine.pop(), machine.pop()][::-1]),
    "SETITEMS": lambda machine, _: machine.put(machine.to_mark()),
    "MEMOIZE": lambda machine, _: machine.memo.__setitem__(len(machine.memo), machine.stack[-1]),
    "STACK_GLOBAL": lambda machine, _: machine.stack_global(),
    "GLOBAL": lambda machine, names: machine.stack.append(Global(*names.split(" ", 1))),
    "REDUCE": lambda machine, _: machine.call(),
    "NEWOBJ": lambda machine, _: machine.make(),
    "BUILD": lambda machine, _: machine.build(),
    "BINPERSID": lambda machine, _: machine.stack.append(Reference(machine.pop())),
    **dict.fromkeys(
        [
            *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"),
            *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
            *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        ],
        _push,
    ),
    **dict.fromkeys(
        ("BINPUT", "LONG_BINPUT"),
        lambda machine, place: machine.memo.__setitem__(place, machine.stack[-1]),
    ),
    **dict.fromkeys(
        ("BINGET", "LONG_BINGET"),
        lambda machine, place: machine.stack.append(machine.memo[place]),
    ),
}
"""Opcode to what it does; every other one is refused."""


def read(stream: io.BytesIO) -> Any:
    """The value of the next pickle in a stream.

    Raises:
        WireError: it is none, or does more than build values.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if opcode.name == "STOP":
                value = machine.pop()
                if machine.stack:
                    raise WireError("a pickle leaves something over")
                return value
            if opcode.name not in _STEPS or count > _MOST_OPCODES:
                raise WireError(f"a pickle uses {opcode.name}, which no chunk of actions needs")
            _STEPS[opcode.name](machine, argument)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise WireError(f"a pickle is damaged ({type(error).__name__})") from error
    raise WireError("a pickle has no end")
