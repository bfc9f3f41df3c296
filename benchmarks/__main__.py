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

from benchmarks.database import create_database
from benchmarks.growth import measure_growth
from benchmarks.latency import measure_round_trips
from benchmarks.load import WRK_MISSING
from benchmarks.machine import describe_environment
from benchmarks.report import Report
from benchmarks.servers import IMPLEMENTATIONS, ROOT, SERVICE, baseline
from benchmarks.throughput import measure_throughput
from tests.support.servers.cluster import PROGRAMS, primary, programs_of

PARTS = ("throughput", "latency", "growth")
DESCRIPTION = (
    "Compare this service with other implementations of its API, and write RESULTS.md into "
    "benchmarks/. Takes 12 minutes."
)
DEFAULT_SIZE = 100_000
"""The number of tasks in the database; growth is measured from here on."""

POSTGRESQL = 15
"""The major version; where its programs are not installed, that of the tests."""


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    rounds: int = 4
    latency_requests: int = 9
    grown_size: int = 1_000_000
    growth_rounds: int = 2


QUICK = Plan(1, 3, 200_000, 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmarks; write the results of a complete run, print those of any other."""
    options = parse(arguments)
    if not shutil.which("wrk"):
        print(WRK_MISSING, file=sys.stderr)
        sys.exit(2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # stops the servers
    programs = programs_of(POSTGRESQL)
    try:
        with primary(programs if programs.exists() else PROGRAMS, fsync="off") as cluster:
            server_url = f"postgresql://postgres@127.0.0.1:{cluster.port}/postgres"
            report = measure(server_url, options)
            text = report.render(describe_environment(server_url))
    except (RuntimeError, SubprocessError) as error:
        sys.exit(f"The benchmark failed. {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    if options.output:
        options.output.mkdir(exist_ok=True)
        (options.output / "RESULTS.md").write_text(text)
    else:
        print(text)


def measure(server_url: str, options: Namespace) -> Report:
    """Measure the chosen parts of the chosen implementations."""
    report, plan = Report(), options.plan
    database = cache(partial(create_database, server_url))
    if "throughput" in options.only:
        report.throughput(
            measure_throughput(database(DEFAULT_SIZE), plan.rounds, options.implementations)
        )
    if "latency" in options.only:
        peers = [each for each in options.implementations if each.directory == ROOT]
        report.round_trips(
            measure_round_trips(database(DEFAULT_SIZE), plan.latency_requests, peers)
        )
    if "growth" in options.only:
        sizes = (DEFAULT_SIZE, plan.grown_size)
        report.growth(measure_growth([*map(database, sizes)], plan.growth_rounds))
    return report


def parse(arguments: Sequence[str] | None) -> Namespace:
    """Return `plan`, `only` (the parts to measure), `implementations` and `output` (or None)."""
    parser = ArgumentParser(prog="python -m benchmarks", description=DESCRIPTION)
    add = parser.add_argument
    names = [each.name for each in IMPLEMENTATIONS if each != SERVICE]
    add("--quick", action="store_true", help="a short run of four minutes; only printed")
    add(
        "--only",
        nargs="+",
        choices=PARTS,
        default=PARTS,
        metavar="PART",
        help=f"only these parts: {', '.join(PARTS)}; only printed",
    )
    add(
        "--peers",
        nargs="*",
        choices=names,
        default=names,
        metavar="PEER",
        help=f"compare only with these: {', '.join(names)}; only printed",
    )
    add(
        "--baseline",
        type=Path,
        metavar="DIRECTORY",
        help="compare the throughput with another checkout of this service, too",
    )
    add("--rounds", type=int, help=f"the rounds of the throughput (default: {Plan.rounds})")
    add("--output", type=Path, help="the directory for RESULTS.md")
    options = parser.parse_args(arguments)
    options.plan = QUICK if options.quick else Plan()
    if options.rounds:
        options.plan = replace(options.plan, rounds=options.rounds)
    options.implementations = [
        each for each in IMPLEMENTATIONS if each == SERVICE or each.name in options.peers
    ]
    if options.baseline:
        if not (options.baseline / "gunicorn.conf.py").is_file():
            parser.error(f"{options.baseline} is no checkout of this service.")
        options.implementations.insert(1, baseline(options.baseline.absolute()))
    is_complete = not options.quick and options.only == PARTS and options.peers == names
    if is_complete and not options.output:
        options.output = Path(__file__).parent
    return options


if __name__ == "__main__":
    main()
