"""The one door of every page: it lets in the page itself in a browser that may, and nobody else.

A page on this machine's loopback is reachable by every site that the same browser has open. So the
name under which it was reached (Host) and the page that asks (Origin, Sec-Fetch-Site) must be its
own, whatever else a request says; there is no CORS. Beyond loopback a token is needed, too, which
a cookie stands for once it was shown.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 64 << 10
_MOST_TARGET_BYTES = 2048
_METHODS = ("GET", "HEAD", "POST")
_PLAIN_PATH = re.compile(rb"/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?")
_PAGE, _ASSETS, LOGIN = "/", "/assets/", "/api/session"
"""What anybody at the address may have: the page, which is the same for everybody, and the way
in."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Pass:
    """What a browser shows once, and the cookie that stands for it from then on.

    Attributes:
        token: to be shown.
        cookie: its name; ports of one machine share their cookies, so it has the port's number.
    """

    token: str = field(repr=False)
    cookie: str

    @property
    def value(self) -> str:
        """Of the cookie; the page that comes after this one with the same token takes it, too."""
        return hashlib.sha256(f"{self.cookie} {self.token}".encode()).hexdigest()

    def is_token(self, shown: object) -> bool:
        """True of the token, told in a time that says nothing about a wrong one."""
        return isinstance(shown, str) and hmac.compare_digest(shown.encode(), self.token.encode())

    def set_cookie(self) -> str:
        """The header that a browser gets for the token."""
        return f"{self.cookie}={self.value}; Path=/; HttpOnly; SameSite=Strict"

    def is_in(self, cookies: Sequence[str]) -> bool:
        """True when one of these Cookie headers has it."""
        found = (part.strip() for each in cookies for part in each.split(";"))
        due = f"{self.cookie}={self.value}".encode()
        return any(hmac.compare_digest(each.encode("latin-1"), due) for each in found)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status and a sentence."""

    status: int
    sentence: str


class Gate:
    """An ASGI application in front of a page's own.

    Args:
        app: the page's.
        hosts: under which it is reached, each with its port: `127.0.0.1:8123`.
        shown: what a browser has to show; None where only this machine can reach the page.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], shown: Pass | None = None) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._pass = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        headers = _headers(scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, refusal, send)
        elif scope["type"] == "http":
            await self._app(scope, _bounded(receive), _with_headers(send))
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Mapping[str, Sequence[str]]) -> Refusal | None:
        return (
            _of_target(scope)
            or self._of_host(headers)
            or self._of_asker(scope, headers)
            or _of_method(scope, headers)
            or self._of_stranger(scope, headers)
        )

    def _of_host(self, headers: Mapping[str, Sequence[str]]) -> Refusal | None:
        found = headers.get("host", ())
        if len(found) == 1 and found[0] in self._hosts:
            return None
        return Refusal(421, "This address is not the page's; open the one that lerecord printed.")

    def _of_asker(self, scope: Scope, headers: Mapping[str, Sequence[str]]) -> Refusal | None:
        origins, sites = headers.get("origin", ()), headers.get("sec-fetch-site", ())
        own = origins == [f"http://{headers['host'][0]}"]
        needed = scope["type"] == "websocket" or scope.get("method") == "POST"
        if (origins and not own) or (needed and not own):
            return Refusal(403, "Only the page itself may ask this.")
        if scope["path"] != _PAGE and any(site not in ("same-origin", "none") for site in sites):
            return Refusal(403, "Another page asked for this; only the page itself may.")
        return None

    def _of_stranger(self, scope: Scope, headers: Mapping[str, Sequence[str]]) -> Refusal | None:
        path = scope["path"]
        if self._pass is None or path in (_PAGE, LOGIN) or path.startswith(_ASSETS):
            return None
        if self._pass.is_in(headers.get("cookie", ())):
            return None
        return Refusal(401, "This page needs its token; open the address that lerecord printed.")


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _of_target(scope: Scope) -> Refusal | None:
    """Every path that there is consists of plain words; none needs an escape."""
    raw = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    path = raw.partition(b"?")[0]
    if len(path) + len(scope["query_string"]) > _MOST_TARGET_BYTES:
        return Refusal(414, "The address is too long.")
    if _PLAIN_PATH.fullmatch(path) is None:
        return Refusal(400, "There is no such address.")
    return None


def _of_method(scope: Scope, headers: Mapping[str, Sequence[str]]) -> Refusal | None:
    if scope["type"] == "websocket":
        return None
    if scope["method"] not in _METHODS:
        return Refusal(405, "Only GET, HEAD and POST are known.")
    lengths = headers.get("content-length", ())
    if "transfer-encoding" in headers or len(lengths) > 1:
        return Refusal(411, "The length of a request is to be said once, before it.")
    if any(not (each.isascii() and each.isdigit()) for each in lengths):
        return Refusal(400, "The length of the request is no number.")
    length = int(lengths[0][:20]) if lengths else 0
    if scope["method"] != "POST":
        return Refusal(400, "Nothing is sent with such a request.") if length else None
    if not lengths:
        return Refusal(411, "The length of a request is to be said before it.")
    if length > MOST_BODY_BYTES:
        return Refusal(413, f"A request has at most {MOST_BODY_BYTES} bytes.")
    if headers.get("content-type") != ["application/json"]:
        return Refusal(415, "Only application/json is understood.")
    return None


async def _refuse(scope: Scope, refusal: Refusal, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.sentence})
        return
    body = json.dumps({"error": refusal.sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # what else was sent with it is not read
    ]
    start = {"type": "http.response.start", "status": refusal.status, "headers": headers}
    send = _with_headers(send)
    await send(start)
    await send({"type": "http.response.body", "body": b"" if _is_head(scope) else body})


def _is_head(scope: Scope) -> bool:
    return bool(scope.get("method") == "HEAD")


def _bounded(receive: Receive) -> Receive:
    """The same, ending what sends more than it said."""
    left = MOST_BODY_BYTES

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return bounded


def _with_headers(send: Send) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            further = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            known = {name.lower() for name, _ in message["headers"]}
            if b"cache-control" not in known:
                further.append((b"Cache-Control", b"no-store"))
            message = {**message, "headers": [*message["headers"], *further]}
        await send(message)

    return told
