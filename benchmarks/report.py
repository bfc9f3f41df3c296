"""The report: results in Markdown, each with its target."""

from collections.abc import Iterable, Sequence

from benchmarks.growth import Growth
from benchmarks.latency import ROUND_TRIP, RoundTrips
from benchmarks.operations import OPERATIONS
from benchmarks.servers import (
    BOLT,
    CEILING,
    DRF,
    FASTAPI,
    PEERS,
    ROOT,
    SERVICE,
    Implementation,
)
from benchmarks.throughput import Measure, Sample, Throughput

NOTES = """\
## How to read this

Everything ran on one machine: the implementation, PostgreSQL and wrk share its processors, so the
rates are for comparison within this run, not for capacity planning. The implementations alternate
in every round; a ratio is the median of the ratios of the rounds. All have two processes, at most
four connections in each to one PostgreSQL with the same rows, and write one log line for each
request. PostgreSQL does not wait for the disk (`fsync = off`). CPU is that of the implementation's
processes, without PostgreSQL. Before the measurement each implementation has to give the same
answers by the same rules; a single failed request ends the run.

The peers have fewer features: no entity tags, cursors (except stock DRF's), idempotent creates,
compression, problem documents or request ids. Bare psycopg does only what a well-formed request
needs, without validation and log: it is the ceiling of one statement for each request on gunicorn.
"""

CPU, RATE = "CPU for each request", "requests per second"
NAMES = [operation.name for operation in OPERATIONS]
TARGETS: dict[tuple[Implementation | None, str], dict[str, float]] = {
    (FASTAPI, CPU): dict(zip(NAMES, (0.95, 0.7, 0.45, 1.1, 1.0, 1.0, 1.0), strict=True)),
    (BOLT, RATE): dict(zip(NAMES, (1.9, 2, 3, 0.95, 2.2, 2.2, 1.5), strict=True)),
    (DRF, RATE): dict(zip(NAMES, (6, 8, 16, 4, 5, 5, 5), strict=True)),
    (None, RATE): dict(zip(NAMES, (1.4, 1.15, 1.1, 1.3, 1.35, 1.35, 1.35), strict=True)),
}
"""Maxima of the CPU time, minima of the rate, as multiples of the peer's; None is `--baseline`."""

MAX_MEMORY_MB = 60
MAX_ROUND_TRIPS = 1.15
MAX_GROWTH = 1.15


def rate_of(sample: Sample) -> float:
    """Return the requests per second."""
    return sample.rate


