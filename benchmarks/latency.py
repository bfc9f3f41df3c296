"""Times with a network between service and database, in round trips."""

from dataclasses import dataclass
from statistics import median
from time import perf_counter

import psycopg
from tqdm import tqdm

from benchmarks.client import WARM_UP, typical_time
from benchmarks.database import Database
from benchmarks.delay import ONE_WAY, delayed
from benchmarks.operations import FURTHER_OPERATIONS, OPERATIONS, Operation
from benchmarks.servers import ALTERNATIVE, SERVICE, Contestant, serve

ROUND_TRIP = 2 * ONE_WAY * 1000
"""Milliseconds."""


@dataclass(frozen=True)
class Latency:
    """The median time of each operation, in milliseconds."""

    times: dict[tuple[Operation, Contestant], float]
    bare: float
    """The same of a bare `SELECT 1`: what of the time is the network's."""

    def round_trips(self, operation: Operation, contestant: Contestant) -> float:
        """Return the time of an operation in round trips to the database."""
        return self.times[operation, contestant] / ROUND_TRIP


def measure_latency(database: Database, count: int) -> Latency:
    """Measure every operation, `count` times one after the other.

    One process with one thread: so the requests that warm up do it for all that follow.
    """
    times = {}
    with delayed(database.url) as far_away:
        bare = _bare_round_trip(far_away, count)
        for contestant in (SERVICE, ALTERNATIVE):
            with serve(contestant, far_away, workers=1, threads=1) as server:
                for operation in tqdm(
                    (*OPERATIONS, *FURTHER_OPERATIONS), f"latency, {contestant.name}"
                ):
                    requests = operation.requests(database, WARM_UP + count)
                    time = typical_time(server, requests, operation.status, count)
                    times[operation, contestant] = time
                    database.restore()
    return Latency(times, bare)


def _bare_round_trip(url: str, count: int) -> float:
    times = []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(count):
            start = perf_counter()
            connection.execute("SELECT 1")
            times.append((perf_counter() - start) * 1000)
    return median(times)
