"""What only the person who pushes can decide: where to, and under which licence."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lerecord.errors import ConfigError
from lerecord.hub import target
from lerecord.hub.destinations import Destination, keep, recalled
from lerecord.hub.frozen import CARD
from lerecord.hub.options import PushOptions
from lerecord.printable import shown

NO_LICENSE = "none"
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}")
_LIST = "https://huggingface.co/docs/hub/repositories-licenses"

Ask = Callable[[str], str]
"""Shows a question and returns the answer, as `input` does."""


def settled(root: Path, options: PushOptions, ask: Ask | None = None) -> PushOptions:
    """The options with a repository and a licence that a person has chosen.

    Args:
        root: the dataset's folder.
        options: what the command line was given.
        ask: None when nobody is there to answer: then nothing is chosen that was not before.

    Raises:
        ConfigError: no repository is named or known, a remembered one is not confirmed, or a name
            is none that the Hub takes.
    """
    repo = repository(root, options.repo_id, ask)
    known = recalled(root)
    chosen = options.license
    if chosen is None and known is not None:
        chosen = known.license
    if chosen is None and ask is not None and not (root / CARD).exists():
        chosen = _answer(ask, f"License for {repo}, such as cc-by-4.0 (Enter for none): ")
    license_ = None if chosen is None else license_of(chosen)
    return replace(options, repo_id=repo, license=license_)


def license_of(text: str) -> str:
    """The identifier that is meant; empty for none.

    Raises:
        ConfigError: it cannot be one.
    """
    name = text.strip().lower()
    if name in ("", NO_LICENSE):
        return ""
    if _LICENSE.fullmatch(name) is None:
        raise ConfigError(
            f"{text!r} is not a license identifier; give one from {_LIST}, such as "
            f"cc-by-4.0, or {NO_LICENSE}."
        )
    return name


def repository(root: Path, repo: str | None, ask: Ask | None) -> str:
    """The repository that is meant; one that only the dataset names is confirmed first.

    Raises:
        ConfigError: as `settled`.
    """
    try:
        return target.repository(root, repo)
    except target.UnconfirmedError as unconfirmed:
        if ask is None:
            raise
        question = (
            f"{root} says that it belongs to {unconfirmed.repo} on the Hub, but you have not "
            f"pushed it there from this folder. Replace what is there? (y/N) "
        )
        if _answer(ask, question).lower() not in ("y", "yes"):
            raise
        keep(Destination.of(root, unconfirmed.repo))
        return unconfirmed.repo


def asker(as_json: bool) -> Ask | None:
    """How to ask the person at the terminal; None when nobody is there."""
    attended = sys.stdin.isatty() and sys.stdout.isatty()
    return input if attended and not as_json else None


def _answer(ask: Ask, question: str) -> str:
    try:
        return ask(shown(question)).strip()
    except EOFError:
        return ""
