"""Tests that stderr has nothing of a request and of the database but what no user can choose."""

import json
import re
from typing import Any, NoReturn

import pytest
from django.db import connection, transaction
from django.http import HttpRequest
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.support.client import API, TASKS
from tests.support.errors import written
from todo_project.urls import urlpatterns as service_urlpatterns

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

ROW = "INSERT INTO tasks (id, user_id, title, completed) VALUES (%s, 'personal', %s, 'f')"
ID = "01980000-0000-7000-8000-000000000000"


def execute(statements: list[list[Any]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(*statement)
            if cursor.description:
                cursor.fetchall()


@csrf_exempt
def direct(request: HttpRequest) -> NoReturn:
    """Execute the statements in the body, of which the last one fails."""
    execute(json.loads(request.body))
    raise AssertionError


@csrf_exempt
def chained(request: HttpRequest) -> NoReturn:
    """The same, in a transaction, with another exception in the end."""
    try:
        with transaction.atomic():
            execute(json.loads(request.body))
    except Exception as error:
        try:
            execute(json.loads(request.body))  # in its context
        except Exception:
            raise RuntimeError("a bug") from error
    raise AssertionError


urlpatterns = [
    path("api/direct", direct),
    path("api/chained", chained),
    *service_urlpatterns,
]


POSTGRESQL = [
    (
        [[ROW, [ID, " "]]],
        'new row for relation "tasks" violates check constraint "tasks_title_not_blank"',
    ),
    (
        [[ROW, [ID, "personal"]]] * 2,
        'duplicate key value violates unique constraint "tasks_pkey"',
    ),
    (
        [[ROW, [ID, None]]],
        'null value in column "title" of relation "tasks" violates not-null constraint',
    ),
    ([[ROW, [ID, "personal" * 99]]], "SQLSTATE 22001"),
    ([["SELECT %s::text::uuid", ["personal"]]], "SQLSTATE 22P02"),
    ([["SELECT %s::text::timestamptz", ["personal"]]], "SQLSTATE 22007"),
    ([["SELECT %s", ["personal\0"]]], "SQLSTATE unknown"),
    ([["DO $$ BEGIN RAISE 'personal'; END $$"]], "SQLSTATE P0001"),
    ([["DO $$ BEGIN ASSERT false, 'personal'; END $$"]], "SQLSTATE P0004"),
    (
        [["DO $$ BEGIN RAISE 'personal' USING ERRCODE = 'check_violation'; END $$"]],
        "SQLSTATE 23514",
    ),
    ([["SELECT 'personal'::timestamptz"]], "SQLSTATE 22007"),
    ([["SELECT '12345-01-01'::timestamptz"]], "SQLSTATE unknown"),
]
SQLITE = [
    ([[ROW, [ID, " "]]], "CHECK constraint failed: tasks_title_not_blank"),
    (
        [["SELECT CAST(%s || x'ff' AS TEXT) AS title", ["personal"]]],
        "Could not decode to UTF-8 column 'title'",
    ),
]


@pytest.mark.parametrize("view", ["direct", "chained"])
@pytest.mark.parametrize(
    ("statements", "message"), POSTGRESQL if connection.vendor == "postgresql" else SQLITE
)
def test_error_of_the_database_is_logged_without_data(
    api: API,
    caplog: pytest.LogCaptureFixture,
    view: str,
    statements: list[list[Any]],
    message: str,
) -> None:
    if connection.vendor == "postgresql":
        execute([["SET log_parameter_max_length_on_error = -1"]])
    path = f"/api/{view}?personal"
    assert api.call("POST", path, statements, x_request_id="failed").status_code in {500, 503}
    [line] = written(caplog)
    assert (line["logger"], line["request_id"]) == ("todo_project.problems.handlers", "failed")
    assert not re.search("personal|12345", json.dumps(line))
    last_lines = re.findall(r"^\S+Error: (.*)", line.get("exc_info", ""), re.MULTILINE)
    if view == "direct":
        assert line["message"].partition(": ")[2] == message
    else:
        assert (line["message"], last_lines[-1]) == ("internal-error: a bug", "a bug")
        assert set(last_lines) == {message, "a bug"}


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("Evil.example:8000", "The host 'evil.example' is not in ALLOWED_HOSTS."),
        ("[2001:db8::1]", "The host '[2001:db8::1]' is not in ALLOWED_HOSTS."),
        *(
            (host, "The request has no valid host.")
            for host in (
                "",
                "personal@evil.example",
                "personal/title",
                "personal title",
                "personal..title",
                "personal_title",
                "pers\xf6nal.example",
                "personal" * 8,
                "[personal]",
                "personal:title",
            )
        ),
    ],
)
def test_only_a_host_is_logged_as_one(
    api: API, caplog: pytest.LogCaptureFixture, host: str, message: str
) -> None:
    api.send(400, "GET", TASKS, host=host)
    assert [line["message"] for line in written(caplog)] == [message]


def test_rejected_forms_are_logged_without_headers_and_paths(
    api: API, caplog: pytest.LogCaptureFixture
) -> None:
    url, form = "/admin/login/?next=personal", "application/x-www-form-urlencoded"
    api.send(403, "POST", url, b"", origin="https://personal@evil.example", content_type=form)
    api.send(200, "GET", url)
    api.send(400, "POST", url, b"personal=1&" * 2000, content_type=form)
    assert [(line["logger"], line["message"], "exc_info" in line) for line in written(caplog)] == [
        ("django.security.csrf", "Rejected: Origin checking failed", False),
        ("django.security.TooManyFieldsSent", "Rejected: TooManyFieldsSent", False),
    ]
