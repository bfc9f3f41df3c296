"""The mutants that `mutmut` left alive, tried again: the second half of `make mutants`.

mutmut forks each mutant from a process that has imported the code, and runs the tests that called
the function then. So whatever runs at import, or is compiled once and kept, gets away. Here each
is a process of its own from the start, and is met by every test of the API.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from todo_project.environment import BASE_DIR

TESTS = ("-xq", "-m", "not once and not e2e", "-k", "not live and not state_machine")

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
    folder = BASE_DIR / "mutants"
    environ = os.environ | {
        "MUTANT_UNDER_TEST": name,
        "PYTHONPATH": str(folder),
        "TEST_DATABASE_URL": "sqlite:///test.sqlite3",
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *TESTS]
    return not subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, check=False
    ).returncode


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
