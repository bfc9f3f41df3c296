"""A client that sends requests one at a time."""

from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection
from itertools import cycle, islice
from statistics import median
from time import perf_counter

from benchmarks.operations import Request
from benchmarks.servers import Server

TIMEOUT = 30
WARM_UP = 6
"""Requests before the measurement: psycopg prepares a statement only after several executions."""


def connect(server: Server) -> HTTPConnection:
    """Return a connection to a server; the first request opens it."""
    return HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)


def send(connection: HTTPConnection, request: Request) -> tuple[int, bytes]:
    """Send a request; return the status and the body of the response."""
    connection.request(request.method, request.path, request.body, dict(request.headers))
    response = connection.getresponse()
    return response.status, response.read()


def median_time(server: Server, requests: Iterable[Request], status: int, count: int) -> float:
    """Return the median time of `count` requests in milliseconds.

    Raises RuntimeError if a response has another status.
    """
    times = []
    with closing(connect(server)) as connection:
        for request in islice(cycle(requests), WARM_UP + count):
            start = perf_counter()
            response = send(connection, request)
            times.append((perf_counter() - start) * 1000)
            if response[0] != status:
                raise RuntimeError(f"{server.implementation.name}: {request}: {response}")
    return median(times[WARM_UP:])
