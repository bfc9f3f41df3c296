"""Guards for undocumented internals of other packages: an upgrade that changes one fails here.

docs/architecture.md lists the modules that depend on them.
"""

from functools import partial
from inspect import signature
from io import StringIO
from pathlib import Path
from socket import socketpair
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.contrib.admin.views.main import ChangeList
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.sql import DeleteQuery
from django.db.utils import DatabaseErrorWrapper
from django.http import HttpResponse
from django.test import RequestFactory
from dotenv.parser import parse_stream
from gunicorn.config import Config
from gunicorn.http.wsgi import proxy_environ
from gunicorn.workers.gthread import TConn, ThreadWorker
from prometheus_client import Counter, values
from psycopg._preparing import PrepareManager
from psycopg.pq import Format
from rest_framework.views import APIView

from tasks.models import Task
from tests.support.factories import TaskFactory
from tests.support.processes import run_python
from todo_project.database.compiled_query import BindParameter, CompiledQuery
from todo_project.database.postgresql.base import FastTimestamptzLoader

pytestmark = pytest.mark.once


@pytest.mark.django_db
def test_orm_compilers_keep_a_bind_parameter_in_place_of_its_value() -> None:
    field: Any = Task._meta.get_field("id")
    tasks = Task.objects.filter(id=BindParameter("id", field))
    select = CompiledQuery(tasks.values_list("title").query, [Task._meta.get_field("title")])
    delete = CompiledQuery(tasks.query.chain(DeleteQuery))
    assert delete.sql == 'DELETE FROM "tasks" WHERE "tasks"."id" = (%s)'
    assert [type(each) for each in select.params + delete.params] == [BindParameter] * 2
    task = TaskFactory.create(title="Buy milk")
    assert select.execute({"id": task.id}) == [{"title": "Buy milk"}]
    assert [delete.count({"id": each}) for each in (uuid4(), task.id)] == [0, 1]


def test_django_names_the_method_that_compiles_returning() -> None:
    names = {"returning_columns", "return_insert_columns"}
    assert len(names & set(dir(connection.ops))) == 1


