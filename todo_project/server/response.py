"""The response to a request, which is sent in one piece.

gunicorn's own checks each header with regular expressions, though Django has checked them, and
formats the date for each response: 4 % of a read.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from time import time
from typing import Any

BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Response:
    """The status and the headers of the application, and those of the server."""

    status: str
    headers: Sequence[tuple[str, str]]

    def __init__(self, request: Any) -> None:
        self.request = request
        self.written: list[bytes] = []
        # gunicorn compares the whole value, which is a list (RFC 9110 §7.6.1).
        self.must_close: bool = request.should_close() or any(
            "close" in re.split(r"[ \t,]+", value.lower())
            for name, value in request.headers
            if name == "CONNECTION"
        )

    def start(
        self, status: str, headers: Sequence[tuple[str, str]], _exc_info: object = None
    ) -> Callable[[bytes], object]:
        """Take status and headers, as `start_response` of PEP 3333; return its `write`."""
        self.status, self.headers = status, headers
        return self.written.append

    def encode(self, body: Iterable[bytes]) -> list[bytes]:
        """Return head and body, the body in parts, with the length that it really has.

        The responses to HEAD, 204 and 304 have none (RFC 9110 §6.4.1). That of a static file may
        differ from the one that is declared, if the file has changed since the start.
        """
        parts = [bytes(part) for part in (*self.written, *body)]  # a text is an error
        major, minor = self.request.version
        lines = [
            f"HTTP/{major}.{minor} {self.status}",
            "Server: gunicorn",
            f"Date: {_http_date(int(time()))}",
            f"Connection: {'close' if self.must_close else 'keep-alive'}",
        ]
        headers = [*self.headers]
        if self.request.method == "HEAD" or int(self.status[:3]) in BODILESS:
            parts = []
        else:
            headers = [each for each in headers if each[0].lower() != "content-length"]
            headers.append(("Content-Length", str(sum(map(len, parts)))))
        lines += [f"{name}: {value}" for name, value in headers]
        return ["\r\n".join([*lines, "\r\n"]).encode("latin-1"), *parts]


@lru_cache(1)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
