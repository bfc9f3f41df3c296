"""Commands of manage.py, run in the process of the tests."""

import sys
from io import BytesIO, StringIO, TextIOWrapper
from math import ceil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from todo_project.environment import BASE_DIR
from todo_project.management.unavailability import unavailability_as_command_error

MIGRATIONS = sorted(path.stem for path in (BASE_DIR / "tasks" / "migrations").glob("0*.py"))
"""The names of all migrations of tasks, in order."""


class Terminal(StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def attach_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Replace standard error by a terminal. In a fixture, pytest would undo it before the test."""
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    return terminal


def statements_for(rows: int, parameters: int) -> int:
    """Return into how many statements Django divides these rows, with parameters for each."""
    maximum = connection.features.max_query_params or rows * parameters
    return ceil(rows / (maximum // parameters))


def run_command(*arguments: str) -> str:
    """Run a command; return what it prints to standard output."""
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def seed_tasks(*options: str) -> str:
    """Run `seed_tasks`; return what it prints to standard output."""
    return run_command("seed_tasks", *options)


def export_tasks(*options: str) -> bytes:
    """Run `export_tasks` in the transaction of the test; return what it writes to stdout."""
    output = TextIOWrapper(BytesIO())
    call_command("export_tasks", *options, "--database=default", stdout=output)
    written: bytes = output.buffer.getvalue()
    return written


def import_tasks(*arguments: str | Path) -> tuple[str, str]:
    """Run `import_tasks` in the transaction of the test.

    Returns what it prints to standard output, and its messages about lines: those on standard
    error, and the error that ends it.
    """
    output, errors = StringIO(), StringIO()
    call = [str(argument) for argument in arguments]
    try:
        with unavailability_as_command_error():  # as manage.py does
            call_command("import_tasks", *call, "--database=default", stdout=output, stderr=errors)
    except CommandError as error:
        errors.write(f"{error}\n")
    return output.getvalue(), errors.getvalue()
