"""The report: results in Markdown, each with its target."""

from collections.abc import Callable, Iterable, Sequence

from benchmarks.cpu import Cpu
from benchmarks.growth import ADMIN, Growth
from benchmarks.latency import ROUND_TRIP, Latency
from benchmarks.memory import Memory
from benchmarks.operations import EXTRA_OPERATIONS, OPERATIONS
from benchmarks.servers import ALTERNATIVE, CEILING, IMPLEMENTATIONS, SERVICE
from benchmarks.throughput import Sample, Throughput

NOTES = """\
## How to read this

Everything ran on one machine: the implementation (2 processes), PostgreSQL and wrk share its
processors, so the rates are for comparison within this run, not for capacity planning. The
implementations alternate in every round; a ratio is the median of the ratios of the rounds. All
use the same rows through the same Unix socket (through the delaying proxy where a network is
measured), and PostgreSQL does not wait for the disk (`fsync = off`). Before the measurement each
implementation has to return the same responses, field by field; a single failed request ends the
run.

This service validates requests, writes a log line for each, and sends entity tags (`ETag`).
FastAPI + SQLModel validates requests and writes no log. Bare psycopg does only what a
well-formed request needs. CPU is that of the implementation's processes, without PostgreSQL.
"""

ALTERNATIVE_TARGETS = {
    "get": 2.2,
    "list of 100": 3.3,
    "list of 1000": 7,
    "create": 3.6,
    "PUT": 3.9,
    "toggle": 3.9,
    "delete": 2.8,
}
"""Minima of the rate, as multiples of that of FastAPI + SQLModel."""

CEILING_TARGETS = {
    "get": 0.66,
    "list of 100": 0.70,
    "list of 1000": 0.80,
    "create": 0.62,
    "PUT": 0.60,
    "toggle": 0.60,
    "delete": 0.62,
}
"""Minima of the rate, as fractions of that of bare psycopg."""

