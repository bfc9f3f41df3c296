"""Tests of the commands in docs/deployment.md that move and back up a database."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from tests.support.client import stored_rows
from tests.support.commands import import_tasks
from tests.support.documentation import code_blocks
from tests.support.processes import run_python
from tests.support.servers.cluster import PROGRAMS
from tests.support.servers.gunicorn import database_url, manage
from tests.support.stored_tasks import ROWS, write
from todo_project.environment import BASE_DIR

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

URL = re.compile("'postgresql://[^']+'")


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Return the path of a file with ROWS."""
    return write(tmp_path / "rows.jsonl")


@pytest.fixture
def empty_url() -> Iterator[str]:
    """Create an empty database; return its URL."""
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(database_url(), autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
        yield urlsplit(database_url())._replace(path=f"/{name}").geturl()
        session.execute(f"DROP DATABASE {name}")


def commands(word: str, directory: Path) -> str:
    """Return the block of commands with this word; its files are in the directory."""
    blocks = code_blocks(BASE_DIR / "docs" / "deployment.md", "sh")
    [block] = [each for each in blocks if word in each]
    for name in ("tasks.jsonl", "todo.dump", "original.jsonl", "restored.jsonl"):
        block = block.replace(name, str(directory / name))
    return block.replace(".venv/bin/python", sys.executable)


def execute(script: str, **variables: str) -> str:
    """Run the commands with these environment variables added; return their output."""
    return subprocess.run(
        ["bash", "-euc", script],
        env=os.environ | variables,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_documented_commands_move_from_sqlite_to_postgresql(lines: Path) -> None:
    source = f"sqlite:///{lines.parent}/db.sqlite3"
    manage(source, "migrate", "--verbosity=0")
    manage(source, "import_tasks", str(lines), "--verbosity=0")
    script = URL.sub(f"'{database_url()}'", commands("import_tasks", lines.parent))
    *_, validated, stored = execute(script, DATABASE_URL=source).splitlines()
    assert validated == "All 10 lines are valid. Nothing was stored."
    assert stored.endswith(": created 10, already there 0.")
    assert stored_rows() == ROWS


@pytest.mark.undistributed(reason="pg_dump would dump the metadata of Citus")
def test_documented_backup_is_restored_without_loss(lines: Path, empty_url: str) -> None:
    import_tasks(lines)
    for word in ("pg_dump", "cmp"):
        script = URL.sub(f"'{empty_url}'", commands(word, lines.parent))
        script = re.sub("^neon .*$", "", script, flags=re.MULTILINE)  # has no local server
        path = f"{PROGRAMS}:{os.environ['PATH']}"
        url = database_url()
        execute(script, DATABASE_URL=url, DATABASE_URL_UNPOOLED=url, PATH=path)
    restored = (lines.parent / "restored.jsonl").read_bytes()
    assert restored.count(b"\n") == len(ROWS)
    assert run_python("manage.py", "migrate", DATABASE_URL=empty_url).endswith(
        "No migrations to apply.\n"
    )
