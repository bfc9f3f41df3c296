"""Requests a second, their times and their cost, of all contestants in turn."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from tqdm import tqdm

from benchmarks.conformance import check
from benchmarks.database import Database
from benchmarks.load import MOST_A_SECOND, load
from benchmarks.operations import OPERATIONS, Operation, mixed
from benchmarks.servers import CONTESTANTS, SERVICE, Contestant, Server, serve

WARM_UP = 2
"""Seconds of mixed requests: every connection is open and every statement prepared."""


@dataclass(frozen=True)
class Sample:
    """One contestant at one operation in one round; per request, in milliseconds."""

    rate: float
    p50: float
    p99: float
    cpu: float


@dataclass(frozen=True)
class Throughput:
    """One operation: the samples of each contestant, round by round."""

    operation: Operation
    samples: dict[Contestant, list[Sample]]

    def typical(self, contestant: Contestant, measure: Callable[[Sample], float]) -> float:
        """Return the median of a measure."""
        return median(measure(sample) for sample in self.samples[contestant])

    def times(self, other: Contestant) -> float:
        """Return this service's rate in rates of the other: the median over the rounds.

        Within a round the machine is the same; between rounds it is not.
        """
        pairs = zip(self.samples[SERVICE], self.samples[other], strict=True)
        return median(mine.rate / theirs.rate for mine, theirs in pairs)


def measure_throughput(database: Database, rounds: int, seconds: int) -> list[Throughput]:
    """Measure every operation on every contestant, in rounds that take turns."""
    results = [
        Throughput(operation, {each: [] for each in CONTESTANTS}) for operation in OPERATIONS
    ]
    with ExitStack() as stack:
        servers = [stack.enter_context(serve(each, database.url)) for each in CONTESTANTS]
        for server in servers:
            check(server, database)
            load(server, mixed(database, MOST_A_SECOND * WARM_UP), seconds=WARM_UP)
            database.restore()
        schedule = list(_schedule(results, servers, rounds))
        for result, server in tqdm(schedule, "throughput"):
            sample = _sample(server, result.operation, database, seconds)
            result.samples[server.contestant].append(sample)
    return results


def _schedule(
    results: list[Throughput], servers: list[Server], rounds: int
) -> Iterator[tuple[Throughput, Server]]:
    """Let another contestant be the first in each round."""
    for number in range(rounds):
        first = number % len(servers)
        for result in results:
            for server in servers[first:] + servers[:first]:
                yield result, server


def _sample(server: Server, operation: Operation, database: Database, seconds: int) -> Sample:
    requests = operation.requests(database, MOST_A_SECOND * seconds)
    before = server.cpu_seconds()
    seen = load(server, requests, seconds=seconds)
    cpu = server.cpu_seconds() - before
    database.restore()
    return Sample(seen.rate, seen.p50, seen.p99, cpu / seen.requests * 1000)