CPU_TARGETS = {"get": 8.7}
"""Maxima of the CPU time in the process, as multiples of that of bare psycopg.

For a read, two thirds of the 13 with which the measurements began.
"""


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
        """Return the whole document."""
        head = (
            f"# Results\n\n{conditions}\n\n**{self.met} targets met, {len(self.missed)} missed.**"
        )
        missed = "\n".join(f"- {name}" for name in self.missed)
        return "\n\n".join(filter(None, (head, missed, *self.sections, NOTES)))

    def throughput(self, results: list[Throughput]) -> None:
        """Add requests per second, response times and CPU time."""
        names = [implementation.name for implementation in IMPLEMENTATIONS]
        rates = table(
            ["requests per second", *names, f"vs {ALTERNATIVE.name}", f"vs {CEILING.name}"],
            map(self._rates, results),
        )
        costs = table(
            [" / ".join(names), "p50, ms", "p99, ms", "CPU per request, ms"],
            (
                [
                    result.operation.name,
                    _medians(result, lambda sample: sample.p50),
                    _medians(result, lambda sample: sample.p99),
                    _medians(result, lambda sample: sample.cpu),
                ]
                for result in results
            ),
        )
        chart = "![Requests per second of each implementation](results.svg)"
        self.sections.append(
            f"## Requests per second, 16 connections\n\n{chart}\n\n{rates}\n\n{costs}"
        )

    def _rates(self, result: Throughput) -> list[str]:
        name = result.operation.name
        return [
            name,
            *(
                f"{result.median_of(each, lambda sample: sample.rate):,.0f}"
                for each in IMPLEMENTATIONS
            ),
            self._at_least(
                f"{name}, vs {ALTERNATIVE.name}",
                result.ratio(ALTERNATIVE),
                ALTERNATIVE_TARGETS[name],
            ),
            self._at_least(
                f"{name}, vs {CEILING.name}", result.ratio(CEILING), CEILING_TARGETS[name]
            ),
        ]

    def comparison(self, throughput: list[Throughput], cpu: list[Cpu]) -> None:
        """Add rates and CPU times beside those of another checkout."""
        baseline = next(each for each in cpu[0].times if each is not SERVICE)
        rows = (
            [
                rates.operation.name,
                *(
                    f"{rates.median_of(each, lambda sample: sample.rate):,.0f}"
                    for each in (SERVICE, baseline)
                ),
                f"{rates.ratio(baseline):.3f}",
                *(
                    f"{rates.median_of(each, lambda sample: sample.cpu) * 1000:.0f}"
                    for each in (SERVICE, baseline)
                ),
                *(f"{times.times[each]:.0f}" for each in (SERVICE, baseline)),
                f"{times.ratio(baseline):.3f}",
            ]
            for rates, times in zip(throughput, cpu, strict=True)
        )
        head = [
            *("", "requests per second", "baseline", "ratio"),
            *("CPU, µs", "baseline", "in process, µs", "baseline", "ratio"),
        ]
        self.sections.append(
            f"## Compared with {baseline.directory}, 16 connections\n\n{table(head, rows)}"
        )

    def cpu(self, results: list[Cpu]) -> None:
        """Add the CPU time of a request in the process."""
        rows = (
            [
                result.operation.name,
                *(f"{result.times[each]:.0f}" for each in (SERVICE, CEILING)),
                self._cpu_ratio(result),
            ]
            for result in results
        )
        head = ["CPU per request, µs", SERVICE.name, CEILING.name, "ratio"]
        title = "## CPU time in the process, without a server"
        self.sections.append(f"{title}\n\n{table(head, rows)}")

    def _cpu_ratio(self, result: Cpu) -> str:
        name, ratio = result.operation.name, result.ratio(CEILING)
        if name not in CPU_TARGETS:
            return f"{ratio:.2f}"
        title = f"{name}, CPU time in the process vs {CEILING.name}"
        return self._at_most(title, ratio, CPU_TARGETS[name])

    def latency(self, result: Latency) -> None:
        """Add response times with a network between server and database."""
        rows = (
            [
                operation.name,
                f"{result.times[operation, SERVICE]:.1f}",
                self._at_most(
                    f"{operation.name}, round trips",
                    result.round_trips(operation, SERVICE),
                    1.25 if operation.name == "list of 1000" else 1.2,
                ),
                f"{result.times[operation, ALTERNATIVE]:.1f}",
                f"{result.round_trips(operation, ALTERNATIVE):.2f}",
            ]
            for operation in (*OPERATIONS, *EXTRA_OPERATIONS)
        )
        head = ["p50", "ms", "round trips", f"{ALTERNATIVE.name}, ms", "round trips"]
        title = f"## {ROUND_TRIP:.0f} ms between service and database, 1 connection"
        select_1 = f"A bare `SELECT 1` takes {result.select_1:.1f} ms through the proxy."
        self.sections.append(f"{title}\n\n{select_1}\n\n{table(head, rows)}")

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
                    1.5 if result.operation == ADMIN else 1.15,
                ),
            ]
            for result in results
        )
        head = ["p50, ms", *(f"{size:,} tasks" for size in sizes), "last / first"]
        self.sections.append(f"## Growth, 1 connection\n\n{table(head, rows)}")

    def memory(self, result: Memory) -> None:
        """Add resident memory."""
        few, many = result.after
        rows = [
            ["after start", f"{result.start:.1f}", ""],
            [f"after {result.requests[0]:,} mixed requests", f"{few:.1f}", ""],
            [
                f"after {result.requests[1]:,}",
                f"{many:.1f}",
                self._at_most("resident memory, MB", many, 60),
            ],
            [
                "… grown by",
                f"{many - few:.1f}",
                self._at_most("growth of resident memory, %", 100 * result.growth, 3),
            ],
            [
                "increase during lists of 10,000 tasks, one at a time",
                f"{result.peak:.1f}",
                self._at_most("increase during lists of 10,000 tasks, MB", result.peak, 60),
            ],
            ["the same, 16 at a time", f"{result.concurrent_peak:.1f}", ""],
        ]
        head = ["resident, the largest worker", "MB", "target"]
        self.sections.append(f"## Memory\n\n{table(head, rows)}")

    def _at_least(self, name: str, value: float, minimum: float) -> str:
        return self._verdict(name, value, f"≥ {minimum:g}", is_met=value >= minimum)

    def _at_most(self, name: str, value: float, maximum: float) -> str:
        return self._verdict(name, value, f"≤ {maximum:g}", is_met=value <= maximum)

    def _verdict(self, name: str, value: float, target: str, *, is_met: bool) -> str:
        if is_met:
            self.met += 1
            return f"{value:.2f} ✓"
        self.missed.append(f"{name}: {value:.2f}, target {target}")
        return f"**{value:.2f}** ✗ ({target})"


def _medians(result: Throughput, measure: Callable[[Sample], float]) -> str:
    return " / ".join(f"{result.median_of(each, measure):.2f}" for each in IMPLEMENTATIONS)
