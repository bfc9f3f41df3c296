"""Run the tests on the supported versions that this machine has, and list those it lacks.

Every pair of a Python and a Django runs on the newest PostgreSQL; the oldest and the newest pair
also run on every other PostgreSQL that they support, and on SQLite. With --quick, only the oldest
and the newest pair run, each on the oldest PostgreSQL that it supports.
"""

import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.servers.cluster import primary, programs_of
from todo_project.environment import BASE_DIR

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DJANGOS = {"5.2": "django~=5.2.0", "6": "django>=6,<7"}
POSTGRESQLS = (14, 15, 16, 17, 18)

TESTS = (
    *("tests/api", "tests/admin", "tests/service", "tests/database", "tests/openapi"),
    "tests/server",
    "tests/deployment/test_internals.py",
)
"""The tests whose result may depend on a version."""

ENVIRONMENTS = BASE_DIR / ".venv" / "compatibility"
UV = Path(sys.executable).with_name("uv")

LOCKED_DJANGO = re.compile(r"^django==(?:.*\\\n)*.*", re.MULTILINE)
"""The requirement with its hashes, one a line."""

DJANGO_FACTS = """
import django
from django.db.backends.postgresql.features import DatabaseFeatures
print(django.__version__, DatabaseFeatures.minimum_database_version[0])
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and the oldest PostgreSQL that its Django supports."""

    python: str
    django: str
    interpreter: Path
    minimum_postgresql: int

    def __str__(self) -> str:
        """Return the versions."""
        return f"Python {self.python}, Django {self.django}"


Corner = tuple[Environment, int | None]
"""An environment, and a major version of PostgreSQL, or None for SQLite."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tests on each corner; exit with 1 if one fails, or if there is none."""
    parser = ArgumentParser(prog="python -m tests.compatibility", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two corners: the oldest, the newest")
    quick = parser.parse_args(arguments).quick
    missing: list[str] = []
    environments = [*create_environments(missing)]
    servers = [*installed_servers(missing)]
    planned = quick_corners(environments, servers) if quick else corners(environments, servers)
    results = [(name(corner), *run(corner)) for corner in planned]
    print("\nResults:")
    for corner, _, summary in results:
        print(f"  {corner}: {summary}")
    for reason in missing:
        print(f"  not run: {reason}")
    sys.exit(not results or any(failed for _, failed, _ in results))


def create_environments(missing: list[str]) -> Iterator[Environment]:
    """Yield an environment for each pair of versions, oldest first; others go to `missing`."""
    for version in PYTHONS:
        python = find_python(version)
        if python is None:
            missing.append(f"Python {version} is not installed")
            continue
        for django, requirement in DJANGOS.items():
            directory = ENVIRONMENTS / f"python{version}-django{django}"
            print(f"Installing {directory.name} ...", flush=True)
            error = install(directory, python, requirement)
            if error:
                missing.append(f"Python {version} with Django {django}: {error}")
                continue
            interpreter = directory / "bin" / "python"
            facts = subprocess.check_output([interpreter, "-c", DJANGO_FACTS], text=True).split()
            yield Environment(version, facts[0], interpreter, int(facts[1]))


def find_python(version: str) -> Path | None:
    """Return the interpreter of this version in the search path or in pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    directories = [*map(Path, os.environ["PATH"].split(os.pathsep))]
    directories += [each / "bin" for each in sorted(pyenv.glob(f"{version}.*"), reverse=True)]
    for candidate in (each / f"python{version}" for each in directories):
        # pyenv's `shims` has programs for versions that are not active, which fail.
        if candidate.exists() and succeeds(candidate, "--version"):
            return candidate
    return None


def install(directory: Path, python: Path, django: str) -> str:
    """Install the locked requirements with this Django; return the error, if there is one.

    Django has no hashes there: it is the newest release of its series.
    """
    command: list[str | Path] = [UV, "venv", "-q", "--allow-existing", "-p", python, directory]
    subprocess.run(command, check=True)
    locked = (BASE_DIR / "requirements-dev.txt").read_text()
    with TemporaryDirectory() as temporary:
        requirements = Path(temporary) / "requirements.txt"
        requirements.write_text(LOCKED_DJANGO.sub(django, locked))
        finished = subprocess.run(
            [UV, "pip", "install", "-q", "-p", directory, "-r", requirements],
            check=False,
            capture_output=True,
            text=True,
        )
    needed = re.search(r"depends on Python>=([\d.]+)", finished.stderr)
    error = f"needs Python {needed[1]}" if needed else finished.stderr.strip()
    return error if finished.returncode else ""


def succeeds(*command: Path | str) -> bool:
    """Return whether a command exits with 0."""
    return not subprocess.run(command, check=False, capture_output=True).returncode


def installed_servers(missing: list[str]) -> Iterator[int]:
    """Yield the versions of PostgreSQL that can run, oldest first; others go to `missing`."""
    for version in POSTGRESQLS:
        if succeeds(programs_of(version) / "postgres", "--version"):
            yield version
        else:
            missing.append(f"PostgreSQL {version} is not installed")


def quick_corners(environments: Sequence[Environment], servers: Sequence[int]) -> list[Corner]:
    """Return the oldest and the newest environment, each on its oldest PostgreSQL."""
    ends = (environments[0], environments[-1])
    return [(each, min(supported(each, servers))) for each in ends]


def corners(environments: Sequence[Environment], servers: Sequence[int]) -> list[Corner]:
    """Return each environment on the newest PostgreSQL, and the outer two on every database."""
    newest = max(servers)
    planned: list[Corner] = [(each, newest) for each in environments]
    for each in (environments[0], environments[-1]):
        planned += [(each, server) for server in supported(each, servers) if server != newest]
        planned.append((each, None))
    return planned


def supported(environment: Environment, servers: Sequence[int]) -> list[int]:
    """Return the versions of PostgreSQL that the environment's Django supports."""
    return [each for each in servers if each >= environment.minimum_postgresql]


def name(corner: Corner) -> str:
    """Return the versions of a corner."""
    environment, server = corner
    return f"{environment}, {f'PostgreSQL {server}' if server else 'SQLite'}"


def run(corner: Corner) -> tuple[bool, str]:
    """Run the tests on a corner; return whether they failed, and the last line of pytest."""
    print(f"\n{name(corner)}", flush=True)
    environment, server = corner
    selected = "not e2e" if server else "not once and not e2e"
    command = [str(environment.interpreter), "-m", "pytest", "-q", "-n", "auto", "-m", selected]
    command += ["-p", "no:cacheprovider", *TESTS]
    last = ""
    with (
        database(server) as url,
        subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env=os.environ | {"TEST_DATABASE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last = line.strip(" =\n") or last
    return bool(process.returncode), last


@contextmanager
def database(server: int | None) -> Iterator[str]:
    """Start a PostgreSQL server of this version, or choose an SQLite file; yield the URL."""
    if server is None:
        yield "sqlite:///test.sqlite3"
        return
    # Before version 17 a search depends on the locale, which must know the case of all letters.
    with primary(programs_of(server), locale="C.UTF-8", fsync="off") as cluster:
        yield cluster.url


if __name__ == "__main__":
    main()
