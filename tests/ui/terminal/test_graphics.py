import pytest

from lerecord.errors import ConfigError
from lerecord.ui.terminal import graphics_of


@pytest.mark.parametrize(
    ("environ", "graphics"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm2"),  # through SSH
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm2"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "mlterm-256color"}, "sixel"),
        ({"TERM": "xterm-256color"}, "blocks"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, "blocks"),
        ({}, "blocks"),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, "blocks"),
        ({"TERM": "screen", "TERM_PROGRAM": "iTerm.app"}, "blocks"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux-0/default,1,0"}, "blocks"),
        ({"TERM": "xterm-256color", "LERECORD_PREVIEW": "sixel"}, "sixel"),
        ({"TERM": "xterm-kitty", "LERECORD_PREVIEW": "blocks"}, "blocks"),
    ],
)
def test_the_environment_tells_how_the_terminal_shows_images(
    environ: dict[str, str], graphics: str
) -> None:
    assert graphics_of(environ) == graphics


def test_a_way_that_is_not_known_is_refused() -> None:
    with pytest.raises(ConfigError, match="'jpeg'; set it to one of blocks, kitty, iterm2, sixel"):
        graphics_of({"LERECORD_PREVIEW": "jpeg"})
