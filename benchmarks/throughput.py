"""Requests per second, response times, CPU time and memory of all implementations."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from tqdm import tqdm

from benchmarks.conformance import check
from benchmarks.database import Database
from benchmarks.load import MAX_RATE, load
from benchmarks.operations import OPERATIONS, Operation, mixed
from benchmarks.servers import SERVICE, Implementation, Server, serve

WARM_UP = 2
"""Seconds of mixed requests, which open all connections and prepare all statements."""

MIN_RESPONSES = 64
"""Four for each connection: the last request of each is cut off, and costs CPU time only."""


@dataclass(frozen=True)
class Sample:
    """The result of one round; times are milliseconds, the CPU time for each request."""

    rate: float
    p50: float
    p99: float
    cpu: float


Measure = Callable[[Sample], float]


@dataclass(frozen=True)
class Throughput:
    """The samples of each implementation and operation, one per round."""

    samples: dict[tuple[Implementation, str], list[Sample]]
    memory: dict[Implementation, float]
    """The resident megabytes of the largest worker at the end."""

    def median_of(self, implementation: Implementation, operation: str, measure: Measure) -> float:
        """Return the median of a figure over the rounds."""
        return median(map(measure, self.samples[implementation, operation]))

    def ratio(self, other: Implementation, operation: str, measure: Measure) -> float:
        """Return a figure of this service divided by the other's: the median of the rounds.

        The speed of a shared machine changes between rounds, much less within one.
        """
        pairs = zip(self.samples[SERVICE, operation], self.samples[other, operation], strict=True)
        return median(measure(ours) / measure(theirs) for ours, theirs in pairs)


def measure_throughput(
    database: Database, rounds: int, implementations: Sequence[Implementation]
) -> Throughput:
    """Measure every operation on every implementation, alternately, in several rounds."""
    result = Throughput(
        {(each, operation.name): [] for each in implementations for operation in OPERATIONS}, {}
    )
    with ExitStack() as stack:
        servers = []
        for implementation in tqdm(implementations, "start and conformance"):
            server = stack.enter_context(serve(implementation, database.url))
            servers.append(server)
            check(server, database)
            load(server, mixed(database, MAX_RATE * WARM_UP), seconds=WARM_UP)
            database.restore()
        for server, operation in tqdm(list(_schedule(servers, rounds)), "throughput"):
            sample = _sample(server, operation, database)
            result.samples[server.implementation, operation.name].append(sample)
        result.memory.update({each.implementation: each.resident_mb() for each in servers})
    return result


def _schedule(servers: list[Server], rounds: int) -> Iterator[tuple[Server, Operation]]:
    """Start each round with another implementation."""
    for number in range(rounds):
        first = number % len(servers)
        for operation in OPERATIONS:
            for server in servers[first:] + servers[:first]:
                yield server, operation


def _sample(server: Server, operation: Operation, database: Database) -> Sample:
    """Measure for a second, or for as many as the minimum of responses takes."""
    for seconds in (1, 2, 4, 8, 16, 32):
        requests = operation.requests(database, MAX_RATE * seconds)
        before = server.cpu_seconds()
        result = load(server, requests, seconds=seconds)
        cpu = server.cpu_seconds() - before
        database.restore()
        if result.requests >= MIN_RESPONSES:
            return Sample(result.rate, result.p50, result.p99, cpu / result.requests * 1000)
    raise RuntimeError(f"{server.implementation.name}: {operation.name} takes too long")
