"""Answers as JSON: numbers that are none are null, and what went wrong is one sentence."""

import functools
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response

from lerecord import refusals
from lerecord.errors import LerecordError


def json_reply(data: Any, status: int = 200) -> Response:
    """Data as the answer; it has no NaN."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


def nested(values: NDArray[Any], decimals: int = 4) -> list[Any]:
    """An array as lists of rounded numbers, with None where there is none."""
    rounded = np.round(values.astype(np.float64), decimals)
    unknown = ~np.isfinite(rounded)
    if not unknown.any():
        return list(rounded.tolist())
    told = rounded.astype(object)
    told[unknown] = None
    return list(told.tolist())


def answering(endpoint: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """An endpoint whose failures are told as a sentence, in place of a page about an error."""

    @functools.wraps(endpoint)
    def answered(request: Request) -> Response:
        try:
            return endpoint(request)
        except LerecordError as error:
            return json_reply({"error": str(error)}, 409)
        except OSError as error:
            sentence = refusals.said(error)
            if sentence is None:
                raise
            return json_reply({"error": sentence}, 409)

    return answered
