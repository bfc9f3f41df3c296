"""The mutants that `mutmut` left alive, tried again: the second half of `make mutants`.

mutmut forks each mutant from a process that has imported the code, and runs the tests that called
the function then. So whatever runs at import, or is compiled once and kept, gets away. Here each
is a process of its own from the start, and is met by the tests of the API on both databases.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from todo_project.environment import BASE_DIR

FIRST = ("tests/test_openapi.py", "tests/test_links.py", "tests/test_list.py")
"""The tests that notice most, and soon."""

ELSEWHERE = ("live", "release", "authentication", "security", "settings", "url", "state_machine")
"""The tests of what is not mutated, or that need long."""

SQLITE = "sqlite:///test.sqlite3"

HARMLESS: dict[str, str] = {}
"""The lines that a mutant may hold and live, and why."""


def main() -> None:
    """End with an error if a mutant survives that is not harmless."""
    names = re.findall(r"(\S+): survived", mutmut("results"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        alive = list(tqdm(pool.map(survives, names), total=len(names), unit=" mutants"))
    survivors = {name: changed(name) for name, lives in zip(names, alive, strict=True) if lives}
    harmful = {name: line for name, line in survivors.items() if line not in HARMLESS}
    print(f"{len(survivors)} of {len(names)} survive, {len(harmful)} of them without a reason.")
    for name, line in harmful.items():
        print(f"{name}\n    {line}")
    sys.exit(bool(harmful))


def survives(name: str) -> bool:
    """Tell whether no test notices the mutant."""
    return passes(name, "", "not e2e") and passes(name, SQLITE, "not once and not e2e")


def passes(name: str, database_url: str, marked: str) -> bool:
    """Tell whether the tests pass with the mutant, on this database."""
    folder = BASE_DIR / "mutants"
    command = [sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider", "-m", marked]
    command += ["-k", " and ".join(f"not {each}" for each in ELSEWHERE), *FIRST, "tests"]
    command += ["--ignore=tests/browser", "--ignore=tests/fuzz"]
    environ = os.environ | {
        "MUTANT_UNDER_TEST": name,
        "PYTHONPATH": str(folder),
        "TEST_DATABASE_URL": database_url,
    }
    finished = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    return finished.returncode == 0


def changed(name: str) -> str:
    """Return the lines that make it a mutant."""
    added = re.findall(r"^\+(?!\+)\s*(.*)", mutmut("show", name), re.MULTILINE)
    removed = re.findall(r"^-(?!-)\s*(.*)", mutmut("show", name), re.MULTILINE)
    return " ".join(added) or f"without {' '.join(removed)}"


def mutmut(*arguments: str) -> str:
    """Return what mutmut prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
