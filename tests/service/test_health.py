"""Tests of the health probes, `/healthz` and `/readyz`."""

import pytest
from django.db import OperationalError, close_old_connections, connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoAssertNumQueries

from tests.support.citus_catalog import WORKER
from tests.support.client import API, TASKS
from tests.support.commands import MIGRATIONS
from tests.support.errors import database_fails

pytestmark = pytest.mark.django_db


def test_liveness_does_not_use_the_database(
    api: API, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with database_fails(OperationalError), django_assert_num_queries(0):
        assert api.send(200, "GET", "/healthz").json() == {"status": "ok"}


def test_readiness_fails_without_the_database(api: API) -> None:
    assert api.send(200, "GET", "/readyz").json() == {"status": "ok"}
    with database_fails(OperationalError):
        problem = api.send(503, "GET", "/readyz").json()
    assert problem["type"] == "/problems/database-unavailable"


def test_readiness_fails_if_migrations_are_not_applied(
    api: API, caplog: pytest.LogCaptureFixture
) -> None:
    MigrationRecorder(connection).record_unapplied("tasks", MIGRATIONS[-1])
    response = api.send(503, "GET", "/readyz")
    assert response["Retry-After"] == "2"
    detail = "1 migrations are not applied; run `python manage.py migrate`."
    assert response.json()["detail"] == detail
    assert caplog.messages == [f"database-unavailable: {detail}"]


@pytest.mark.once
@pytest.mark.undistributed(reason="it imitates the catalog of Citus")
def test_readiness_of_a_worker_of_citus_needs_only_the_table_of_tasks(api: API) -> None:
    with connection.cursor() as cursor:
        cursor.execute(WORKER.format(name="worker", host="coordinator.internal"))
        cursor.execute("SET LOCAL search_path = worker")
        assert api.send(200, "GET", "/readyz").json() == {"status": "ok"}
        cursor.execute("ALTER TABLE tasks DROP COLUMN title")
    assert api.send(503, "GET", "/readyz").json()["type"] == "/problems/database-unavailable"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probe_is_served_for_any_host(api: API, path: str) -> None:
    api.send(200, "GET", path, host="healthcheck.railway.app")
    api.send(400, "GET", TASKS, host="healthcheck.railway.app")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/json;q=0", "x"])
def test_probe_is_served_for_any_accept(api: API, path: str, accept: str) -> None:
    response = api.send(200, "GET", path, accept=accept)
    assert response["Content-Type"] == "application/json"


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_liveness_does_not_connect_to_the_database_after_an_error(api: API) -> None:
    with database_fails(OperationalError):
        api.send(503, "GET", TASKS)
    connection.errors_occurred = True  # as Django sets it for an error of the driver
    close_old_connections()  # `request_started`, which the test client does not send
    api.send(200, "GET", "/healthz")
    assert connection.connection is None
    api.send(200, "GET", TASKS)
