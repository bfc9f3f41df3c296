"""The command line: `python -m benchmarks --help`."""

import shutil
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from subprocess import SubprocessError

from benchmarks.chart import draw
from benchmarks.database import create_database
from benchmarks.growth import measure_growth
from benchmarks.latency import measure_latency
from benchmarks.load import WRK_IS_MISSING
from benchmarks.machine import describe
from benchmarks.memory import measure_memory
from benchmarks.report import Report
from benchmarks.throughput import measure_throughput
from tests.support.servers.postgresql import throw_away_server

PARTS = ("throughput", "latency", "growth", "memory")
DESCRIPTION = (
    "Measure this service beside its alternative and its ceiling, and write RESULTS.md and "
    "results.svg into benchmarks/. It takes under ten minutes."
)
USUAL = 100_000
"""Tasks in the database, where their number is not what is measured."""


@dataclass(frozen=True)
class Plan:
    """How much to measure: a matter of patience."""

    rounds: int = 5
    seconds: int = 2
    requests_far_away: int = 15
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    growth_rounds: int = 3
    requests_for_memory: int = 25_000
    seconds_of_long_lists: int = 5


QUICK = Plan(2, 1, 3, (10_000, 100_000), 1, 5_000, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure; print the results, or write them where they are complete."""
    options = parse(arguments)
    if not shutil.which("wrk"):
        print(WRK_IS_MISSING, file=sys.stderr)
        sys.exit(2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # what runs is stopped
    server_url = throw_away_server()
    try:
        report, chart = measure(server_url, options.plan, options.only)
    except (RuntimeError, SubprocessError) as error:
        sys.exit(f"The benchmark failed. {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    text = report.text(describe(server_url))
    if options.output:
        options.output.mkdir(exist_ok=True)
        (options.output / "RESULTS.md").write_text(text)
        (options.output / "results.svg").write_text(chart)
    else:
        print(text)


def measure(server_url: str, plan: Plan, parts: Sequence[str]) -> tuple[Report, str]:
    """Return the report, and the chart of the throughput."""
    report, chart = Report(), ""
    database = cache(partial(create_database, server_url))
    if "throughput" in parts:
        throughput = measure_throughput(database(USUAL), plan.rounds, plan.seconds)
        report.throughput(throughput)
        chart = draw(throughput)
    if "latency" in parts:
        report.latency(measure_latency(database(USUAL), plan.requests_far_away))
    if "growth" in parts:
        report.growth(measure_growth(map(database, plan.sizes), plan.growth_rounds))
    if "memory" in parts:
        report.memory(
            measure_memory(database(USUAL), plan.requests_for_memory, plan.seconds_of_long_lists)
        )
    return report, chart


def parse(arguments: Sequence[str] | None) -> Namespace:
    """Return `plan`, `only` (the parts to measure) and `output` (a directory, or None)."""
    parser = ArgumentParser(prog="python -m benchmarks", description=DESCRIPTION)
    add = parser.add_argument
    add("--quick", action="store_true", help="a first impression in two minutes; only printed")
    add(
        "--rows-10m", action="store_true", help="growth to ten million tasks, too; 15 minutes more"
    )
    add("--only", nargs="+", choices=PARTS, metavar="PART", help=f"only these: {', '.join(PARTS)}")
    add("--output", type=Path, help="the directory for RESULTS.md and results.svg")
    options = parser.parse_args(arguments)
    options.plan = QUICK if options.quick else Plan()
    if options.rows_10m:
        options.plan = replace(options.plan, sizes=(*options.plan.sizes, 10_000_000))
    if not (options.quick or options.only or options.output):
        options.output = Path(__file__).parent
    options.only = options.only or PARTS
    return options


if __name__ == "__main__":
    main()
