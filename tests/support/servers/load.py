"""A load generator: concurrent keep-alive clients, and the outcome of each of their requests."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from threading import Event
from time import monotonic

from tests.support.servers.gunicorn import wait_until
from tests.support.servers.http_client import CONNECTION_ERRORS, Client, Response

RETRY_DELAY = 0.05
"""Seconds that a client waits after a failure before its next request."""

Action = Callable[[Client, int], Response]
"""Sends one request. The second argument is the number of the client."""


@dataclass(frozen=True)
class Record:
    """When each request was sent, and the status of its response or the name of the error."""

    outcomes: list[tuple[float, int | str]] = field(default_factory=list)
    stopped: Event = field(default_factory=Event)

    def count(self, since: float = 0) -> "Counter[int | str]":
        """Count the outcomes of the requests sent since then (`time.monotonic`)."""
        return Counter(outcome for sent, outcome in self.outcomes if sent >= since)

    def wait_for(self, number: int, outcome: int | str) -> None:
        """Return when so many more requests have had the outcome."""
        goal = self.count()[outcome] + number
        wait_until(lambda: self.count()[outcome] >= goal)


@contextmanager
def load(
    port: int, clients: int, action: Action, tls: SSLContext | None = None
) -> Iterator[Record]:
    """Let each of the clients repeat the action until the block ends."""
    record = Record()
    with ThreadPoolExecutor(clients) as pool:
        runs = [
            pool.submit(_repeat, Client(port, tls), action, number, record)
            for number in range(clients)
        ]
        try:
            yield record
        finally:
            record.stopped.set()
    for run in runs:
        run.result()


def _repeat(connected: Client, action: Action, number: int, record: Record) -> None:
    outcome: int | str
    with closing(connected) as client:
        while not record.stopped.is_set():
            sent = monotonic()
            try:
                outcome = action(client, number).status
            except CONNECTION_ERRORS as exc:
                outcome = type(exc).__name__
            record.outcomes.append((sent, outcome))
            if outcome not in {200, 201, 204}:
                record.stopped.wait(RETRY_DELAY)
