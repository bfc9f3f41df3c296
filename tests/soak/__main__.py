"""The command line of the soak test: `python -m tests.soak --help`."""

import shutil
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from tempfile import mkdtemp

from tests.soak.run import Plan, soak

DESCRIPTION = """\
Let clients create, edit, toggle and delete tasks while workers and databases are killed and the
service is deployed. Then compare the database with what was acknowledged. The exit code is 1 if a
write is lost, doubled or wrong, or if a response has an unexpected status.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the soak test, and print the result."""
    options = parse(arguments)
    plan = Plan(
        seconds=60 * options.minutes,
        clients=options.clients,
        seed=options.seed,
        synchronous=options.fault != "asynchronous",
        with_keys=options.fault != "without-keys",
    )
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: signals.append(number))
    logs = Path(mkdtemp(prefix="todo-soak-"))
    print(f"{plan}, logs in {logs}", flush=True)
    report = soak(plan, logs, lambda: bool(signals))
    if report and not report.passed:
        print(report)
        sys.exit(1)
    shutil.rmtree(logs)
    if report is None:
        sys.exit(128 + signals[0])
    print(report)


def parse(arguments: Sequence[str] | None) -> Namespace:
    """Parse the command line."""
    parser = ArgumentParser(prog="python -m tests.soak", description=DESCRIPTION)
    parser.add_argument("--minutes", type=float, default=30, help="default: %(default)s")
    parser.add_argument("--clients", type=int, default=12, help="default: %(default)s")
    seed = f"{SystemRandom().getrandbits(32)}"
    parser.add_argument("--seed", default=seed, help="of all random choices; default: random")
    parser.add_argument(
        "--fault",
        choices=("asynchronous", "without-keys"),
        help="provoke faults, which must be counted: replicate asynchronously, or send no keys",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
