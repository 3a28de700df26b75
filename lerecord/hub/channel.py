"""Reading from the Hub: no answer is larger, slower or longer than was to be expected.

Whoever answers may be anyone. The client of huggingface_hub reads answers of any size, follows any
number of pages and waits for ever; its session is used here with bounds.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any
from urllib.parse import urlencode, urljoin, urlsplit

from huggingface_hub import constants, get_session
from huggingface_hub.utils import hf_raise_for_status

from lerecord.hub.waiting import Allowance, within

_LARGEST_ANSWER_BYTES = 32 << 20  # a page has 1000 files
_MOST_PAGES = 1000
_BLOCK = 1 << 16
_LONGEST_REFUSAL_BYTES = 1 << 16


class OversizeError(Exception):
    """An answer is larger than it may be."""


class Channel:
    """Asks one Hub.

    Args:
        url: of the Hub.
        headers: with the token.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = dict(headers)

    def json(self, path: str, **query: str | list[str]) -> Any:
        """The answer to a question.

        Raises:
            OversizeError: it is too large.
            TooSlowError: it does not come.
            Exception: of the client: the Hub refuses or cannot be reached. ValueError: no JSON.
        """
        return self._page(self._address(path, query))[0]

    def pages(self, path: str, **query: str | list[str]) -> Iterator[list[Any]]:
        """The pages of a list. Raises as `json`, and OversizeError for too many of them."""
        address: str | None = self._address(path, query)
        seen: set[str] = set()
        while address is not None:
            if address in seen or len(seen) == _MOST_PAGES:
                raise OversizeError(f"a list without an end, {len(seen)} pages so far")
            seen.add(address)
            page, following = self._page(address)
            if not isinstance(page, list):
                raise TypeError("a list was expected")
            yield page
            # Asked here, wherever it points: a mirror passes on links to what it mirrors, and the
            # token is for this server alone.
            address = None if following is None else self._here(urljoin(address, following))

    def fetch(self, path: str, size_bytes: int, file: IO[bytes]) -> None:
        """Write a file's content, which has so many bytes. Raises as `json`."""
        allowance = Allowance(silence_s(), size_bytes)
        with _answer(f"{self._url}{path}", self._headers) as (_, blocks):
            for block in blocks:
                size_bytes -= len(block)
                if size_bytes < 0:
                    raise OversizeError("more bytes than the file has")
                file.write(block)
                allowance.require()
        if size_bytes:
            raise ConnectionError(f"{size_bytes} bytes of a file are missing")

    def _page(self, address: str) -> tuple[Any, str | None]:
        allowance = Allowance(silence_s())

        def read() -> tuple[bytes, str | None]:
            body = bytearray()
            with _answer(address, self._headers) as (answer, blocks):
                for block in blocks:
                    body += block
                    if len(body) > _LARGEST_ANSWER_BYTES:
                        raise OversizeError(f"more than {_LARGEST_ANSWER_BYTES >> 20} MB")
                    allowance.require()
                return bytes(body), answer.links.get("next", {}).get("url")

        body, following = within(allowance.seconds, read)
        return json.loads(body), following

    def _here(self, address: str) -> str:
        ours = urlsplit(self._url)
        return urlsplit(address)._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()

    def _address(self, path: str, query: Mapping[str, str | list[str]]) -> str:
        return (
            f"{self._url}{path}?{urlencode(query, doseq=True)}" if query else f"{self._url}{path}"
        )


def silence_s() -> float:
    """Seconds without a byte after which a server is taken for gone."""
    return float(constants.HF_HUB_DOWNLOAD_TIMEOUT)


@contextmanager
def _answer(address: str, headers: Mapping[str, str]) -> Iterator[tuple[Any, Iterator[bytes]]]:
    session: Any = get_session()
    if callable(session.stream):  # httpx, from huggingface_hub 1 on; requests has a flag there
        with session.stream("GET", address, headers=headers, timeout=silence_s()) as answer:
            yield answer, _accepted(answer, answer.iter_bytes())
    else:
        with session.get(address, headers=headers, timeout=silence_s(), stream=True) as answer:
            yield answer, _accepted(answer, answer.iter_content(_BLOCK))


def _accepted(answer: Any, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if answer.status_code >= 400:
        said = bytearray()
        for block in blocks:
            said += block
            if len(said) > _LONGEST_REFUSAL_BYTES:
                break
        # Where both libraries keep what was read: else the client reads whatever else comes.
        answer._content = bytes(said)
        hf_raise_for_status(answer)
    return blocks
