"""Response times with a network between service and database, in round trips."""

from collections.abc import Sequence

from tqdm import tqdm

from benchmarks.client import WARM_UP, median_time
from benchmarks.database import Database
from benchmarks.delay import ONE_WAY, delayed_database
from benchmarks.operations import OPERATIONS
from benchmarks.servers import Implementation, serve

ROUND_TRIP = 2 * ONE_WAY * 1000
"""Milliseconds."""

RoundTrips = dict[Implementation, dict[str, float]]
"""The median time of each operation, by its name, divided by that of a round trip."""


def measure_round_trips(
    database: Database, count: int, implementations: Sequence[Implementation]
) -> RoundTrips:
    """Measure every operation `count` times, one request at a time.

    One process with one connection serves them, so the first requests warm it up for all others.
    """
    results: RoundTrips = {}
    with delayed_database(database.url) as delayed_url:
        for implementation in tqdm(implementations, "round trips"):
            with serve(implementation, delayed_url, workers=1, threads=1) as server:
                results[implementation] = {}
                for operation in OPERATIONS:
                    requests = operation.requests(database, WARM_UP + count)
                    time = median_time(server, requests, operation.status, count)
                    results[implementation][operation.name] = time / ROUND_TRIP
                    database.restore()
    return results
