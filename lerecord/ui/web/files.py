"""The scripts, styles and pages of a package, read once: there is no path to walk."""

import json
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from lerecord.errors import ConfigError

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}
_HEAD, _BODY = "head.html", "body.html"
_NAME = b"@NAME@"
_WHICH = "page.json"
"""Which page is at the address now: one may follow another."""


class Files:
    """What a page consists of.

    Args:
        packages: whose `assets` folders it lies in; a later one's file stands for an earlier's. The
            last one is the page's own: its style and its script have its name.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self._found: dict[str, bytes] = {}
        for package in packages:
            for file in _assets(package):
                self._found[file.name] = file.read_bytes()
        try:
            head, body = self._found.pop(_HEAD), self._found.pop(_BODY)
        except KeyError:
            raise ConfigError(
                "The files of the page are missing from this installation; run "
                "`pip install --force-reinstall 'lerecord[web]'`."
            ) from None
        name = packages[-1].rpartition(".")[2]
        self._found[_WHICH] = json.dumps({"page": name}).encode()
        self._page = head.replace(_NAME, name.encode()) + body + b"</html>\n"

    def page(self, request: Request) -> Response:
        """The page itself."""
        return _reply(self._page, "html")

    def asset(self, request: Request) -> Response:
        """One of its files, by the `name` of the route."""
        name = request.path_params["name"]
        if name not in self._found:
            return Response(status_code=404)
        return _reply(self._found[name], name.rpartition(".")[2])


def _reply(data: bytes, suffix: str) -> Response:
    kind = _TYPES.get(suffix, "application/octet-stream")
    return Response(data, headers={"Content-Type": kind, "Cache-Control": "no-cache"})


def _assets(package: str) -> list[Traversable]:
    folder = files(package) / "assets"
    return [each for each in folder.iterdir() if each.is_file()] if folder.is_dir() else []
