"""Tests of `make soak`: it finds no fault in the service, detects a provoked one, and stops."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.servers.gunicorn import wait_until
from todo_project.environment import BASE_DIR

COUNT = re.compile(r"^(acknowledged|lost|doubled|wrong|unexpected) +([\d,]+)", re.MULTILINE)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Return a directory for all files of a run. PostgreSQL, which is not root, can enter it."""
    with TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


@contextmanager
def started(directory: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a run, and stop it at the end."""
    command = [sys.executable, "-m", "tests.soak", "--seed", "1", *options]
    environ = os.environ | {"TMPDIR": str(directory), "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(
        command, cwd=BASE_DIR, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def servers(directory: Path) -> list[str]:
    """Return the process ids of PostgreSQL, gunicorn and its workers.

    gunicorn replaces its command line and environment, but writes its log into the directory.
    The files of PostgreSQL, which runs as another user, may be hidden, but not its arguments.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            uses = (process / "cmdline").read_text()
            with suppress(PermissionError):
                uses += str((process / "fd" / "1").readlink())
            if str(directory) in uses:
                found.append(process.name)
    return found


def run(directory: Path, *options: str) -> tuple[int, dict[str, int]]:
    """Return the exit code and the counts."""
    with started(directory, *options) as process:
        output, _ = process.communicate()
    counts = {name: int(number.replace(",", "")) for name, number in COUNT.findall(output)}
    return process.returncode, counts


def test_no_acknowledged_write_is_lost_doubled_or_wrong(directory: Path) -> None:
    code, counts = run(directory, "--minutes", "0.3")
    assert counts.pop("acknowledged") > 1_200  # the warm-up alone
    assert counts == {"lost": 0, "doubled": 0, "wrong": 0, "unexpected": 0}
    assert code == 0
    assert servers(directory) == []
    assert [*directory.iterdir()] == []


def test_asynchronous_replication_is_detected(directory: Path) -> None:
    code, counts = run(directory, "--minutes", "0.1", "--fault", "asynchronous")
    assert (code, counts["doubled"], counts["unexpected"]) == (1, 0, 0)
    assert counts["lost"] > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_all_servers(directory: Path, number: signal.Signals) -> None:
    with started(directory) as process:
        wait_until(lambda: any(log.stat().st_size for log in directory.glob("*/*.log")))
        assert len(servers(directory)) >= 5  # primary, standby, gunicorn and its workers
        process.send_signal(number)
        assert process.wait() == 128 + number
    assert servers(directory) == []
    assert [*directory.iterdir()] == []
