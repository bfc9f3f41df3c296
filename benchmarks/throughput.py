"""Requests per second, response times and CPU time of all implementations."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from tqdm import tqdm

from benchmarks.conformance import check
from benchmarks.database import Database
from benchmarks.load import MAX_RATE, load
from benchmarks.operations import OPERATIONS, Operation, mixed
from benchmarks.servers import IMPLEMENTATIONS, SERVICE, Implementation, Server, serve

WARM_UP = 2
"""Seconds of mixed requests, which open all connections and prepare all statements."""


@dataclass(frozen=True)
class Sample:
    """The result of one round; times are milliseconds per request."""

    rate: float
    p50: float
    p99: float
    cpu: float


@dataclass(frozen=True)
class Throughput:
    """One operation: the samples of each implementation, one per round."""

    operation: Operation
    samples: dict[Implementation, list[Sample]]

    def median_of(
        self, implementation: Implementation, measure: Callable[[Sample], float]
    ) -> float:
        """Return the median of a figure over the rounds."""
        return median(measure(sample) for sample in self.samples[implementation])

    def ratio(self, other: Implementation) -> float:
        """Return the rate of this service divided by that of the other: the median of the rounds.

        The speed of a shared machine changes between rounds, much less within one.
        """
        pairs = zip(self.samples[SERVICE], self.samples[other], strict=True)
        return median(ours.rate / others.rate for ours, others in pairs)


def measure_throughput(
    database: Database,
    rounds: int,
    seconds: int,
    implementations: Sequence[Implementation] = IMPLEMENTATIONS,
) -> list[Throughput]:
    """Measure every operation on every implementation, alternately, in several rounds."""
    results = [
        Throughput(operation, {each: [] for each in implementations}) for operation in OPERATIONS
    ]
    with ExitStack() as stack:
        servers = [stack.enter_context(serve(each, database.url)) for each in implementations]
        for server in servers:
            check(server, database)
            load(server, mixed(database, MAX_RATE * WARM_UP), seconds=WARM_UP)
            database.restore()
        schedule = list(_schedule(results, servers, rounds))
        for result, server in tqdm(schedule, "throughput"):
            sample = _sample(server, result.operation, database, seconds)
            result.samples[server.implementation].append(sample)
    return results


def _schedule(
    results: list[Throughput], servers: list[Server], rounds: int
) -> Iterator[tuple[Throughput, Server]]:
    """Start each round with another implementation."""
    for number in range(rounds):
        first = number % len(servers)
        for result in results:
            for server in servers[first:] + servers[:first]:
                yield result, server


def _sample(server: Server, operation: Operation, database: Database, seconds: int) -> Sample:
    requests = operation.requests(database, MAX_RATE * seconds)
    before = server.cpu_seconds()
    result = load(server, requests, seconds=seconds)
    cpu = server.cpu_seconds() - before
    database.restore()
    return Sample(result.rate, result.p50, result.p99, cpu / result.requests * 1000)
