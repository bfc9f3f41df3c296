"""The database that all implementations share, and its rows."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from random import Random
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

TASKS_PER_USER = 100
LONG_LIST = 1_000
"""The task count of one more user."""

SETTINGS = {
    "SECRET_KEY": "only-for-benchmarks-" * 3,
    "DEBUG": "false",
    "BEHIND_PROXY": "false",
    "LOG_LEVEL": "ERROR",
    "PYTHON_DOTENV_DISABLED": "1",
    "ALLOWED_HOSTS": "127.0.0.1",
}
"""The environment of every process: that of production, independent of `.env`."""

BENCH_USER = "bench"
"""The user whose tasks the benchmarks create and delete, and the prefix of further such users."""


def manage(database_url: str, *command: str) -> None:
    """Run manage.py; raise RuntimeError with its stderr if it fails."""
    environ = os.environ | SETTINGS | {"DATABASE_URL": database_url}
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
    """A migrated database of `size` tasks, 100 to a user, and a user with a long list."""

    url: str
    size: int

    @cached_property
    def connection(self) -> psycopg.Connection:
        """A direct connection, also where the servers connect through a proxy."""
        return psycopg.connect(self.url, autocommit=True)

    @cached_property
    def users(self) -> list[str]:
        """Up to 1000 users, spread over the whole table, the same in every run."""
        numbers = range(1, self.size // TASKS_PER_USER + 1)
        chosen = Random(1).sample(numbers, min(len(numbers), 1000))
        return [f"user-{number}" for number in chosen]

    @cached_property
    def tasks(self) -> list[tuple[str, UUID]]:
        """10,000 tasks of these users, in a random but repeatable order."""
        rows = self.connection.execute(
            "SELECT user_id, id FROM tasks WHERE user_id = ANY(%s) ORDER BY MD5(id::TEXT)",
            [self.users[:100]],
        )
        return [(user_id, task_id) for user_id, task_id in rows]

    @property
    def long_list_user(self) -> str:
        """The user with `LONG_LIST` tasks."""
        return f"user-{self.size // TASKS_PER_USER + 1}"

    def copy(self, count: int, user_id: str = BENCH_USER) -> list[UUID]:
        """Copy `count` seeded tasks to the user, all of them open; return the new ids."""
        rows = self.connection.execute(
            "INSERT INTO tasks (user_id, title, description)"
            " SELECT %s, title, description FROM tasks, GENERATE_SERIES(1, %s) LIMIT %s"
            " RETURNING id",
            [user_id, 1 + count // self.size, count],
        )
        return [task_id for (task_id,) in rows]

    def restore(self) -> None:
        """Remove the tasks that a measurement created, and all dead rows."""
        self.connection.execute(
            "DELETE FROM tasks WHERE user_id BETWEEN %s AND %s", [BENCH_USER, f"{BENCH_USER}~"]
        )
        self.connection.execute("VACUUM tasks")


def create_database(server_url: str, size: int) -> Database:
    """Create, migrate and fill a database."""
    print(f"Creating a database of {size:,} tasks ...", file=sys.stderr)
    name = f"tasks_{size}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database = Database(urlsplit(server_url)._replace(path=f"/{name}").geturl(), size)
    manage(database.url, "migrate", "-v", "0")
    _seed(database.url, size // TASKS_PER_USER, TASKS_PER_USER)
    _seed(database.url, 1, LONG_LIST, "--append")
    # Autovacuum would start during a measurement; `restore` vacuums between them instead.
    database.connection.execute("ALTER TABLE tasks SET (autovacuum_enabled = false)")
    database.connection.execute("VACUUM ANALYZE tasks")
    return database


def _seed(url: str, users: int, tasks: int, *options: str) -> None:
    numbers = f"--users={users}", f"--tasks={tasks}"
    manage(url, "seed_tasks", *numbers, "--yes", "-v", "0", *options)
