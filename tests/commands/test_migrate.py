"""Tests of `manage.py migrate`: several at once, and databases that cannot be migrated."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from tests.support.citus_catalog import citus_catalog
from tests.support.processes import python, run_python
from tests.support.servers.gunicorn import database_url, free_port
from todo_project.database.migration_lock import LOCK_ID, describe_holder
from todo_project.environment import BASE_DIR

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

PROCESSES = 4
MIGRATE = ("manage.py", "migrate", "--no-input")


def url_of(database: str, user: str = "", search_path: str = "public", **options: str) -> str:
    """Return the URL of another database of the server, perhaps as another user."""
    url = urlsplit(database_url())
    netloc = f"{user}@{url.netloc.rpartition('@')[2]}" if user else url.netloc
    settings = {"search_path": search_path} | options
    startup = " ".join(f"-c {name}={value}" for name, value in settings.items())
    query = "&".join(filter(None, [url.query, urlencode({"options": startup}, quote_via=quote)]))
    return url._replace(netloc=netloc, path=f"/{database}", query=query).geturl()


@pytest.fixture
def empty_database() -> Iterator[str]:
    """Create an empty database; return its name."""
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(database_url(), autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
        yield name
        session.execute(f"DROP DATABASE {name}")


@pytest.fixture(params=["postgresql", "sqlite"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/todo.sqlite3"
    return url_of(request.getfixturevalue("empty_database"))


@pytest.fixture
def guest() -> Iterator[str]:
    """Create a role without rights; return its name."""
    name = f"guest_{uuid4().hex}"
    with psycopg.connect(database_url(), autocommit=True) as session:
        session.execute(f"CREATE ROLE {name} LOGIN")
        yield name
        session.execute(f"DROP ROLE {name}")


def migrate(**variables: str) -> tuple[int, str, str]:
    """Run `migrate`; return the exit code, standard output and standard error."""
    finished = python(*MIGRATE, environ=os.environ | variables)
    return finished.returncode, finished.stdout, finished.stderr


def without_waiting(errors: str) -> str:
    """Return the lines that do not say what a process waits for, as it does on a slow machine."""
    lines = errors.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("Waiting for "))


@contextmanager
def waiting_migration(url: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run `migrate` until the end of the block; yield the process and its first message."""
    with subprocess.Popen(
        [sys.executable, *MIGRATE, "-v", "0"],
        env=os.environ | {"DATABASE_URL": url},
        cwd=BASE_DIR,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr
            yield process, process.stderr.readline()
        finally:
            process.terminate()


def test_concurrent_migrations_of_an_empty_database_all_succeed(
    empty_url: str, tmp_path: Path
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, *MIGRATE],
            env=os.environ | {"DATABASE_URL": empty_url},
            cwd=BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    outputs = [(*process.communicate(), process.returncode) for process in processes]
    assert [(without_waiting(errors), code) for _, errors, code in outputs] == [
        ("", 0)
    ] * PROCESSES
    idle = [output.endswith("  No migrations to apply.\n") for output, _, _ in outputs]
    assert sorted(idle) == [False, True, True, True]
    applied = outputs[idle.index(False)][0].splitlines()[3:]
    assert {line.rpartition(" ")[2] for line in applied} == {"OK"}
    run_python("manage.py", "migrate", "--check", DATABASE_URL=empty_url)
    assert sorted(path.name for path in tmp_path.iterdir() if "-" not in path.name) == (
        ["todo.sqlite3"] if empty_url.startswith("sqlite") else []
    )


def test_migration_waits_for_another_session_and_names_it(empty_database: str) -> None:
    url = url_of(empty_database, lock_timeout="1ms")
    with psycopg.connect(url, autocommit=True, application_name="todo-api") as session:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK_ID])
        query = "SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        [(start,)] = session.execute(query).fetchall()
        with waiting_migration(url) as (process, message):
            assert message == (
                f"Waiting for the session {session.info.backend_pid} (todo-api, connected at "
                f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}), which migrates this database.\n"
            )
            # A pooler may execute each statement in another session, so there is no lock.
            assert migrate(DATABASE_URL=url, DATABASE_POOLED="true")[0] == 0
            session.execute("SELECT pg_advisory_unlock_all()")
            assert process.communicate()[1] == ""
    assert process.returncode == 0


