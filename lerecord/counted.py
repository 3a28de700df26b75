"""Numbers of things, as people read them."""


def counted(number: int, noun: str) -> str:
    """The number and its noun: `1 frame`, `2 frames`; only for nouns that take an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
