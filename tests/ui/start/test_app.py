"""The addresses of the form: who may start what, and how often."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.ui.start import Checked, DatasetChoice, Form, RigChoice, TaskLine, Told, start_app
from lerecord.ui.web import Gate
from tests.ui.web.asgi import HOST, OWN, Answer, ask

FIRST, SECOND = "first-page", "second-page"
FORM = Form(hardware="sim", dataset="box", tasks=(TaskLine(task="Grab it"),))


class Desk:
    """Finds the fault that it is told to find."""

    form = FORM
    told = Told(("episode 0: 2 frames",), "The port is missing.")

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self.started: list[Form] = []

    def choices(self) -> tuple[Sequence[RigChoice], Sequence[DatasetChoice]]:
        return [RigChoice("sim", simulated=True)], [DatasetChoice("box", 2)]

    def checked(self, form: Form) -> Checked:
        return Checked(self.faults, f"lerecord record --dataset {form.dataset}")

    def start(self, form: Form) -> None:
        self.started.append(form)


class Page:
    """Somebody who asks through the gate."""

    def __init__(self, desk: Desk) -> None:
        self._app = Gate(start_app(desk), [HOST])

    def get(self, path: str) -> Answer:
        return ask(self._app, path)

    def post(self, path: str, data: Any, origin: str = OWN) -> Answer:
        body = json.dumps(data).encode()
        headers = [("host", HOST), ("origin", origin), ("content-type", "application/json")]
        return ask(self._app, path, "POST", [*headers, ("content-length", str(len(body)))], body)

    def look(self, page: str, take: bool = False) -> Any:
        return self.post("/api/look", {"page": page, "take": take}).data

    def start(self, page: str, **changes: Any) -> Answer:
        return self.post("/api/start", {"page": page, "form": form(**changes)})


def form(**changes: Any) -> dict[str, Any]:
    return {**FORM.model_dump(mode="json"), **changes}


def test_the_page_is_told_what_there_is_and_what_came_of_the_last_session() -> None:
    page = Page(Desk())
    assert page.get("/assets/page.json").data == {"page": "start"}
    assert b"/assets/start.js" in page.get("/").body
    told = page.get("/api/choices").data
    assert [each["name"] for each in told["rigs"] + told["datasets"]] == ["sim", "box"]
    assert told["form"] == form()
    assert told["told"] == {"lines": ["episode 0: 2 frames"], "failure": "The port is missing."}


def test_only_the_page_that_controls_starts_and_only_once() -> None:
    desk = Desk()
    page = Page(desk)
    assert page.start(FIRST).status == 409  # it has not even looked
    assert [page.look(each)["mine"] for each in (FIRST, SECOND, FIRST)] == [True, False, True]
    assert "Another page controls" in page.start(SECOND).data["error"]
    assert page.look(SECOND, take=True)["mine"]
    assert page.start(FIRST).status == 409
    assert page.start(SECOND).status == 200
    assert "already" in page.start(SECOND).data["error"]
    assert desk.started == [FORM]
    assert page.look(SECOND)["starting"]


def test_a_form_with_a_fault_is_not_started() -> None:
    desk = Desk()
    desk.faults = {"task-0": "The task is empty."}
    page = Page(desk)
    page.look(FIRST)
    said = {"faults": desk.faults, "lines": "lerecord record --dataset box"}
    assert page.start(FIRST).data == page.post("/api/check", form()).data == said
    assert desk.started == []


@pytest.mark.parametrize(
    "changes",
    [
        {"hardware": "x" * 301},
        {"dataset": None},
        {"tasks": []},
        {"tasks": [{"task": "x"}] * 101},
        {"tasks": [{"task": "x" * 2001}]},
        {"tasks": [{"task": "x", "episodes": 1.5}]},
        {"tasks": [{"task": "x", "push": True}]},
        {"order": "random"},
        {"gate": "none"},
        {"episode_time": "5"},
        {"labels": 1},
        {"tasks_file": "/etc/passwd"},
        {"port": 80},
    ],
)
def test_what_no_form_says_is_refused(changes: dict[str, Any]) -> None:
    desk = Desk()
    page = Page(desk)
    page.look(FIRST)
    assert page.post("/api/check", form(**changes)).status == 400
    assert page.start(FIRST, **changes).status == 400
    assert desk.started == []


def test_another_site_is_refused() -> None:
    desk = Desk()
    page = Page(desk)
    page.look(FIRST)
    data = {"page": FIRST, "form": form()}
    assert page.post("/api/start", data, "http://evil.example").status == 403
    assert desk.started == []
