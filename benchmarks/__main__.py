"""The command line of the benchmarks: `python -m benchmarks --help`."""

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
from benchmarks.cpu import measure_cpu
from benchmarks.database import create_database
from benchmarks.growth import measure_growth
from benchmarks.latency import measure_latency
from benchmarks.load import WRK_MISSING
from benchmarks.machine import describe_environment
from benchmarks.memory import measure_memory
from benchmarks.report import Report
from benchmarks.servers import SERVICE, baseline
from benchmarks.throughput import measure_throughput
from tests.support.servers.postgresql import start_temporary_server

PARTS = ("throughput", "cpu", "latency", "growth", "memory")
DESCRIPTION = (
    "Compare this service with two other implementations, and write RESULTS.md and results.svg "
    "into benchmarks/. Takes less than ten minutes."
)
DEFAULT_SIZE = 100_000
"""The number of tasks in the database, except where growth is measured."""


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    rounds: int = 5
    seconds: int = 2
    cpu_rounds: int = 20
    latency_requests: int = 15
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    growth_rounds: int = 3
    memory_requests: int = 25_000
    long_list_seconds: int = 5


QUICK = Plan(2, 1, 5, 3, (10_000, 100_000), 1, 5_000, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmarks; write the results of a complete run, print those of any other."""
    options = parse(arguments)
    if not shutil.which("wrk"):
        print(WRK_MISSING, file=sys.stderr)
        sys.exit(2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # stops the servers
    server_url = start_temporary_server()
    try:
        if options.baseline:
            report, chart = compare(server_url, options.plan, options.baseline), ""
        else:
            report, chart = measure(server_url, options.plan, options.only)
    except (RuntimeError, SubprocessError) as error:
        sys.exit(f"The benchmark failed. {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    text = report.render(describe_environment(server_url))
    if options.output:
        options.output.mkdir(exist_ok=True)
        (options.output / "RESULTS.md").write_text(text)
        (options.output / "results.svg").write_text(chart)
    else:
        print(text)


def compare(server_url: str, plan: Plan, directory: Path) -> Report:
    """Measure the throughput and the CPU time of this checkout and of another."""
    report, implementations = Report(), (SERVICE, baseline(directory))
    database = create_database(server_url, DEFAULT_SIZE)
    report.comparison(
        measure_throughput(database, plan.rounds, plan.seconds, implementations),
        measure_cpu(database, plan.cpu_rounds, implementations),
    )
    return report


def measure(server_url: str, plan: Plan, parts: Sequence[str]) -> tuple[Report, str]:
    """Measure these parts; return the report, and the chart of the throughput."""
    report, chart = Report(), ""
    database = cache(partial(create_database, server_url))
    if "throughput" in parts:
        throughput = measure_throughput(database(DEFAULT_SIZE), plan.rounds, plan.seconds)
        report.throughput(throughput)
        chart = draw(throughput)
    if "cpu" in parts:
        report.cpu(measure_cpu(database(DEFAULT_SIZE), plan.cpu_rounds))
    if "latency" in parts:
        report.latency(measure_latency(database(DEFAULT_SIZE), plan.latency_requests))
    if "growth" in parts:
        report.growth(measure_growth(map(database, plan.sizes), plan.growth_rounds))
    if "memory" in parts:
        report.memory(
            measure_memory(database(DEFAULT_SIZE), plan.memory_requests, plan.long_list_seconds)
        )
    return report, chart


def parse(arguments: Sequence[str] | None) -> Namespace:
    """Return `plan`, `only` (the parts to measure) and `output` (a directory, or None)."""
    parser = ArgumentParser(prog="python -m benchmarks", description=DESCRIPTION)
    add = parser.add_argument
    add("--quick", action="store_true", help="a short run of two minutes; only printed")
    add("--rows-10m", action="store_true", help="growth up to ten million tasks; 15 minutes more")
    add(
        "--only",
        nargs="+",
        choices=PARTS,
        metavar="PART",
        help=f"only these parts: {', '.join(PARTS)}",
    )
    add(
        "--baseline",
        type=Path,
        metavar="DIRECTORY",
        help="compare throughput and CPU time with another checkout of this service; only printed",
    )
    add("--output", type=Path, help="the directory for RESULTS.md and results.svg")
    options = parser.parse_args(arguments)
    options.plan = QUICK if options.quick else Plan()
    if options.rows_10m:
        options.plan = replace(options.plan, sizes=(*options.plan.sizes, 10_000_000))
    if options.baseline and not (options.baseline / "gunicorn.conf.py").is_file():
        parser.error(f"{options.baseline} is no checkout of this service.")
    if options.baseline and (options.only or options.output):
        parser.error("--baseline goes with neither --only nor --output.")
    if not (options.quick or options.only or options.output or options.baseline):
        options.output = Path(__file__).parent
    options.only = options.only or PARTS
    return options


if __name__ == "__main__":
    main()
