"""A page on a port: reached by this machine, at the address that is printed."""

import http.client
import socket
import threading

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lerecord.errors import ConfigError
from lerecord.ui.web import WebServer


def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", hello), Route("/api/x", hello, methods=["POST"])])


def test_a_page_is_served_until_it_is_stopped() -> None:
    with WebServer(lambda _: APP) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        asked = http.client.HTTPConnection("127.0.0.1", server.port, timeout=240)
        asked.request("GET", "/")
        first = asked.getresponse()
        assert (first.status, first.read()) == (200, b"hello")
        asked.request("GET", "/", headers={"Host": "evil.example"})
        assert asked.getresponse().status == 421
        with socket.create_connection(("127.0.0.1", server.port), timeout=240) as raw:
            raw.sendall(b"GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert raw.recv(12) == b"HTTP/1.1 400"
        with socket.create_connection(("127.0.0.1", server.port), timeout=240) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n")
            assert raw.recv(12) in (b"HTTP/1.1 400", b"")
        server.stop()
        thread.join(30)
        assert not thread.is_alive()
    assert server.address == f"http://127.0.0.1:{server.port}/"


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with WebServer(lambda _: APP) as one, pytest.raises(ConfigError, match="--port"):
        WebServer(lambda _: APP, one.port)
