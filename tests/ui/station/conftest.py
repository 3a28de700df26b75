"""What the tests of a session's page share."""

from collections.abc import Iterator

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from tests.ui.station.served import Served, serving


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        yield found
