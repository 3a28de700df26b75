"""The libraries that pages need; only some people want pages."""

from importlib.util import find_spec

from lerecord.errors import ConfigError

_NEEDED = ("starlette", "uvicorn", "websockets")


def require_web(*further: str) -> None:
    """Raises ConfigError where the extra is not installed, or one of its further modules."""
    for name in (*_NEEDED, *further):
        if find_spec(name) is None:
            raise ConfigError(
                f"{name} is not installed, which pages in a browser need; run "
                f"`pip install 'lerecord[web]'`."
            )
