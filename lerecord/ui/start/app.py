"""The addresses of the page, and what each answers.

The server lives as long as nobody starts a session; the next one has another `turn`, by which a
page sees that a session has come and gone.
"""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lerecord.ui.start.choices import DatasetChoice, RigChoice
from lerecord.ui.start.form import Checked, Form, Told
from lerecord.ui.station import Lease
from lerecord.ui.web import Files, Pass, answering, json_reply, login_routes, posted

_PACKAGES = ("lerecord.ui.web", "lerecord.ui.start")


class Desk(Protocol):
    """Whoever knows what there is, and starts what is asked for."""

    @property
    def form(self) -> Form:
        """What the page begins with."""

    @property
    def told(self) -> Told | None:
        """What came of the last session; None before the first one."""

    def choices(self) -> tuple[Sequence[RigChoice], Sequence[DatasetChoice]]:
        """The rigs and the datasets that there are now."""

    def checked(self, form: Form) -> Checked:
        """What is to be said of a form; nothing is contacted for it."""

    def start(self, form: Form) -> None:
        """Have that session begun; called once, with a form that has no fault."""


class _Page(BaseModel):
    """A page by the name that it gave itself, the same after it is reloaded."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    page: Annotated[str, Field(min_length=8, max_length=64)]


class _Look(_Page):
    take: bool = False


class _Start(_Page):
    form: Form


def start_app(desk: Desk, shown: Pass | None = None) -> Starlette:
    """An ASGI application that shows the form; a gate belongs before it.

    Args:
        desk: behind it.
        shown: what a browser has to show; None where only this machine can reach the page.
    """
    room = _Room(desk)
    files = Files(_PACKAGES)
    return Starlette(
        routes=[
            Route("/", files.page),
            Route("/assets/{name}", files.asset),
            *login_routes(shown),
            Route("/api/choices", answering(room.choices)),
            Route("/api/look", posted(_Look, room.look), methods=["POST"]),
            Route("/api/check", posted(Form, room.check), methods=["POST"]),
            Route("/api/start", posted(_Start, room.start), methods=["POST"]),
        ]
    )


class _Room:
    """Everybody who looks; their requests come in several threads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn = secrets.token_hex(8)
        self._lease = Lease()
        self._lock = threading.Lock()
        self._is_starting = False

    def choices(self, request: Request) -> Response:
        rigs, datasets = self._desk.choices()
        told = self._desk.told
        return json_reply(
            {
                "rigs": [asdict(each) for each in rigs],
                "datasets": [asdict(each) for each in datasets],
                "form": self._desk.form.model_dump(mode="json"),
                "told": None if told is None else asdict(told),
            }
        )

    def look(self, said: _Look) -> Response:
        """A page is there; one that does not come back for a while has left."""
        with self._lock:
            if said.take:
                self._lease.take(said.page)
            self._lease.arrive(said.page)
            mine = self._lease.holds(said.page)
            if mine:
                self._lease.leave(said.page)
            return json_reply({"turn": self._turn, "mine": mine, "starting": self._is_starting})

    def check(self, form: Form) -> Response:
        return json_reply(_checked_data(self._desk.checked(form)))

    def start(self, said: _Start) -> Response:
        with self._lock:
            if not self._lease.holds(said.page):
                sentence = "Another page controls; take control with its button before you start."
                return json_reply({"error": sentence}, 409)
            if self._is_starting:
                return json_reply({"error": "A session is being started already."}, 409)
            checked = self._desk.checked(said.form)
            if not checked.faults:
                self._is_starting = True
                self._desk.start(said.form)
            return json_reply(_checked_data(checked))


def _checked_data(checked: Checked) -> dict[str, Any]:
    return {"faults": dict(checked.faults), "lines": checked.lines}
