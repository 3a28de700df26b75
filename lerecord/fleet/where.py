"""Which episodes are meant: a small language, such as `label = success and length < 30`.

A condition compares a field with a value; `and`, `or`, `not` and parentheses combine conditions.
Words are compared as they are, `*` in one stands for anything. Numbers may end in s, m or h.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lerecord.errors import ConfigError

Facts = Mapping[str, str | float | Sequence[str]]
"""Of one episode, by the names of FIELDS."""
Condition = Callable[[Facts], bool]

WORDS = ("label", "gate", "health", "task", "station", "source", "rig")
NUMBERS = ("length",)
FIELDS = (*WORDS, *NUMBERS)
_DEEPEST = 50
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smh]?)")
_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"[^"]*"|'[^']*')|(?P<sign><=|>=|!=|=|<|>|\(|\))|(?P<word>[^\s"'<>=!()]+))"""
)
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def parsed(text: str) -> Condition:
    """The condition that a text means; an empty one means every episode.

    Args:
        text: such as `task = "Grab*" and not (label = failure or length > 2m)`.

    Raises:
        ConfigError: it means nothing; the sentence says where.
    """
    tokens = list(_tokens(text))
    if not tokens:
        return lambda facts: True
    if sum(not each.quoted and each.text in ("(", "not") for each in tokens) > _DEEPEST:
        raise _refusal(text[:40], "it is nested too deeply")
    parser = _Parser(text, tokens)
    condition = parser.any_of()
    parser.expect_end()
    return condition


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    quoted: bool
    begin: int


def _tokens(text: str) -> Iterator[_Token]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            raise _refusal(text, f"{text[place:].strip()[:20]!r} cannot be understood")
        place = found.end()
        quoted = found["quoted"]
        word = quoted[1:-1] if quoted else found["sign"] or found["word"]
        yield _Token(word, quoted is not None, found.start())


class _Parser:
    """Reads a condition from left to right: `or` binds less than `and`, `not` most."""

    def __init__(self, text: str, tokens: Sequence[_Token]) -> None:
        self._text = text
        self._tokens = list(tokens)

    def any_of(self) -> Condition:
        """Conditions with `or` between them."""
        parts = [self._all_of()]
        while self._is("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else lambda facts: any(each(facts) for each in parts)

    def expect_end(self) -> None:
        """Refuse what stands behind a condition."""
        if self._tokens:
            raise _refusal(
                self._text, f"{self._tokens[0].text!r} stands where `and`, `or` or the end is due"
            )

    def _all_of(self) -> Condition:
        parts = [self._one()]
        while self._is("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda facts: all(each(facts) for each in parts)

    def _one(self) -> Condition:
        if self._is("not"):
            inner = self._one()
            return lambda facts: not inner(facts)
        if self._is("("):
            inner = self.any_of()
            if not self._is(")"):
                raise _refusal(self._text, "a parenthesis is not closed")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        field = self._next("a field").text
        if field not in FIELDS:
            raise _refusal(
                self._text, f"there is no field {field!r}; there are {', '.join(FIELDS)}"
            )
        sign = self._next(f"a comparison behind {field}").text
        if sign not in _ORDERS:
            raise _refusal(self._text, f"{sign!r} stands where a comparison such as = is due")
        value = self._next(f"a value behind {field} {sign}")
        if not value.quoted and (value.text in _ORDERS or value.text in "()"):
            raise _refusal(self._text, f"{value.text!r} stands where a value is due")
        return (
            self._of_number(field, sign, value.text)
            if field in NUMBERS
            else self._of_word(field, sign, value.text)
        )

    def _of_number(self, field: str, sign: str, value: str) -> Condition:
        found = _NUMBER.fullmatch(value)
        if found is None:
            raise _refusal(self._text, f"{value!r} is no {field}; write seconds, as in 90 or 1.5m")
        due = float(found[1]) * _SECONDS[found[2]]
        order = _ORDERS[sign]
        return lambda facts: order(float(facts[field]), due)  # type: ignore[arg-type]

    def _of_word(self, field: str, sign: str, value: str) -> Condition:
        if sign not in ("=", "!="):
            raise _refusal(self._text, f"{field} is a word, which {sign} does not compare")
        pattern = value.replace("[", "[[]").replace("?", "[?]")
        equal = sign == "="

        def holds(facts: Facts) -> bool:
            found = facts[field]
            words = [found] if isinstance(found, str) else found
            return any(fnmatchcase(each, pattern) for each in words) is equal  # type: ignore[union-attr]

        return holds

    def _is(self, word: str) -> bool:
        token = self._tokens[0] if self._tokens else None
        if token is None or token.quoted or token.text != word:
            return False
        self._tokens.pop(0)
        return True

    def _next(self, what: str) -> _Token:
        if not self._tokens:
            raise _refusal(self._text, f"{what} is missing at the end")
        return self._tokens.pop(0)


def _refusal(text: str, fact: str) -> ConfigError:
    return ConfigError(
        f"--where {text!r} means nothing: {fact}. Write conditions such as: label = success and "
        f"length < 30."
    )
