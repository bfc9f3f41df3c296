"""The database that all contestants share, and the rows that the benchmarks put into it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from random import Random
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

TASKS_EACH = 100
LONG_LISTS = (1_000, 10_000)
"""Beside the many users, one user with each of these numbers of tasks."""

SETTINGS = {
    "SECRET_KEY": "only-for-benchmarks-" * 3,
    "DEBUG": "false",
    "BEHIND_PROXY": "false",
    "LOG_LEVEL": "ERROR",
    "PYTHON_DOTENV_DISABLED": "1",
    "ALLOWED_HOSTS": "127.0.0.1",
}
"""The settings of every process here: those of production, whatever `.env` says."""

OURS = "bench"
"""The user whose tasks the benchmarks create and delete; no seeded user sorts near it."""


def manage(database_url: str, *command: str, **variables: str) -> None:
    """Run manage.py; raise RuntimeError with what it printed where it fails."""
    environ = os.environ | SETTINGS | {"DATABASE_URL": database_url} | variables
    finished = subprocess.run(
        [sys.executable, "manage.py", *command],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
    )
    if finished.returncode:
        raise RuntimeError(f"manage.py {' '.join(command)} failed:\n{finished.stderr}")


@dataclass(frozen=True)
class Database:
    """A migrated database of `size` tasks, 100 to a user, and two users with long lists."""

    url: str
    size: int

    @cached_property
    def connection(self) -> psycopg.Connection:
        """Connect directly, whatever way the contestants take."""
        return psycopg.connect(self.url, autocommit=True)

    @cached_property
    def users(self) -> list[str]:
        """Return up to 1000 users, the same in every run, from all over the table."""
        numbers = range(1, self.size // TASKS_EACH + 1)
        chosen = Random(1).sample(numbers, min(len(numbers), 1000))
        return [f"user-{number}" for number in chosen]

    @cached_property
    def tasks(self) -> list[tuple[str, UUID]]:
        """Return 10,000 tasks of these users, in no order."""
        rows = self.connection.execute(
            "SELECT user_id, id FROM tasks WHERE user_id = ANY(%s) ORDER BY MD5(id::TEXT)",
            [self.users[:100]],
        )
        return [(user_id, task_id) for user_id, task_id in rows]

    def user_with(self, tasks: int) -> str:
        """Return the user with a long list."""
        return f"user-{self.size // TASKS_EACH + LONG_LISTS.index(tasks) + 1}"

    def copy(self, count: int, user_id: str = OURS) -> list[UUID]:
        """Give the user copies of `count` seeded tasks, all open, under new ids."""
        rows = self.connection.execute(
            "INSERT INTO tasks (user_id, title, description)"
            " SELECT %s, title, description FROM tasks, GENERATE_SERIES(1, %s) LIMIT %s"
            " RETURNING id",
            [user_id, 1 + count // self.size, count],
        )
        return [task_id for (task_id,) in rows]

    def restore(self) -> None:
        """Remove what a measurement added, and the dead rows that it left."""
        self.connection.execute(
            "DELETE FROM tasks WHERE user_id BETWEEN %s AND %s", [OURS, f"{OURS}~"]
        )
        self.connection.execute("VACUUM tasks")


def create_database(server_url: str, size: int) -> Database:
    """Create, migrate and fill a database."""
    name = f"tasks_{size}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database = Database(urlsplit(server_url)._replace(path=f"/{name}").geturl(), size)
    manage(database.url, "migrate", "-v", "0")
    _seed(database.url, size // TASKS_EACH, TASKS_EACH)
    for tasks in LONG_LISTS:
        _seed(database.url, 1, tasks, "--append")
    # It would start in the middle of somebody's round; `restore` does its work.
    database.connection.execute("ALTER TABLE tasks SET (autovacuum_enabled = false)")
    database.connection.execute("VACUUM ANALYZE tasks")
    return database


def _seed(url: str, users: int, tasks: int, *options: str) -> None:
    numbers = f"--users={users}", f"--tasks={tasks}"
    manage(url, "seed_tasks", *numbers, "--yes", "-v", "0", *options)
