"""Run the mutants that survived `mutmut run` once more: the second half of `make mutants`.

mutmut forks each mutant from a process that has already imported the code, and runs only the tests
that call the mutated function. So mutants of code that runs at import, or whose result is cached,
survive. Here each mutant gets a new process and the tests of the API on both databases.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import compress

from tqdm import tqdm

from todo_project.environment import BASE_DIR

FIRST_TESTS = (
    "tests/openapi/test_openapi.py",
    "tests/openapi/test_openapi_schemas.py",
)
"""Tests that detect many mutants and need no database, which pytest-django would run last."""

EXCLUDED_TESTS = (
    "tests/api/test_state_machine.py",  # slow
    "tests/browser",
    "tests/database/test_url.py",
    "tests/deployment/test_documentation.py",
    "tests/deployment/test_gunicorn.py",
    "tests/deployment/test_reference_tables.py",
    "tests/deployment/test_release.py",
    "tests/deployment/test_settings.py",
    "tests/fuzz",
    "tests/service/test_https.py",
    "tests/service/test_security_headers.py",
    "tests/server/test_server.py",
)
"""Slow tests, and tests of code that is not mutated."""

SQLITE = "sqlite:///test.sqlite3"

MINIMUM_SCORE = 94
"""The percentage of mutants that must be killed. Others are equivalent to the original."""


def main() -> None:
    """Print the mutants that survive; exit with an error if too many do."""
    results = re.findall(r"(\S+): (\w[\w ]*)", mutmut("results", "--all", "true"))
    names = [name for name, result in results if result in {"survived", "no tests"}]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survived = list(tqdm(pool.map(survives, names), total=len(names), unit=" mutants"))
    survivors = list(compress(names, survived))
    for name in survivors:
        print(f"{name}\n    {changed_lines(name)}")
    score = 100 * (1 - len(survivors) / len(results))
    print(f"{len(survivors)} of {len(results)} mutants survive: {score:.1f} % are killed")
    sys.exit(score < MINIMUM_SCORE)


def survives(name: str) -> bool:
    """Return whether no test fails with the mutant."""
    return (
        passes(name, "", "not e2e", *FIRST_TESTS)
        and passes(name, "", "not e2e", "tests")
        and passes(name, SQLITE, "not once and not e2e", "tests")
    )


def passes(name: str, database_url: str, markers: str, *tests: str) -> bool:
    """Return whether these tests pass with the mutant on this database."""
    folder = BASE_DIR / "mutants"
    command = [sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider", "-m", markers]
    command += [*tests, *(f"--ignore={path}" for path in EXCLUDED_TESTS)]
    environ = os.environ | {
        "MUTANT_UNDER_TEST": name,
        "PYTHONPATH": str(folder),
        "TEST_DATABASE_URL": database_url,
    }
    finished = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    return finished.returncode == 0


def changed_lines(name: str) -> str:
    """Return the lines that the mutant adds, or else those that it removes."""
    difference = mutmut("show", name)
    added = re.findall(r"^\+(?!\+)\s*(.*)", difference, re.MULTILINE)
    removed = re.findall(r"^-(?!-)\s*(.*)", difference, re.MULTILINE)
    return " ".join(added) or f"without {' '.join(removed)}"


def mutmut(*arguments: str) -> str:
    """Run mutmut; return what it prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
