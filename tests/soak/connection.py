"""A connection that counts the requests whose outcome is not known."""

from collections import Counter
from collections.abc import Iterator
from threading import Event
from typing import Any

from tests.support.servers.http_client import CONNECTION_ERRORS, Client, Response
from tests.support.servers.load import RETRY_DELAY

UNAVAILABLE = 503


class Connection:
    """A keep-alive connection."""

    def __init__(self, port: int, stopped: Event) -> None:
        self.unanswered: Counter[str] = Counter()
        """The number of broken connections, by error, and of responses with status 503."""
        self.unexpected: Counter[str] = Counter()
        """The number of other responses that the request should not have, by status."""
        self._client = Client(port)
        self._stopped = stopped

    def send(
        self, method: str, url: str, expected: set[int], body: object = None, **headers: str
    ) -> Response | None:
        """Send a request. Return None if the response does not say whether it was executed.

        A 503 does not: a database that fails after the commit does not confirm it.
        """
        try:
            response = self._client.send(method, url, body, **headers)
        except CONNECTION_ERRORS as error:
            self.unanswered[type(error).__name__] += 1
        else:
            if response.status in expected:
                return response
            failures = self.unanswered if response.status == UNAVAILABLE else self.unexpected
            failures[str(response.status)] += 1
        self._stopped.wait(RETRY_DELAY)
        return None

    def read_pages(self, url: str) -> Iterator[Any]:
        """Yield all items of a list, page by page."""
        while url:
            response = self.send("GET", url, {200})
            if response is None:
                raise RuntimeError("The service does not respond after the last failure.")
            yield from response.json()
            url = response.headers.get("Link", "").partition(">")[0].removeprefix("<")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
