"""Answers as JSON: numbers that are none are null, and what went wrong is one sentence."""

import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from lerecord import refusals
from lerecord.errors import LerecordError


def json_reply(data: Any, status: int = 200) -> Response:
    """Data as the answer; it has no NaN."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


_T = TypeVar("_T")
_M = TypeVar("_M", bound=BaseModel)


def posted(
    kind: type[_M], endpoint: Callable[[_M], Response]
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that is sent a message; one of another form is refused before it hears of it.

    Args:
        kind: of the message.
        endpoint: may take long; it runs in a thread.
    """

    def heard(body: bytes) -> Response:
        try:
            message = kind.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(map(str, first["loc"])) or "the message"
            return json_reply({"error": f"The page said what nobody means: {where}."}, 400)
        return _told(endpoint, message)

    async def answered(request: Request) -> Response:
        return await run_in_threadpool(heard, await request.body())

    return answered


def answering(endpoint: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """An endpoint whose failures are told as a sentence, in place of a page about an error."""

    @functools.wraps(endpoint)
    def answered(request: Request) -> Response:
        return _told(endpoint, request)

    return answered


def _told(endpoint: Callable[[_T], Response], message: _T) -> Response:
    try:
        return endpoint(message)
    except LerecordError as error:
        return json_reply({"error": str(error)}, 409)
    except OSError as error:
        sentence = refusals.said(error)
        if sentence is None:
            raise
        return json_reply({"error": sentence}, 409)
