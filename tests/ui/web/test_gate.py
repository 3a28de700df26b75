"""Who gets through the door of a page: the page itself, and nobody else."""

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lerecord.ui.web import Gate, Pass
from tests.ui.web.asgi import HOST, OWN, PORT, ask

TOKEN = "correct-horse"
JSON = ("content-type", "application/json")


def said(body: bytes) -> tuple[tuple[str, str], ...]:
    return ("host", HOST), ("origin", OWN), JSON, ("content-length", str(len(body)))


HERE = ("host", HOST)
HOSTILE = {
    "no Host": (400, "GET", "/api/x", ()),
    "another Host": (400, "GET", "/api/x", (("host", "evil.example"),)),
    "a rebound name with the port": (400, "GET", "/api/x", (("host", f"evil.example:{PORT}"),)),
    "the Host without its port": (400, "GET", "/api/x", (("host", "127.0.0.1"),)),
    "another port": (400, "GET", "/api/x", (("host", "127.0.0.1:1"),)),
    "two Hosts": (400, "GET", "/api/x", (HERE, ("host", "evil.example"))),
    "a Host with a user": (400, "GET", "/api/x", (("host", f"evil@{HOST}"),)),
    "a Host that only begins so": (400, "GET", "/api/x", (("host", f"{HOST}.evil.example"),)),
    "a Host that only ends so": (400, "GET", "/api/x", (("host", f"evil.{HOST}"),)),
    "the page from another Host": (400, "GET", "/", (("host", f"evil.example:{PORT}"),)),
    "all interfaces": (400, "GET", "/api/x", (("host", f"0.0.0.0:{PORT}"),)),
    "another Origin": (403, "GET", "/api/x", (HERE, ("origin", "http://evil.example"))),
    "Origin null": (403, "GET", "/api/x", (HERE, ("origin", "null"))),
    "https as Origin": (403, "GET", "/api/x", (HERE, ("origin", f"https://{HOST}"))),
    "the Origin of another port": (403, "GET", "/api/x", (HERE, ("origin", "http://127.0.0.1:1"))),
    "two Origins": (403, "GET", "/api/x", (HERE, ("origin", OWN), ("origin", OWN))),
    "localhost for 127.0.0.1": (
        403,
        "GET",
        "/api/x",
        (HERE, ("origin", f"http://localhost:{PORT}")),
    ),
    "a link from another site": (403, "GET", "/api/x", (HERE, ("sec-fetch-site", "cross-site"))),
    "another port's page": (403, "GET", "/video/0/0", (HERE, ("sec-fetch-site", "same-site"))),
    "a post without Origin": (403, "POST", "/api/x", (HERE, JSON, ("content-length", "2"))),
    "a post from elsewhere": (403, "POST", "/api/x", (HERE, ("origin", "http://evil.example"))),
    "PUT": (405, "PUT", "/api/x", said(b"")),
    "DELETE": (405, "DELETE", "/api/x", (HERE,)),
    "PATCH": (405, "PATCH", "/api/x", said(b"")),
    "TRACE": (405, "TRACE", "/api/x", (HERE,)),
    "CONNECT": (405, "CONNECT", "/api/x", (HERE,)),
    "a preflight": (405, "OPTIONS", "/api/x", (HERE, ("access-control-request-method", "POST"))),
    "a made-up method": (405, "get", "/api/x", (HERE,)),
    "too much": (413, "POST", "/api/x", (*said(b"")[:3], ("content-length", "65537"))),
    "far too much": (413, "POST", "/api/x", (*said(b"")[:3], ("content-length", "9" * 30))),
    "a negative length": (400, "POST", "/api/x", (*said(b"")[:3], ("content-length", "-1"))),
    "a length in words": (400, "POST", "/api/x", (*said(b"")[:3], ("content-length", "two"))),
    "two lengths": (411, "POST", "/api/x", (*said(b"{}"), ("content-length", "9"))),
    "chunks": (411, "POST", "/api/x", (*said(b"")[:3], ("transfer-encoding", "chunked"))),
    "a post without length": (411, "POST", "/api/x", said(b"")[:3]),
    "a form": (
        415,
        "POST",
        "/api/x",
        (HERE, ("origin", OWN), ("content-type", "text/plain"), ("content-length", "2")),
    ),
    "no content type": (
        415,
        "POST",
        "/api/x",
        (HERE, ("origin", OWN), ("content-length", "2")),
    ),
    "a body with GET": (400, "GET", "/api/x", (HERE, ("content-length", "5"))),
    "an endless address": (414, "GET", "/api/" + "x" * 3000, (HERE,)),
    "an endless query": (414, "GET", "/api/x?" + "x" * 3000, (HERE,)),
    "up and out": (400, "GET", "/assets/../../etc/passwd", (HERE,)),
    "up and out, escaped": (400, "GET", "/assets/%2e%2e%2f%2e%2e/etc/passwd", (HERE,)),
    "an absolute path": (400, "GET", "//etc/passwd", (HERE,)),
    "a backslash": (400, "GET", "/assets/..\\..\\secret", (HERE,)),
    "a null byte": (400, "GET", "/assets/base.css%00.js", (HERE,)),
    "a hidden file": (400, "GET", "/assets/.lerecord", (HERE,)),
    "a whole address": (400, "GET", "http://evil.example/", (HERE,)),
    "letters of elsewhere": (400, "GET", "/api/\udcff", (HERE,)),
}
"""Status and request; 400 stands for 421 where the Host is wrong."""
STRANGERS = {
    "no cookie": (401, "GET", "/api/x", (HERE,)),
    "no cookie, for a video": (401, "GET", "/video/0/0", (HERE,)),
    "another cookie": (401, "GET", "/api/x", (HERE, ("cookie", f"lerecord_{PORT}=guess"))),
    "the token as the cookie": (401, "GET", "/api/x", (HERE, ("cookie", f"c={TOKEN}"))),
    "an empty cookie": (401, "GET", "/api/x", (HERE, ("cookie", "c="))),
    "the token in the address": (401, "GET", f"/api/x?token={TOKEN}", (HERE,)),
    "a post without the cookie": (401, "POST", "/api/x", said(b"{}")),
}


