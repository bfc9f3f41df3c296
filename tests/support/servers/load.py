"""Keep-alive clients on threads, and what becomes of each request that they send."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPMessage
from threading import Event
from time import monotonic
from typing import Any

from tests.support.servers.gunicorn import wait_until

PATIENCE = 30
"""Seconds a client waits for an answer, as a platform's router does; longer is a hang."""

NO_ANSWER = (OSError, HTTPException)
"""The connection fails, or the answer breaks off."""

PAUSE = 0.05
"""Seconds a client waits after a failure before it tries again."""


@dataclass(frozen=True)
class Answer:
    """A complete response."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)


class Client:
    """A keep-alive connection, which opens anew where the server has closed it."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Send a request, and return the answer; raise NO_ANSWER where none comes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            named["Content-Type"] = "application/json"
        try:
            self._connection.request(method, path, content, named)
            response = self._connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except NO_ANSWER:
            self.close()
            raise

    def stay_closed(self) -> None:
        """Do not open anew; what is asked then fails with NotConnected."""
        self._connection.auto_open = 0

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass(frozen=True)
class Record:
    """When each request was sent, and the status of its answer or the name of the error."""

    outcomes: list[tuple[float, int | str]] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def count(self, since: float = 0) -> "Counter[int | str]":
        """Count the outcomes of what was sent since then (`time.monotonic`)."""
        return Counter(outcome for sent, outcome in self.outcomes if sent >= since)

    def wait_for(self, number: int, outcome: int | str) -> None:
        """Return when the outcome has come so many times more."""
        goal = self.count()[outcome] + number
        wait_until(lambda: self.count()[outcome] >= goal)


Act = Callable[[Client, int], Answer]
"""What a client does again and again; it is told which of the clients it is."""


@contextmanager
def load(port: int, clients: int, act: Act) -> Iterator[Record]:
    """Let so many clients act at once until the block ends."""
    record = Record()
    with ThreadPoolExecutor(clients) as pool:
        runs = [pool.submit(_repeat, port, act, number, record) for number in range(clients)]
        try:
            yield record
        finally:
            record.over.set()
    for run in runs:
        run.result()


def _repeat(port: int, act: Act, number: int, record: Record) -> None:
    outcome: int | str
    with closing(Client(port)) as client:
        while not record.over.is_set():
            sent = monotonic()
            try:
                outcome = act(client, number).status
            except NO_ANSWER as exc:
                outcome = type(exc).__name__
            record.outcomes.append((sent, outcome))
            if outcome not in {200, 201, 204}:
                record.over.wait(PAUSE)
