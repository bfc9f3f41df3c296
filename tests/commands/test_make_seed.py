"""Tests of `make seed`, as often as a developer runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

# The packages are installed: `--assume-old` keeps make from installing them again.
MAKE = ["make", "--no-print-directory", "--assume-old=.venv/runs", "seed"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a developer whose database is an empty file."""
    own = {"DEBUG": "true", "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    return os.environ | own


def make_seed(environment: dict[str, str], *variables: str) -> tuple[int, str, str]:
    """Run `make seed`; return its exit status, and what it prints, without the duration."""
    binaries = f"BIN='{Path(sys.executable).parent}'"
    finished = subprocess.run(
        [*MAKE, binaries, *variables],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return finished.returncode, re.sub(r", in .*", "", finished.stdout), finished.stderr


def test_each_run_adds_tasks_of_more_users(environment: dict[str, str]) -> None:
    created = "Created {} tasks for {} users, user-{} to user-{}\n"
    assert make_seed(environment) == (0, created.format(1000, 20, 1, 20), "")
    options = "SEED=--users=2 --tasks=3"
    assert make_seed(environment, options) == (0, created.format(6, 2, 21, 22), "")


def test_error_names_the_variable_of_make(environment: dict[str, str]) -> None:
    status, output, error = make_seed(environment | {"DEBUG": "false"})
    assert (status, output) == (2, "")
    assert error.splitlines()[0].endswith("add --yes (with make: SEED=--yes).")
    variables = {"DEBUG": "false", "SECRET_KEY": "only-for-tests-" * 4}
    assert make_seed(environment | variables, "SEED=--yes --users=1")[0] == 0
