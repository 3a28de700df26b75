"""The addresses of the page, and the socket through which it sees and asks.

One bundle is under way at a time: what the session says and each camera's newest image, and then
nothing until the page has painted it and said so. A page that is slow gets fewer of them, and
always the newest.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from lerecord.frame import Image
from lerecord.recording.session import LONGEST_TASK, MOST_EPISODES, Deed, QueueEdit
from lerecord.ui.station.board import Board
from lerecord.ui.station.lease import Lease
from lerecord.ui.station.messages import Asked
from lerecord.ui.web import Files, Pass, login_routes

_PACKAGES = ("lerecord.ui.web", "lerecord.ui.station")
_PATIENCE_S = 15.0
_FASTEST_S = 1 / 15
_MOST_PAGES = 12


Sentence = Annotated[str, Field(max_length=LONGEST_TASK)]


class Edit(BaseModel):
    """A change of the queue of tasks; see `QueueEdit`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    deed: Deed
    task: Sentence = ""
    text: Sentence = ""
    number: int = Field(default=0, ge=-MOST_EPISODES, le=MOST_EPISODES)

    def to_edit(self) -> QueueEdit:
        """As the session knows it."""
        return QueueEdit(self.deed, self.task, self.text, self.number)


class Said(BaseModel):
    """What a page says: that it has painted, what it wants, or both.

    Attributes:
        page: a name that it gave itself, the same after it is reloaded.
        painted: the number of a bundle.
        take: it wants to control.
        command, phase, episode, task: a button was pressed, seeing these.
        edit: the queue is changed.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    painted: int | None = None
    take: bool = False
    command: str | None = None
    phase: str = ""
    episode: int | None = None
    task: Sentence = ""
    edit: Edit | None = None


def station_app(
    board: Board,
    ask: Callable[[Asked | QueueEdit], None],
    shown: Pass | None,
    address: Callable[[], str] | None = None,
) -> Starlette:
    """An ASGI application that shows a session; a gate belongs before it.

    Args:
        board: what there is to see.
        ask: passes on what the controlling page asks.
        shown: what a browser has to show; None where only this machine can reach the page.
        address: what another device is to open, with the token; asked once the page is served.
    """
    invitation = [] if shown is None or address is None else [_invitation(address)]
    room = _Room(board, ask, bool(invitation))
    files = Files(_PACKAGES)
    return Starlette(
        routes=[
            Route("/", files.page),
            Route("/assets/{name}", files.asset),
            *login_routes(shown),
            *invitation,
            WebSocketRoute("/api/live/{page}", room.visit),
        ]
    )


def _invitation(address: Callable[[], str]) -> Route:
    """The address as a code for another device: whoever sees this page may show it in."""

    def code(request: Request) -> Response:
        from lerecord.ui.web import code_image  # its library is only needed here

        return Response(code_image(address()), media_type="image/svg+xml")

    return Route("/api/code", code)


class _Room:
    """Everybody who looks."""

    def __init__(
        self, board: Board, ask: Callable[[Asked | QueueEdit], None], invites: bool
    ) -> None:
        self._board = board
        self._ask = ask
        self._invites = invites
        self._lease = Lease()
        self._pages: dict[str, WebSocket] = {}

    async def visit(self, socket: WebSocket) -> None:
        """One page, from its arrival to its end."""
        name = socket.path_params["page"][:64]
        if len(self._pages) >= _MOST_PAGES and name not in self._pages:
            await socket.close(1013, "too many pages look at this session; close one")
            return
        await socket.accept()
        self._pages[name] = socket
        self._lease.arrive(name)
        try:
            await self._converse(socket, name)
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            pass  # it is gone, or it stands still
        finally:
            if self._pages.get(name) is socket:
                del self._pages[name]
                self._lease.leave(name)
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.close()

    async def _converse(self, socket: WebSocket, name: str) -> None:
        painted: asyncio.Queue[int] = asyncio.Queue()
        listening = asyncio.create_task(self._listen(socket, name, painted))
        try:
            number, last_sent = 0, [-1.0] * len(self._board.eyes)
            for bundle in range(1 << 62):
                began = time.monotonic()
                number, data = await self._board.after(number)
                last_sent = await self._send(socket, name, bundle, data, last_sent)
                while (
                    await asyncio.wait_for(_first(painted.get(), listening), _PATIENCE_S) < bundle
                ):
                    pass
                await asyncio.sleep(max(0.0, began + _FASTEST_S - time.monotonic()))
        finally:
            listening.cancel()

    async def _send(
        self, socket: WebSocket, name: str, bundle: int, data: Any, last_sent: list[float]
    ) -> list[float]:
        """The moment, then the image of each camera that has a new one."""
        now = time.monotonic()
        images = [eye.newest() for eye in self._board.eyes]
        told = [
            _camera_data(eye.camera.name, eye.camera.rotation, image, now, sent)
            for eye, image, sent in zip(self._board.eyes, images, last_sent, strict=True)
        ]
        control = {
            "mine": self._lease.holds(name),
            "held": self._lease.is_held,
            "pages": len(self._pages),
        }
        text = {
            "bundle": bundle,
            "moment": data,
            "cameras": told,
            "control": control,
            "invites": self._invites,
        }
        await socket.send_text(json.dumps(text, ensure_ascii=False, allow_nan=False))
        for camera, image in zip(told, images, strict=True):
            if image is not None and camera["fresh"]:
                assert isinstance(image.data, bytes)
                await socket.send_bytes(image.data)
        return [
            sent if image is None else image.captured_at
            for image, sent in zip(images, last_sent, strict=True)
        ]

    async def _listen(self, socket: WebSocket, name: str, painted: "asyncio.Queue[int]") -> None:
        while True:
            try:
                said = Said.model_validate_json(await socket.receive_text())
            except (ValidationError, KeyError):
                await socket.close(1008, "the page said what nobody means")
                return
            if said.take:
                self._lease.take(name)
            if said.command is not None and self._lease.holds(name):
                self._ask(Asked(said.command[:32], said.phase[:32], said.episode, said.task))
            if said.edit is not None and self._lease.holds(name):
                self._ask(said.edit.to_edit())
            if said.painted is not None:
                painted.put_nowait(said.painted)


async def _first(waited: Any, ending: "asyncio.Task[None]") -> Any:
    """What is waited for; raises as soon as the other task has ended."""
    task = asyncio.ensure_future(waited)
    try:
        await asyncio.wait({task, ending}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        ending.result()
        raise WebSocketDisconnect
    finally:
        task.cancel()


def _camera_data(
    name: str, rotation: int, image: Image | None, now: float, sent: float
) -> dict[str, Any]:
    return {
        "name": name,
        "rotation": rotation,
        "age_ms": None if image is None else round(1000 * (now - image.captured_at)),
        "fresh": image is not None and image.captured_at != sent,
    }
