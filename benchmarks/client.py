"""A client that sends one request after the other."""

from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection
from itertools import cycle, islice
from statistics import median
from time import perf_counter

from benchmarks.operations import Request
from benchmarks.servers import Server

SECONDS = 30
WARM_UP = 6
"""Requests not measured: psycopg prepares a statement when it comes for the fifth time."""


def connect(server: Server) -> HTTPConnection:
    """Return a connection to a server, which opens with the first request."""
    return HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)


def ask(connection: HTTPConnection, request: Request) -> tuple[int, bytes]:
    """Send a request; return the status and the body of the answer."""
    connection.request(request.method, request.path, request.body, dict(request.headers))
    response = connection.getresponse()
    return response.status, response.read()


def typical_time(server: Server, requests: Iterable[Request], status: int, count: int) -> float:
    """Return the median time of `count` requests in milliseconds.

    Raises RuntimeError where the answer is not of this status.
    """
    times = []
    with closing(connect(server)) as connection:
        for request in islice(cycle(requests), WARM_UP + count):
            start = perf_counter()
            answer = ask(connection, request)
            times.append((perf_counter() - start) * 1000)
            if answer[0] != status:
                raise RuntimeError(f"{server.contestant.name}: {request}: {answer}")
    return median(times[WARM_UP:])