def test_migration_names_a_session_of_another_role(guest: str, empty_database: str) -> None:
    with psycopg.connect(url_of(empty_database, guest), autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK_ID])
        owner = f"owner_{guest}"
        with psycopg.connect(url_of(empty_database), autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {owner} LOGIN")
            admin.execute(f"GRANT ALL ON SCHEMA public TO {owner}")
        try:
            with waiting_migration(url_of(empty_database, owner)) as (process, message):
                holder = f"the session {session.info.backend_pid} (unnamed)"
                assert message == f"Waiting for {holder}, which migrates this database.\n"
                session.close()
                assert process.wait() == 0
        finally:
            with psycopg.connect(url_of(empty_database), autocommit=True) as admin:
                admin.execute(f"DROP OWNED BY {owner}")
                admin.execute(f"DROP ROLE {owner}")


def test_migration_of_sqlite_waits_for_another_process_and_says_so(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with waiting_migration(f"sqlite:///{tmp_path}/todo.sqlite3") as (process, message):
        assert message == "Waiting for another process, which migrates this database.\n"
        os.close(descriptor)
        assert process.wait() == 0


def test_session_that_has_just_ended_is_not_named() -> None:
    """The lock may be free again when the catalog is read."""
    assert describe_holder(connection) == "another session"


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_other_encoding_than_utf8_exits_with_one_line(encoding: str) -> None:
    name = f"encoded_{uuid4().hex}"
    with psycopg.connect(database_url(), autocommit=True) as session:
        session.execute(
            f"CREATE DATABASE {name} ENCODING {encoding} LOCALE 'C' TEMPLATE template0"
        )
        try:
            finished = migrate(DATABASE_URL=url_of(name))
        finally:
            session.execute(f"DROP DATABASE {name}")
    host = connection.get_connection_params()["host"]
    message = f"The encoding of {name} on {host} is {encoding}, and must be UTF8."
    assert finished == (1, "", f"CommandError: {message}\n")


@pytest.mark.undistributed(reason="it imitates the catalog of Citus")
def test_worker_of_citus_exits_with_one_line() -> None:
    with citus_catalog(database_url()) as (coordinator, worker):
        assert migrate(DATABASE_URL=coordinator)[::2] == (0, "")
        finished = migrate(DATABASE_URL=worker)
    host = connection.get_connection_params()["host"]
    name = connection.settings_dict["NAME"]
    reason = "is a worker of Citus. Set DATABASE_URL_UNPOOLED to the URL of the coordinator."
    assert finished == (1, "", f"CommandError: {name} on {host} {reason}\n")


def test_unreachable_database_exits_with_one_line() -> None:
    port = free_port()
    url = f"postgresql://u@127.0.0.1:{port}/todo"
    refused = (
        f'connection failed: connection to server at "127.0.0.1", port {port} failed: '
        "Connection refused"
    )
    for variables in (
        {"DATABASE_URL": url},
        {"DATABASE_URL": database_url(), "DATABASE_URL_UNPOOLED": url},
    ):
        name = [*variables][-1]
        assert migrate(**variables) == (1, "", f"CommandError: {name}: {refused}\n")


def test_role_without_rights_exits_with_one_line(guest: str, empty_database: str) -> None:
    schema = f"CREATE SCHEMA restricted; GRANT USAGE ON SCHEMA restricted TO {guest}"
    with psycopg.connect(url_of(empty_database), autocommit=True) as session:
        session.execute(schema)
    migrated = urlsplit(database_url()).path.strip("/")
    for url, reason in (
        (url_of(migrated, guest), "permission denied for table django_migrations"),
        (url_of(empty_database, guest, "restricted"), "permission denied for schema restricted"),
        (url_of(empty_database, guest, "nowhere"), "no schema has been selected to create in"),
    ):
        code, _, errors = migrate(DATABASE_URL=url)
        assert (code, errors) == (1, f"CommandError: DATABASE_URL: {reason}\n")


def test_file_that_is_no_database_exits_with_one_line(tmp_path: Path) -> None:
    file = tmp_path / "todo.sqlite3"
    file.write_text("This is not a database. " * 100)
    assert migrate(DATABASE_URL=f"sqlite:///{file}") == (
        1,
        "",
        "CommandError: DATABASE_URL: file is not a database\n",
    )


def test_error_in_a_migration_has_a_traceback(empty_database: str) -> None:
    with psycopg.connect(url_of(empty_database), autocommit=True) as session:
        session.execute("CREATE TABLE tasks ()")
    code, _, errors = migrate(DATABASE_URL=url_of(empty_database))
    assert code == 1
    assert errors.startswith("Traceback")
    assert errors.endswith('relation "tasks" already exists\n')
