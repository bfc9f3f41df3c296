"""Response times with a network between server and database, in round trips."""

from dataclasses import dataclass
from statistics import median
from time import perf_counter

import psycopg
from tqdm import tqdm

from benchmarks.client import WARM_UP, median_time
from benchmarks.database import Database
from benchmarks.delay import ONE_WAY, delayed_database
from benchmarks.operations import EXTRA_OPERATIONS, OPERATIONS, Operation
from benchmarks.servers import ALTERNATIVE, SERVICE, Implementation, serve

ROUND_TRIP = 2 * ONE_WAY * 1000
"""Milliseconds."""


@dataclass(frozen=True)
class Latency:
    """The median time of each operation, in milliseconds."""

    times: dict[tuple[Operation, Implementation], float]
    select_1: float
    """The median time of a bare `SELECT 1`: the share of the network."""

    def round_trips(self, operation: Operation, implementation: Implementation) -> float:
        """Return the time of an operation, in round trips to the database."""
        return self.times[operation, implementation] / ROUND_TRIP


def measure_latency(database: Database, count: int) -> Latency:
    """Measure every operation `count` times, one request at a time.

    One process with one thread serves them, so the first requests warm it up for all others.
    """
    times = {}
    with delayed_database(database.url) as delayed_url:
        select_1 = _time_of_select_1(delayed_url, count)
        for implementation in (SERVICE, ALTERNATIVE):
            with serve(implementation, delayed_url, workers=1, threads=1) as server:
                for operation in tqdm(
                    (*OPERATIONS, *EXTRA_OPERATIONS), f"latency, {implementation.name}"
                ):
                    requests = operation.requests(database, WARM_UP + count)
                    time = median_time(server, requests, operation.status, count)
                    times[operation, implementation] = time
                    database.restore()
    return Latency(times, select_1)


def _time_of_select_1(url: str, count: int) -> float:
    times = []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(count):
            start = perf_counter()
            connection.execute("SELECT 1")
            times.append((perf_counter() - start) * 1000)
    return median(times)
