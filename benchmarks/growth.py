"""The response times of this service as the table grows."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from statistics import median

from tqdm import tqdm

from benchmarks.database import Database
from benchmarks.load import MAX_RATE, load
from benchmarks.operations import OPERATIONS, Operation, mixed
from benchmarks.servers import SERVICE, Server, serve


@dataclass(frozen=True)
class Growth:
    """The median times of one operation in milliseconds: by size, one per round."""

    operation: str
    times: dict[int, list[float]]

    def median_of(self, size: int) -> float:
        """Return the median of the rounds at a size."""
        return median(self.times[size])

    def factor(self, size: int) -> float:
        """Return the time at a size divided by that at the smallest: the median of the rounds."""
        pairs = zip(self.times[size], self.times[min(self.times)], strict=True)
        return median(large / small for large, small in pairs)


def measure_growth(databases: Sequence[Database], rounds: int) -> list[Growth]:
    """Measure every operation on every database, alternately, in several rounds."""
    results = [Growth(each.name, {db.size: [] for db in databases}) for each in OPERATIONS]
    with ExitStack() as stack:
        services = [(stack.enter_context(serve(SERVICE, each.url)), each) for each in databases]
        for server, database in services:
            load(server, mixed(database, MAX_RATE), seconds=1)
            database.restore()
        pairs = zip(OPERATIONS, results, strict=True)
        schedule = list(product(range(rounds), pairs, services))
        for _, (operation, result), (server, database) in tqdm(schedule, "growth"):
            result.times[database.size].append(_time_of(operation, server, database))
            database.restore()
    return results


def _time_of(operation: Operation, server: Server, database: Database) -> float:
    requests = operation.requests(database, MAX_RATE)
    return load(server, requests, seconds=1, connections=1).p50
