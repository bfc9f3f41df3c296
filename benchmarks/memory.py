"""The resident memory of this service's workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from psutil import Process
from tqdm import tqdm

from benchmarks.database import Database
from benchmarks.load import MOST_A_SECOND, load
from benchmarks.operations import list_of_10_000, mixed
from benchmarks.servers import SERVICE, Server, serve

MB = 1_000_000
SLICE = 2
"""Seconds of load at a time; wrk counts requests only afterwards."""

INTERVAL = 0.005
"""Seconds between two looks at the memory; a list of 10,000 takes some ten times as long."""


@dataclass(frozen=True)
class Memory:
    """Megabytes; where not said otherwise, of the largest worker."""

    start: float
    requests: tuple[int, int]
    after: tuple[float, float]
    peak: float
    """Above what the same worker had before, during lists of 10,000 tasks one at a time."""
    crowded_peak: float
    """The same, during 16 such lists at a time."""

    @property
    def growth(self) -> float:
        """Return by what part it grew between the two counts of requests."""
        return self.after[1] / self.after[0] - 1


def measure_memory(database: Database, requests: int, seconds: int) -> Memory:
    """Measure at rest, after `requests` and twice as many, and during long lists."""
    with serve(SERVICE, database.url) as server, tqdm(total=2 * requests, desc="memory") as bar:
        start = max(_resident(server.workers()).values())
        counts, sizes = [0], []
        for target in (requests, 2 * requests):
            counts.append(counts[-1])
            while counts[-1] < target:
                counts[-1] += load(
                    server, mixed(database, MOST_A_SECOND * SLICE), seconds=SLICE
                ).requests
                database.restore()
                bar.update(min(counts[-1], 2 * requests) - bar.n)
            sizes.append(max(_resident(server.workers()).values()))
        peak, crowded = (_peak(server, database, seconds, connections) for connections in (1, 16))
    return Memory(start, (counts[1], counts[2]), (sizes[0], sizes[1]), peak, crowded)


def _peak(server: Server, database: Database, seconds: int, connections: int) -> float:
    """Return the most that a worker took on during lists of 10,000 tasks."""
    before = _resident(server.workers())
    with _watch(server.workers()) as most:
        load(server, list_of_10_000(database), seconds=seconds, connections=connections)
    return max(most[worker] - before[worker] for worker in before)


@contextmanager
def _watch(workers: list[Process]) -> Iterator[dict[int, float]]:
    """Yield the greatest memory of each worker so far, kept up to date until the block ends."""
    most = _resident(workers)
    ended = Event()

    def look() -> None:
        while not ended.wait(INTERVAL):
            for worker, size in _resident(workers).items():
                most[worker] = max(size, most[worker])

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield most
    finally:
        ended.set()
        watcher.join()


def _resident(workers: list[Process]) -> dict[int, float]:
    """Return the resident megabytes of each worker."""
    return {worker.pid: worker.memory_info().rss / MB for worker in workers}
