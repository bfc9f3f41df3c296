"""The resident memory of this service's workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from psutil import Process
from tqdm import tqdm

from benchmarks.database import Database
from benchmarks.load import MAX_RATE, load
from benchmarks.operations import list_of_10_000, mixed
from benchmarks.servers import SERVICE, Server, serve

MB = 1_000_000
LOAD_DURATION = 2
"""Seconds of one run of wrk, which reports the number of requests only at its end."""

INTERVAL = 0.005
"""Seconds between two samples; the response to a list of 10,000 takes about ten times as long."""


@dataclass(frozen=True)
class Memory:
    """Resident memory in megabytes, of the largest worker unless stated otherwise."""

    start: float
    requests: tuple[int, int]
    after: tuple[float, float]
    peak: float
    """The increase of one worker during lists of 10,000 tasks, one request at a time."""
    concurrent_peak: float
    """The same with 16 concurrent requests."""

    @property
    def growth(self) -> float:
        """The relative growth between the two counts of requests."""
        return self.after[1] / self.after[0] - 1


def measure_memory(database: Database, requests: int, seconds: int) -> Memory:
    """Measure after the start, after `requests` and twice as many, and during long lists."""
    with serve(SERVICE, database.url) as server, tqdm(total=2 * requests, desc="memory") as bar:
        start = max(_resident(server.workers()).values())
        counts, sizes = [0], []
        for target in (requests, 2 * requests):
            counts.append(counts[-1])
            while counts[-1] < target:
                counts[-1] += load(
                    server, mixed(database, MAX_RATE * LOAD_DURATION), seconds=LOAD_DURATION
                ).requests
                database.restore()
                bar.update(min(counts[-1], 2 * requests) - bar.n)
            sizes.append(max(_resident(server.workers()).values()))
        peak, crowded = (_peak(server, database, seconds, connections) for connections in (1, 16))
    return Memory(start, (counts[1], counts[2]), (sizes[0], sizes[1]), peak, crowded)


def _peak(server: Server, database: Database, seconds: int, connections: int) -> float:
    """Return the maximum increase of a worker during lists of 10,000 tasks."""
    before = _resident(server.workers())
    with _maximum(server.workers()) as maximum:
        load(server, list_of_10_000(database), seconds=seconds, connections=connections)
    return max(maximum[worker] - before[worker] for worker in before)


@contextmanager
def _maximum(workers: list[Process]) -> Iterator[dict[int, float]]:
    """Yield the maximum memory of each worker so far, updated until the block ends."""
    maximum = _resident(workers)
    ended = Event()

    def sample() -> None:
        while not ended.wait(INTERVAL):
            for worker, size in _resident(workers).items():
                maximum[worker] = max(size, maximum[worker])

    sampler = Thread(target=sample)
    sampler.start()
    try:
        yield maximum
    finally:
        ended.set()
        sampler.join()


def _resident(workers: list[Process]) -> dict[int, float]:
    """Return the resident megabytes of each worker."""
    return {worker.pid: worker.memory_info().rss / MB for worker in workers}
