"""The results in Markdown, each beside its target."""

from collections.abc import Callable, Iterable, Sequence

from benchmarks.growth import ADMIN, Growth
from benchmarks.latency import ROUND_TRIP, Latency
from benchmarks.memory import Memory
from benchmarks.operations import FURTHER_OPERATIONS, OPERATIONS
from benchmarks.servers import ALTERNATIVE, CEILING, CONTESTANTS, SERVICE
from benchmarks.throughput import Sample, Throughput

NOTES = """\
## How to read this

Everything ran on one machine: the contestant (2 processes), PostgreSQL and wrk share its
processors, so the rates are for comparison within this run, not for planning. Contestants take
turns in every round; a ratio is the median of the rounds' own ratios. All use the same rows
through the same Unix socket (through the delaying proxy where a network is measured), and
PostgreSQL does not wait for the disk (`fsync = off`). Each contestant had to give the same
answers, member by member, before it was measured; a single failed request ends the run.

This service validates, writes a log line for each request, and sends validators (`ETag`). The
alternative validates, and is spared its log. The ceiling does nothing that is not needed to
answer a well-formed request. CPU is that of the contestant's own processes, without PostgreSQL.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, with all columns but the first to the right."""
    lines = (head, ("---", *["---:"] * (len(head) - 1)), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


class Report:
    """Sections, and the verdicts in them."""

    def __init__(self) -> None:
        self.sections: list[str] = []
        self.met = 0
        self.missed: list[str] = []

    def text(self, conditions: str) -> str:
        """Return the whole document."""
        head = (
            f"# Results\n\n{conditions}\n\n**{self.met} targets met, {len(self.missed)} missed.**"
        )
        missed = "\n".join(f"- {what}" for what in self.missed)
        return "\n\n".join(filter(None, (head, missed, *self.sections, NOTES)))

    def throughput(self, results: list[Throughput]) -> None:
        """Add rates, times and cost."""
        names = [contestant.name for contestant in CONTESTANTS]
        rates = table(
            ["requests a second", *names, f"vs {ALTERNATIVE.name}", f"vs {CEILING.name}"],
            map(self._rates, results),
        )
        costs = table(
            [" / ".join(names), "p50, ms", "p99, ms", "CPU a request, ms"],
            (
                [
                    result.operation.name,
                    _three(result, lambda sample: sample.p50),
                    _three(result, lambda sample: sample.p99),
                    _three(result, lambda sample: sample.cpu),
                ]
                for result in results
            ),
        )
        chart = "![Requests a second of each contestant](results.svg)"
        self.sections.append(
            f"## Requests a second, 16 connections\n\n{chart}\n\n{rates}\n\n{costs}"
        )

    def _rates(self, result: Throughput) -> list[str]:
        name, least = result.operation.name, 3 if result.operation.name == "list of 1000" else 2
        return [
            name,
            *(f"{result.typical(each, lambda sample: sample.rate):,.0f}" for each in CONTESTANTS),
            self._least(f"{name}, vs {ALTERNATIVE.name}", result.times(ALTERNATIVE), least),
            self._least(f"{name}, vs {CEILING.name}", result.times(CEILING), 0.5),
        ]

    def latency(self, result: Latency) -> None:
        """Add times with a network in between."""
        rows = (
            [
                operation.name,
                f"{result.times[operation, SERVICE]:.1f}",
                self._most(
                    f"{operation.name}, round trips",
                    result.round_trips(operation, SERVICE),
                    1.25,
                ),
                f"{result.times[operation, ALTERNATIVE]:.1f}",
                f"{result.round_trips(operation, ALTERNATIVE):.2f}",
            ]
            for operation in (*OPERATIONS, *FURTHER_OPERATIONS)
        )
        head = ["p50", "ms", "round trips", f"{ALTERNATIVE.name}, ms", "round trips"]
        title = f"## {ROUND_TRIP:.0f} ms between service and database, 1 connection"
        bare = f"A bare `SELECT 1` takes {result.bare:.1f} ms through the proxy."
        self.sections.append(f"{title}\n\n{bare}\n\n{table(head, rows)}")

    def growth(self, results: list[Growth]) -> None:
        """Add times as the table grows."""
        sizes = sorted(results[0].times)
        rows = (
            [
                result.operation,
                *(f"{result.typical(size):.2f}" for size in sizes),
                self._most(
                    f"{result.operation}, {sizes[0]:,} to {sizes[-1]:,} tasks",
                    result.factor(sizes[-1]),
                    1.5 if result.operation == ADMIN else 1.25,
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
                self._most("resident memory, MB", many, 90),
            ],
            [
                "… grown by",
                f"{many - few:.1f}",
                self._most("its growth, %", 100 * result.growth, 3),
            ],
            [
                "above rest, lists of 10,000 tasks one at a time",
                f"{result.peak:.1f}",
                self._most("peak for a list of 10,000, MB above rest", result.peak, 60),
            ],
            ["the same, 16 at a time", f"{result.crowded_peak:.1f}", ""],
        ]
        head = ["resident, the largest worker", "MB", "target"]
        self.sections.append(f"## Memory\n\n{table(head, rows)}")

    def _least(self, what: str, value: float, least: float) -> str:
        return self._judge(what, value, f"≥ {least:g}", is_met=value >= least)

    def _most(self, what: str, value: float, most: float) -> str:
        return self._judge(what, value, f"≤ {most:g}", is_met=value <= most)

    def _judge(self, what: str, value: float, target: str, *, is_met: bool) -> str:
        if is_met:
            self.met += 1
            return f"{value:.2f} ✓"
        self.missed.append(f"{what}: {value:.2f}, to be {target}")
        return f"**{value:.2f}** ✗ ({target})"


def _three(result: Throughput, measure: Callable[[Sample], float]) -> str:
    return " / ".join(f"{result.typical(each, measure):.2f}" for each in CONTESTANTS)