def inner() -> tuple[Starlette, list[str]]:
    reached: list[str] = []

    async def echo(request: Request) -> Response:
        reached.append(request.url.path)
        return PlainTextResponse(await request.body())

    routes = [
        Route(path, echo, methods=["GET", "POST"])
        for path in ("/", "/api/x", "/api/session", "/assets/{name}", "/video/{a}/{b}")
    ]
    return Starlette(routes=routes), reached


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_the_page_is_refused_before_the_page_hears_of_it(name: str) -> None:
    status, method, path, headers = HOSTILE[name]
    app, reached = inner()
    answer = ask(Gate(app, [HOST]), path, method, headers, b"x" * 5)
    wrong_host = [value for key, value in headers if key == "host"] != [HOST]
    assert answer.status == (421 if wrong_host else status)
    assert [*answer.data] == ["error"]
    assert not any(each.startswith("access-control") for each in answer.headers)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert reached == []


@pytest.mark.parametrize("name", STRANGERS)
def test_where_a_token_is_needed_nobody_gets_in_without(name: str) -> None:
    status, method, path, headers = STRANGERS[name]
    app, reached = inner()
    answer = ask(Gate(app, [HOST], Pass(TOKEN, "c")), path, method, headers, b"{}")
    assert (answer.status, reached) == (status, [])


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("GET", "/", (HERE,), b""),
        ("GET", "/", (HERE, ("sec-fetch-site", "cross-site")), b""),
        ("GET", "/api/x?v=1", (HERE, ("sec-fetch-site", "same-origin")), b""),
        ("GET", "/assets/base.css", (HERE, ("origin", OWN)), b""),
        ("HEAD", "/api/x", (HERE, ("content-length", "0")), b""),
        ("POST", "/api/x", said(b"{}"), b"{}"),
        ("POST", "/api/x", said(b"x" * 65536), b"x" * 65536),
    ],
)
def test_the_page_itself_gets_in(
    method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    app, reached = inner()
    answer = ask(Gate(app, [HOST]), path, method, headers, body)
    assert answer.status == 200
    assert answer.body == body
    assert len(reached) == 1


def test_a_cookie_stands_for_the_token() -> None:
    app, reached = inner()
    shown = Pass(TOKEN, f"lerecord_{PORT}")
    cookie = shown.set_cookie()
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    assert (shown.is_token(TOKEN), shown.is_token("guess"), shown.is_token(None)) == (1, 0, 0)
    answer = ask(
        Gate(app, [HOST], shown),
        "/api/x",
        headers=(HERE, ("cookie", "a=b; " + cookie.split(";")[0])),
    )
    assert (answer.status, reached) == (200, ["/api/x"])
    assert Pass(TOKEN, f"lerecord_{PORT}").is_in([cookie.split(";")[0]])  # of the next page there
    assert not Pass(f"{TOKEN}x", f"lerecord_{PORT}").is_in([cookie.split(";")[0]])


def test_what_sends_more_than_it_said_is_cut_off() -> None:
    app, _ = inner()
    headers = (*said(b"")[:3], ("content-length", "10"))
    with pytest.raises(ClientDisconnect):
        ask(Gate(app, [HOST]), "/api/x", "POST", headers, b"x" * 100_000)
