"""The way in where a token is needed: shown once, it becomes a cookie."""

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lerecord.ui.web.gate import LOGIN, Pass
from lerecord.ui.web.replies import json_reply


def login_routes(shown: Pass | None) -> list[Route]:
    """Its address; none where no token is needed."""
    if shown is None:
        return []

    async def enter(request: Request) -> Response:
        try:
            said = json.loads(await request.body())
        except (ValueError, RecursionError):
            said = None
        if not (isinstance(said, dict) and shown.is_token(said.get("token"))):
            return json_reply({"error": "That is not the token; open the printed address."}, 401)
        reply = json_reply({"entered": True})
        reply.headers["Set-Cookie"] = shown.set_cookie()
        return reply

    return [Route(LOGIN, enter, methods=["POST"])]
