"""The CPU time of a request in the process of an implementation, without server and load."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from tqdm import tqdm

from benchmarks.database import SETTINGS, Database
from benchmarks.operations import OPERATIONS, Operation, Request
from benchmarks.servers import CEILING, SERVICE, Implementation

MODULES = {SERVICE: "todo_project.wsgi", CEILING: "benchmarks.peers.raw_wsgi"}
BATCH = 200
"""Requests between two measurements of the time; few enough to fit between two interruptions."""

WARM_UP = 3
"""Batches that are not measured."""


@dataclass(frozen=True)
class Cpu:
    """One operation: microseconds per request of each implementation.

    They are the minimum of the batches: other programs can only add to the time.
    """

    operation: Operation
    times: dict[Implementation, float]

    def ratio(self, other: Implementation) -> float:
        """Return the time of this service divided by that of the other."""
        return self.times[SERVICE] / self.times[other]


class Process:
    """A process with the application of an implementation."""

    def __init__(self, started: "subprocess.Popen[str]", implementation: Implementation) -> None:
        self.started = started
        self.implementation = implementation

    def measure(self, requests: Sequence[Request]) -> float:
        """Return microseconds per request; raise RuntimeError if one fails."""
        assert self.started.stdin
        assert self.started.stdout
        batch = [
            {"method": each.method, "path": each.path, "body": each.body.decode()}
            for each in requests
        ]
        print(json.dumps(batch), file=self.started.stdin, flush=True)
        line = self.started.stdout.readline().strip()
        try:
            return float(line)
        except ValueError:
            raise RuntimeError(f"{self.implementation.name}: {line or 'no result'}") from None


@contextmanager
def start(implementation: Implementation, database_url: str) -> Iterator[Process]:
    """Run a process with the application until the block ends."""
    program = Path(__file__).with_name("in_process.py")
    started = subprocess.Popen(
        [sys.executable, program, MODULES.get(implementation, MODULES[SERVICE])],
        cwd=implementation.directory,
        env=os.environ | SETTINGS | {"DATABASE_URL": database_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        yield Process(started, implementation)


def measure_cpu(
    database: Database, rounds: int, implementations: Sequence[Implementation] = tuple(MODULES)
) -> list[Cpu]:
    """Measure every operation on every implementation, alternately, in several rounds."""
    with ExitStack() as stack:
        processes = [stack.enter_context(start(each, database.url)) for each in implementations]
        return [
            Cpu(operation, _minimums(operation, processes, database, rounds))
            for operation in tqdm(OPERATIONS, "CPU")
        ]


def _minimums(
    operation: Operation, processes: list[Process], database: Database, rounds: int
) -> dict[Implementation, float]:
    samples: dict[Implementation, list[float]] = {each.implementation: [] for each in processes}
    for _ in range(WARM_UP + rounds):
        for process in processes:
            requests = islice(cycle(operation.requests(database, BATCH)), BATCH)
            samples[process.implementation].append(process.measure([*requests]))
    database.restore()
    return {implementation: min(times[WARM_UP:]) for implementation, times in samples.items()}
