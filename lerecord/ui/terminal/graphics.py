"""Which terminals can show images, and how.

The environment alone tells which. A terminal could be asked, but its answer arrives among the keys
of the session, and one that does not answer would have to be waited for.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from lerecord.errors import ConfigError

CHOICE = "LERECORD_PREVIEW"
"""Environment variable that names the way, where the other variables do not tell it."""

_KITTY = re.compile(r"xterm-kitty|xterm-ghostty")
_SIXEL = re.compile(r"foot|foot-.*|mlterm|mlterm-.*|contour|contour-.*|yaft-.*")
_MULTIPLEXER = re.compile(r"(tmux|screen)([.-].*)?")  # they pass no images through
_ITERM2 = {"iTerm.app", "WezTerm", "mintty"}


class Graphics(StrEnum):
    """How a terminal shows an image."""

    BLOCKS = "blocks"  # as half blocks: any terminal
    KITTY = "kitty"
    ITERM2 = "iterm2"
    SIXEL = "sixel"


def graphics_of(environ: Mapping[str, str]) -> Graphics:
    """How the terminal shows images, as far as the environment tells.

    Raises:
        ConfigError: LERECORD_PREVIEW names no way.
    """
    if choice := environ.get(CHOICE):
        if choice not in set(Graphics):
            raise ConfigError(f"{CHOICE} is {choice!r}; set it to one of {', '.join(Graphics)}.")
        return Graphics(choice)
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if environ.get("TMUX") or environ.get("STY") or _MULTIPLEXER.fullmatch(term):
        return Graphics.BLOCKS
    if _KITTY.fullmatch(term) or environ.get("KITTY_WINDOW_ID"):
        return Graphics.KITTY
    if program in _ITERM2 or environ.get("LC_TERMINAL") == "iTerm2":
        return Graphics.ITERM2
    return Graphics.SIXEL if _SIXEL.fullmatch(term) else Graphics.BLOCKS