def cpu_of(sample: Sample) -> float:
    """Return the milliseconds of CPU time for each request."""
    return sample.cpu


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with all columns but the first aligned to the right."""
    lines = (head, ("---", *["---:"] * (len(head) - 1)), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


class Report:
    """The sections of the report, and the targets met and missed."""

    def __init__(self) -> None:
        self.sections: list[str] = []
        self.met = 0
        self.missed: list[str] = []

    def render(self, conditions: str) -> str:
        """Return the whole document: first the comparison with the peers, then what was missed."""
        comparison, *others = self.sections
        count = f"{self.met} targets met, {len(self.missed)} missed"
        missed = "\n".join(f"- {name}" for name in self.missed)
        targets = "\n\n".join(filter(None, (f"## Missed targets\n\n**{count}.**", missed)))
        return "\n\n".join(("# Results", comparison, targets, *others, conditions, NOTES))

    def throughput(self, result: Throughput) -> None:
        """Add the comparison with the peers, the targets, rates, response times and memory."""
        measured = list(result.memory)
        peers = [each for each in (*PEERS, CEILING) if each in measured]
        self._comparison(result, peers)
        self._targets(result, measured)
        self._figures("Requests per second, 16 connections", result, rate_of, ",.0f")
        self._figures("CPU for each request, ms", result, cpu_of, ".3f")
        self._figures("Median response time, ms", result, lambda sample: sample.p50, ".2f")
        self._figures("99th percentile, ms", result, lambda sample: sample.p99, ".1f")
        memory = table(
            ["", "MB"],
            (
                [
                    implementation.name,
                    self._at_most("resident memory of a worker, MB", size, MAX_MEMORY_MB)
                    if implementation == SERVICE
                    else f"{size:.1f}",
                ]
                for implementation, size in result.memory.items()
            ),
        )
        self.sections.append(f"## Resident memory of the largest worker, at the end\n\n{memory}")

    def _comparison(self, result: Throughput, peers: Sequence[Implementation]) -> None:
        title = "## This service, divided by what one would choose today"
        if not peers:
            self.sections.append(f"{title}\n\nNot measured.")
            return
        rows = []
        behind: dict[Implementation, list[str]] = {peer: [] for peer in peers}
        for name in NAMES:
            cells = [name]
            for peer in peers:
                rate, cpu = (result.ratio(peer, name, each) for each in (rate_of, cpu_of))
                cells.append(f"{_bold(rate, rate < 1)} / {_bold(cpu, cpu > 1)}")
                if rate < 1:
                    behind[peer].append(name)
            rows.append(cells)
        lines = "\n".join(
            f"- {peer.name}: {'behind with ' + ', '.join(names) if names else 'ahead with all'}"
            for peer, names in behind.items()
        )
        head = ["requests per second / CPU for each request", *(peer.name for peer in peers)]
        explained = (
            "More than 1 request per second, and less than 1 of CPU time, are in favour of this "
            "service; **bold** figures are in favour of the peer."
        )
        requests = f"Requests per second, compared with\n\n{lines}"
        self.sections.append(f"{title}\n\n{explained}\n\n{table(head, rows)}\n\n{requests}")

    def _targets(self, result: Throughput, measured: Sequence[Implementation]) -> None:
        columns: dict[tuple[Implementation, str], dict[str, float]] = {}
        for (peer, figure), targets in TARGETS.items():
            other = peer or next((each for each in measured if each.directory != ROOT), None)
            if other and other in measured:
                columns[other, figure] = targets
        if not columns:
            return
        rows = [
            [name, *(self._target(result, *key, name, columns[key][name]) for key in columns)]
            for name in NAMES
        ]
        head = ["", *(f"÷ {other.name}, {figure}" for other, figure in columns)]
        self.sections.append(f"## Targets\n\n{table(head, rows)}")

    def _target(
        self, result: Throughput, other: Implementation, figure: str, name: str, target: float
    ) -> str:
        title = f"{name}, {figure} ÷ {other.name}"
        if figure == CPU:
            return self._at_most(title, result.ratio(other, name, cpu_of), target)
        return self._at_least(title, result.ratio(other, name, rate_of), target)

    def _figures(self, title: str, result: Throughput, measure: Measure, pattern: str) -> None:
        rows = (
            [
                name,
                *(
                    format(result.median_of(each, name, measure), pattern)
                    for each in result.memory
                ),
            ]
            for name in NAMES
        )
        head = ["", *(each.name for each in result.memory)]
        self.sections.append(f"## {title}\n\n{table(head, rows)}")

    def round_trips(self, results: RoundTrips) -> None:
        """Add response times with a network between service and database."""
        rows = (
            [
                name,
                *(
                    self._at_most(f"{name}, round trips", trips[name], MAX_ROUND_TRIPS)
                    if implementation == SERVICE
                    else f"{trips[name]:.2f}"
                    for implementation, trips in results.items()
                ),
            ]
            for name in NAMES
        )
        title = f"## Round trips: {ROUND_TRIP:.0f} ms between service and database, 1 connection"
        explained = f"The median response time, divided by {ROUND_TRIP:.0f} ms."
        head = ["", *(each.name for each in results)]
        self.sections.append(f"{title}\n\n{explained}\n\n{table(head, rows)}")

    def growth(self, results: list[Growth]) -> None:
        """Add response times as the table grows."""
        sizes = sorted(results[0].times)
        rows = (
            [
                result.operation,
                *(f"{result.median_of(size):.2f}" for size in sizes),
                self._at_most(
                    f"{result.operation}, {sizes[0]:,} to {sizes[-1]:,} tasks",
                    result.factor(sizes[-1]),
                    MAX_GROWTH,
                ),
            ]
            for result in results
        )
        head = ["p50, ms", *(f"{size:,} tasks" for size in sizes), "last / first"]
        self.sections.append(f"## Growth, 1 connection\n\n{table(head, rows)}")

    def _at_least(self, name: str, value: float, minimum: float) -> str:
        return self._verdict(name, value, f"≥ {minimum:g}", is_met=round(value, 2) >= minimum)

    def _at_most(self, name: str, value: float, maximum: float) -> str:
        return self._verdict(name, value, f"≤ {maximum:g}", is_met=round(value, 2) <= maximum)

    def _verdict(self, name: str, value: float, target: str, *, is_met: bool) -> str:
        if is_met:
            self.met += 1
            return f"{value:.2f} ✓ ({target})"
        self.missed.append(f"{name}: {value:.2f}, target {target}")
        return f"**{value:.2f}** ✗ ({target})"


def _bold(value: float, is_behind: bool) -> str:  # noqa: FBT001
    return f"**{value:.2f}**" if is_behind else f"{value:.2f}"
