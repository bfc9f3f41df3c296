"""The conditions of a run: date, machine, versions, interpreters."""

import json
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg

from benchmarks.servers import ENVIRONMENTS, ROOT

GIB = 2**30
PACKAGES = {
    "service": ("django", "djangorestframework", "gunicorn", "psycopg", "orjson"),
    "bolt": ("django", "django-bolt", "psycopg", "psycopg-pool", "msgspec"),
    "peers": (
        *("django", "djangorestframework", "django-ninja", "gunicorn", "psycopg"),
        *("litestar", "fastapi", "pydantic", "msgspec", "granian", "asyncpg", "uvloop"),
    ),
}
"""By the name of the environment."""

INTERPRETER = """
import re, sys, sysconfig
from importlib.metadata import version
flags = f"{sysconfig.get_config_var('CONFIG_ARGS')} {sysconfig.get_config_var('PY_CFLAGS')}"
optimizations = re.findall(r"--enable-optimizations|--with-lto\\S*|-flto\\S*|-O[0-9s]", flags)
optimizations = " ".join(dict.fromkeys(each.strip("'") for each in optimizations))
packages = ", ".join(f"{package} {version(package)}" for package in sys.argv[1:])
print(f"Python {' '.join(sys.version.split())} ({optimizations} in sysconfig): {packages}")
"""
"""A program that prints the interpreter, how it was built, and versions."""


def describe_environment(server_url: str) -> str:
    """Return the conditions as a section."""
    with psycopg.connect(server_url) as connection:
        postgresql = connection.info.parameter_status("server_version")
    node = json.loads((ROOT / "benchmarks" / "peers" / "package.json").read_text())
    packages = ", ".join(f"{name} {version}" for name, version in node["dependencies"].items())
    return "\n".join(
        (
            "## Conditions\n",
            f"- Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}",
            f"- Command: `{' '.join(('python -m benchmarks', *sys.argv[1:]))}`",
            f"- Machine: {_processor()}; {platform.platform(terse=True)}",
            f"- PostgreSQL {postgresql}, {_wrk()}",
            f"- This service: {_interpreter('service')}",
            f"- django-bolt: {_interpreter('bolt')}",
            f"- The other peers in Python: {_interpreter('peers')}",
            f"- Node {_output('node', '--version')}: {packages}",
        )
    )


def _interpreter(environment: str) -> str:
    python = str(ENVIRONMENTS / environment / "bin" / "python")
    return _output(python, "-c", INTERPRETER, *PACKAGES[environment])


def _output(*command: str) -> str:
    return subprocess.check_output(command, text=True).strip()


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
