"""The conditions of a run: date, machine, versions."""

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg

GIB = 2**30
PACKAGES = (
    *("django", "djangorestframework", "gunicorn", "psycopg", "orjson"),
    *("fastapi", "sqlmodel", "sqlalchemy", "asyncpg", "uvicorn", "uvloop", "httptools"),
)


def describe_environment(server_url: str) -> str:
    """Return the conditions as a Markdown list."""
    with psycopg.connect(server_url) as connection:
        postgresql = connection.info.parameter_status("server_version")
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return "\n".join(
        (
            f"- Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}",
            f"- Command: `{' '.join(('python -m benchmarks', *sys.argv[1:]))}`",
            f"- Machine: {_processor()}; {platform.platform(terse=True)}",
            f"- Python {platform.python_version()}, PostgreSQL {postgresql}, {_wrk()}",
            f"- {packages}",
        )
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = cpuinfo.exists() and re.search(r"model name\s*: (.+)", cpuinfo.read_text())
    name = found[1] if found else platform.machine()
    memory = psutil.virtual_memory().total / GIB
    return f"{os.cpu_count()} processors ({name}), {memory:.0f} GiB"


def _wrk() -> str:
    """Return the name and version of wrk. `wrk -v` prints them and exits with 1."""
    shown = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return " ".join(shown.stdout.split()[:2])


def _commit() -> str:
    """Return the commit, with `-dirty` if the working tree differs from it."""
    git = ["git", "describe", "--always", "--dirty"]
    described = subprocess.run(git, capture_output=True, text=True, check=False)
    return described.stdout.strip() or "unknown"
