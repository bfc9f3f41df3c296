"""Tests of a service whose SQLite file is deleted or replaced: nothing acknowledged is lost."""

import gc
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from tests.support.documentation import code_blocks
from tests.support.servers.gunicorn import Instance, manage, run
from tests.support.servers.http_client import Client, Response, create_task, statuses
from tests.support.servers.load import load
from tests.support.servers.unavailability import assert_unavailable, logged_causes
from todo_project.database.url import parse_database_url
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

COUNT = "SELECT COUNT(*) FROM tasks"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create and migrate a database."""
    file = tmp_path_factory.mktemp("migrated") / "db.sqlite3"
    manage(f"sqlite:///{file}", "migrate", "-v", "0")
    return file


@pytest.fixture
def file(migrated: Path, tmp_path: Path) -> Path:
    """Return a copy of the migrated database."""
    return Path(shutil.copy(migrated, tmp_path))


@pytest.fixture
def service(file: Path, tmp_path: Path) -> Iterator[Instance]:
    with run(tmp_path / "log", DATABASE_URL=f"sqlite:///{file}") as instance:
        yield instance


@pytest.fixture
def clients(service: Instance) -> Iterator[list[Client]]:
    """Connect clients, so that most threads of both workers have used the database."""
    clients = [Client(service.port) for _ in range(8)]
    for client in clients * 4:
        assert create_task(client, "alice").status == 201
    yield clients
    for client in clients:
        client.close()


def execute(word: str, file: Path) -> None:
    """Execute the commands of docs/deployment.md with this word."""
    blocks = code_blocks(BASE_DIR / "docs" / "deployment.md", "sh")
    [block] = [each for each in blocks if word in each]
    subprocess.run(["bash", "-euc", block], cwd=file.parent, check=True)


def back_up(file: Path) -> Path:
    """Copy the database while the service uses it."""
    execute(".backup(", file)
    return file.with_name("backup.sqlite3")


def count(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        [(number,)] = connection.execute(COUNT)
        return int(number)


def test_deleted_file_returns_503_until_a_backup_is_put_back(
    file: Path, service: Instance, clients: list[Client]
) -> None:
    back_up(file)
    for each in file.parent.glob("db.sqlite3*"):
        each.unlink()
    for client in clients * 4:
        assert_unavailable(create_task(client, "alice"))
        assert statuses(client, "/healthz", "/readyz") == [200, 503]
    assert set(logged_causes(service)) == {f"the file {file} cannot be found"}
    assert not file.exists()
    execute("rm -f db.sqlite3", file)
    for client in clients * 4:
        assert create_task(client, "alice").status == 201
        assert statuses(client, "/readyz") == [200]
    assert count(file) == 64


def test_documented_restore_under_load_loses_no_later_write(
    file: Path, service: Instance, clients: list[Client]
) -> None:
    back_up(file)
    acknowledged: list[tuple[float, str]] = []

    def create(client: Client, number: int) -> Response:
        sent = monotonic()
        response = create_task(client, "alice")
        if response.status == 201:
            acknowledged.append((sent, response.json()["id"].replace("-", "")))
        return response

    with load(service.port, 8, create) as record:
        record.wait_for(100, 201)
        execute("rm -f db.sqlite3", file)
        restored = monotonic()
        record.wait_for(200, 201)
    assert record.count(restored).keys() == {201}
    with closing(sqlite3.connect(file)) as connection:
        stored = {task_id for (task_id,) in connection.execute("SELECT id FROM tasks")}
    assert {task_id for sent, task_id in acknowledged if sent >= restored} <= stored


def test_replaced_file_is_used_once_the_log_of_the_other_is_gone(
    file: Path, service: Instance, clients: list[Client]
) -> None:
    backup = back_up(file)
    for client in clients:
        assert create_task(client, "alice").status == 201
    backup.replace(file)
    for client in clients:
        assert_unavailable(create_task(client, "alice"))
    message = f"the file {file} was replaced: delete {file}-wal and -shm"
    assert logged_causes(service) == [message] * len(clients)
    for suffix in ("-wal", "-shm"):
        file.with_name(f"{file.name}{suffix}").unlink()
    for client in clients * 4:
        assert create_task(client, "alice").status == 201
    assert count(file) == 64


@pytest.mark.django_db
def test_connection_follows_the_path_except_to_a_missing_or_combined_database(file: Path) -> None:
    url = f"sqlite:///{file}"
    settings = parse_database_url("DATABASE_URL", url, pooled=False, prepare_threshold=None)
    first, second = (ConnectionHandler({"default": settings})["default"] for _ in "12")

    def create_table(connection: BaseDatabaseWrapper, name: str) -> list[str]:
        """Create a table as the first statement of a request; return those without a prefix."""
        connection.close_if_unusable_or_obsolete()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {name} (id INTEGER)")
            tables = connection.introspection.table_names(cursor)
        return [table for table in tables if "_" not in table]

    assert create_table(first, "a") == ["a", "tasks"]
    assert create_table(second, "b") == ["a", "b", "tasks"]
    backup = back_up(file)
    assert create_table(first, "c") == ["a", "b", "c", "tasks"]
    moved = file.rename(file.with_name("moved"))
    for connection in (first, second):
        with pytest.raises(OperationalError, match=f"^the file {file} cannot be found$"):
            create_table(connection, "d")
    assert not file.exists()
    backup.rename(file)
    combined = f"^the file {file} was replaced: delete {file}-wal and -shm$"
    for connection in (first, second):
        with pytest.raises(OperationalError, match=combined):
            create_table(connection, "d")
    moved.replace(file)  # the log belongs to this file
    assert create_table(first, "d") == ["a", "b", "c", "d", "tasks"]
    for connection in (first, second):
        connection.close()


@pytest.mark.django_db
def test_file_without_log_is_used_once_it_is_replaced(file: Path) -> None:
    """Some file systems do not support the log, so SQLite keeps its mode of before."""
    settings = parse_database_url(
        "DATABASE_URL", f"sqlite:///{file}", pooled=False, prepare_threshold=None
    )
    settings["OPTIONS"]["init_command"] = "PRAGMA journal_mode=DELETE"
    other = back_up(file)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")
    connected = ConnectionHandler({"default": settings})["default"]
    found = []
    with closing(connected):
        for replacement in (None, other):
            if replacement:
                replacement.replace(file)
            connected.close_if_unusable_or_obsolete()
            with connected.cursor() as cursor:
                found.append("other" in connected.introspection.table_names(cursor))
    assert found == [False, True]


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_locked_file_is_reported_as_such(file: Path) -> None:
    """Django drops the connection on which its first statement fails, and does not close it."""
    settings = parse_database_url(
        "DATABASE_URL", f"sqlite:///{file}", pooled=False, prepare_threshold=None
    )
    settings["OPTIONS"]["timeout"] = 0
    connection = ConnectionHandler({"default": settings})["default"]
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match=r"^database is locked$"):
            connection.connect()
    gc.collect()  # of that connection, while the warning of Python 3.13 is ignored