@pytest.mark.django_db(transaction=True)
def test_psycopg_waits_for_a_response_with_connection_wait() -> None:
    connection.ensure_connection()
    waiting = connection.connection
    pid = waiting.info.backend_pid
    waiting.wait = partial(waiting.wait, timeout=0.1)
    with pytest.raises(OperationalError, match="timeout"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.django_db
def test_psycopg_loads_timestamps_with_its_own_loader() -> None:
    oid = psycopg.adapters.types["timestamptz"].oid
    with connection.cursor() as cursor:
        loader = cursor.adapters.get_loader(oid, Format.TEXT)
    assert loader is FastTimestamptzLoader
    assert loader.__module__ == "psycopg_binary._psycopg"


def test_django_has_the_attributes_of_a_health_check() -> None:
    flags = {"health_check_enabled", "health_check_done", "errors_occurred", "close_at"}
    assert flags <= vars(connections["default"]).keys()
    assert [*signature(BaseDatabaseWrapper.close_if_health_check_failed).parameters] == ["self"]


def test_django_wraps_all_calls_of_a_driver_in_one_attribute() -> None:
    wrap: Any = BaseDatabaseWrapper.wrap_database_errors
    assert wrap.func.__name__ == "wrap_database_errors"
    parameters = ["self", "exc_type", "exc_value", "traceback"]
    assert [*signature(DatabaseErrorWrapper.__exit__).parameters] == parameters


def test_gunicorn_workers_have_what_the_event_loop_uses() -> None:
    unused: Any = None
    worker: Any = ThreadWorker(1, 1, [], unused, 30, Config(), unused)
    worker.tmp.close()
    assert (worker.sockets, worker.nr_conns, worker.alive) == ([], 0, True)
    assert {"poller", "tpool", "method_queue", "worker_connections"} <= vars(worker).keys()
    overridden = {
        "accept": ["listener"],
        "set_accept_enabled": ["enabled"],
        "enqueue_req": ["conn"],
        "handle": ["conn"],
        "handle_request": ["req", "conn"],
        "handle_error": ["req", "client", "addr", "exc"],
        "get_thread_pool": [],
        "is_parent_alive": [],
    }
    for name, parameters in overridden.items():
        assert [*signature(getattr(worker, name)).parameters] == parameters


def test_gunicorn_connections_have_what_buffers_need() -> None:
    client, server = socketpair()
    with client, server:
        connection: Any = TConn(Config(), server, ("127.0.0.1", 1), ("127.0.0.1", 2))
        connection.init()
        connection.parser.unreader.unread(b"GET /a HTTP/1.1\r\nHost: b\r\n\r\nGET")
        request = next(connection.parser)
        assert (request.method, request.path, request.headers) == ("GET", "/a", [("HOST", "b")])
        assert request._expected_100_continue is False
        assert connection.parser.mesg is request
        assert connection.parser.finish_body() is True
        assert connection.parser.unreader.take_buffered() == b"GET"
        assert proxy_environ(request) == {}


def test_django_has_the_methods_that_are_overridden() -> None:
    assert [*signature(ChangeList.get_results).parameters] == ["self", "request"]
    assert [*signature(ChangeList.get_ordering).parameters] == ["self", "request", "queryset"]
    assert isinstance(APIView.default_response_headers, property)


@pytest.mark.django_db
def test_migrate_calls_back_before_a_migration_and_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[tuple[str, str]] = []
    monkeypatch.setattr(
        Migrate,
        "migration_progress_callback",
        lambda self, action, migration=None, fake=False: calls.append((action, str(migration))),
    )
    MigrationRecorder(connection).record_unapplied("tasks", "0004_validate_constraints")
    call_command("migrate", "tasks", database="default", fake=True, verbosity=0)
    assert [call for call in calls if call[1] != "None"] == [
        ("apply_start", "tasks.0004_validate_constraints"),
        ("apply_success", "tasks.0004_validate_constraints"),
    ]


SIGNALS = """
import todo_project.wsgi
from django.core.signals import request_finished, request_started
print(len(request_started.receivers), len(request_finished.receivers))
"""


def test_shortcuts_disconnect_what_django_does_by_signals() -> None:
    assert run_python("-c", SIGNALS, SHORTCUTS="true") == "0 0\n"
    assert run_python("-c", SIGNALS, SHORTCUTS="false") == "2 3\n"


def test_django_and_drf_have_what_the_shortcuts_use() -> None:
    assert [*signature(WSGIHandler.get_response).parameters] == ["self", "request"]
    assert [*signature(WSGIHandler.resolve_request).parameters] == ["self", "request"]
    handler: Any = WSGIHandler()
    assert callable(handler._middleware_chain)
    assert [*signature(APIView.perform_authentication).parameters] == ["self", "request"]
    django_request = RequestFactory().get("/")
    request: Any = APIView().initialize_request(django_request)
    assert request.META is django_request.META
    assert {"META", "method"}.isdisjoint(vars(request))
    assert not request.authenticators
    response: Any = HttpResponse(headers={"ETag": "a"}, content_type="b")
    assert response.headers._store == {
        "etag": ("ETag", "a"),
        "content-type": ("Content-Type", "b"),
    }
    assert response._resource_closers == []


@pytest.mark.django_db
def test_psycopg_cursors_can_drop_their_result() -> None:
    with connection.cursor() as cursor:
        dropping: Any = cursor.cursor
        cursor.execute("SELECT 1")
        dropping._reset(reset_query=False)
        dropping._tx.set_pgresult(None)
        assert (dropping.pgresult, dropping._tx.pgresult) == (None, None)
        cursor.execute("SELECT 2")
        assert cursor.fetchall() == [(2,)]


def test_psycopg_cursors_have_what_chunks_need() -> None:
    used = {
        "_maybe_prepare_gen": ["self", "pgq", "prepare", "binary"],
        "_stream_fetchone_gen": ["self", "first"],
        "_send_prepare": ["self", "name", "query"],
        "_send_query_prepared": ["self", "name", "pgq", "binary"],
        "_execute_send": ["self", "query", "force_extended", "binary"],
        "_check_results": ["self", "results"],
    }
    for name, parameters in used.items():
        assert [*signature(getattr(psycopg.Cursor, name)).parameters] == parameters
    assert {"get", "maybe_add_to_cache", "_rotate", "maintain_gen"} <= set(dir(PrepareManager))


def test_metrics_library_names_its_files_after_an_identifier_and_continues_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = 1
    value_class = values.MultiProcessValue(lambda: identifier)  # type: ignore[no-untyped-call]
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setattr(values, "ValueClass", value_class)
    counter = Counter("example_total", "An example.", registry=None)
    counter.inc(5)
    identifier = 2
    counter.inc(7)
    identifier = 1
    counter.inc(1)
    assert counter._value.get() == 6
    assert {path.name for path in tmp_path.iterdir()} == {"counter_1.db", "counter_2.db"}
    value_class.close_all_files()


def test_dotenv_parses_values_as_they_are_written() -> None:
    [binding] = parse_stream(StringIO("A='${X}'"))
    assert (binding.key, binding.value, binding.error) == ("A", "${X}", False)
    assert (binding.original.string, binding.original.line) == ("A='${X}'", 1)
