"""One request to an ASGI application, said byte for byte."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Scope

PORT = 8123
HOST = f"127.0.0.1:{PORT}"
OWN = f"http://{HOST}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


def ask(
    app: ASGIApp,
    path: str = "/",
    method: str = "GET",
    headers: Sequence[tuple[str, str]] = (("host", HOST),),
    body: bytes = b"",
) -> Answer:
    """The answer to a request; a repeated header is said twice."""
    target, _, query = path.partition("?")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": target,
        "raw_path": target.encode("utf-8", "surrogateescape"),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", PORT),
    }
    return asyncio.run(_asked(app, scope, body))


async def _asked(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    told: list[Message] = []
    parts = [body[:1000], body[1000:]]

    async def receive() -> Message:
        if not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Message) -> None:
        told.append(message)

    await app(scope, receive, send)
    headers = {name.decode().lower(): value.decode() for name, value in told[0]["headers"]}
    content = b"".join(each.get("body", b"") for each in told[1:])
    return Answer(told[0]["status"], headers, content)
