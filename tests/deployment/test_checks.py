"""Tests of the system checks: each reports its misconfiguration, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core import checks
from django.db import OperationalError, connection
from django.test import override_settings

from tasks.models import Task
from tests.support.errors import database_fails
from tests.support.processes import run_python
from tests.support.servers.gunicorn import database_url
from todo_project.checks import PLATFORM_VARIABLES, POOLER_PORTS
from todo_project.database.url import describe_database

pytestmark = pytest.mark.django_db

STRONG_KEY = "correct horse battery staple, and then some more of it"


def run_checks() -> list[checks.CheckMessage]:
    """Return the messages of this project's checks; assert that each has a hint."""
    messages = [
        message
        for message in checks.run_checks(include_deployment_checks=True)
        if str(message.id).startswith("todo.") and not message.is_silenced()
    ]
    assert all(message.hint for message in messages)
    return messages


@pytest.fixture(autouse=True)
def documented_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set what the documentation requires for a deployment."""
    for name in PLATFORM_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    classes = {"API_AUTHENTICATION_CLASSES": ["a.Token"], "API_PERMISSION_CLASSES": ["a.OwnPath"]}
    with override_settings(SECRET_KEY=STRONG_KEY, **classes):
        yield


@contextmanager
def without_index() -> Iterator[None]:
    """Drop the index of the list for the duration of the block."""
    [index] = Task._meta.indexes
    with connection.schema_editor() as editor:
        editor.remove_index(Task, index)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.add_index(Task, index)


WEAK_KEY = "SECRET_KEY is weak: an attacker who guesses it can log in to the admin as any user."
WEAK_FALLBACK = WEAK_KEY.replace("SECRET_KEY", "SECRET_KEY_FALLBACKS")
PREPARED_STATEMENTS = "Prepared statements are used through a pooler, which may not support them."
TOO_MANY_THREADS = "98 threads need a connection each; Neon's smallest compute has 97."
NO_AUTHENTICATION = "The API has no authentication: anybody who can reach it may name any user."

NEON_URL = "postgresql://u:p@ep-cool-1-pooler.eu-central-1.aws.neon.tech/todo"

INVALID_CONFIGURATIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("todo.E001", WEAK_KEY, {"SECRET_KEY": STRONG_KEY[:49]}),
    ("todo.E001", WEAK_KEY, {"SECRET_KEY": "abcd" * 20}),
    ("todo.E001", WEAK_KEY, {"SECRET_KEY": f"only-for-debugging-{STRONG_KEY}"}),
    ("todo.E001", WEAK_KEY, {"SECRET_KEY": f"django-insecure-{STRONG_KEY}"}),
    ("todo.E001", WEAK_FALLBACK, {"SECRET_KEY_FALLBACKS": [STRONG_KEY, STRONG_KEY[:49]]}),
    ("todo.W004", PREPARED_STATEMENTS, {"DATABASE_POOLED": True, "DATABASE_PREPARE": True}),
    ("todo.W005", TOO_MANY_THREADS, {"WEB_CONCURRENCY": 49, "GUNICORN_THREADS": 2}),
    ("todo.W010", NO_AUTHENTICATION, {"API_AUTHENTICATION_CLASSES": []}),
    ("todo.W010", NO_AUTHENTICATION, {"API_PERMISSION_CLASSES": []}),
]
VALID_CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"SECRET_KEY_FALLBACKS": [STRONG_KEY[::-1]]},
    {"WEB_CONCURRENCY": 97, "GUNICORN_THREADS": 1},
    {"DATABASE_POOLED": True, "DATABASE_PREPARE": False, "WEB_CONCURRENCY": 64},
    {"DATABASE_POOLED": True, "DATABASE_PREPARE": True, "DATABASE_URL": NEON_URL},
    {"API_PERMISSION_CLASSES": [], "SILENCED_SYSTEM_CHECKS": ["todo.W010"]},
]


@pytest.mark.parametrize(("check_id", "message", "changes"), INVALID_CONFIGURATIONS)
def test_misconfiguration_is_reported(
    check_id: str, message: str, changes: dict[str, Any]
) -> None:
    with override_settings(**changes):
        assert [(each.id, each.msg) for each in run_checks()] == [(check_id, message)]


@pytest.mark.parametrize("changes", VALID_CONFIGURATIONS)
def test_valid_configuration_is_not_reported(changes: dict[str, Any]) -> None:
    with override_settings(**changes):
        assert run_checks() == []


@pytest.mark.parametrize("name", sorted(PLATFORM_VARIABLES))
@pytest.mark.parametrize(
    ("url", "check_id"), [("sqlite:///a", "todo.W002"), ("", "todo.E002"), (None, "todo.E002")]
)
def test_sqlite_on_platform_is_reported(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str | None, check_id: str
) -> None:
    monkeypatch.setenv(name, "8000")
    if url is None:
        monkeypatch.delenv("DATABASE_URL")
    else:
        monkeypatch.setenv("DATABASE_URL", url)
    message = "The database is a file, and a platform discards its disk at each deployment."
    expected = [(check_id, message)] if connection.vendor == "sqlite" else []
    assert [(each.id, each.msg) for each in run_checks()] == expected


@pytest.mark.parametrize(("port", "pooler"), POOLER_PORTS.items())
def test_port_of_a_pooler_is_reported_unless_declared(
    monkeypatch: pytest.MonkeyPatch, port: str, pooler: str
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "PORT", port)
    assert [(each.id, each.msg) for each in run_checks()] == [
        ("todo.W011", f"The port {port} of DATABASE_URL is that of {pooler}.")
    ]
    with override_settings(DATABASE_POOLED=True, DATABASE_PREPARE=False):
        assert run_checks() == []


def test_migrations_through_pooler_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    unpooled: dict[str, Any] = {"DISABLE_SERVER_SIDE_CURSORS": True}
    monkeypatch.setitem(settings.DATABASES, "unpooled", unpooled)
    assert [(each.id, each.msg) for each in run_checks()] == [
        ("todo.W003", "Migrations go through a pooler.")
    ]
    unpooled["DISABLE_SERVER_SIDE_CURSORS"] = False
    assert run_checks() == []


@pytest.mark.django_db(transaction=True)
def test_missing_index_is_reported() -> None:
    with without_index():
        [message] = run_checks()
    assert (message.id, message.msg) == (
        "todo.E008",
        "The table tasks lacks tasks_newest_first.",
    )
    assert run_checks() == []


def test_unavailable_database_is_reported() -> None:
    with database_fails(OperationalError):
        [message] = run_checks()
    assert (message.id, message.msg) == (
        "todo.W009",
        f"The schema of {describe_database(connection)} cannot be read: a secret",
    )


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_documented_deployment_passes_all_checks() -> None:
    variables = {
        "SECRET_KEY": STRONG_KEY,
        "ALLOWED_HOSTS": "api.example.com",
        "BEHIND_PROXY": "true",
        "PORT": "8000",
        "DATABASE_URL": database_url(),
        "DATABASE_POOLED": "true",
        "DATABASE_URL_UNPOOLED": database_url(),
        "SILENCED_SYSTEM_CHECKS": "todo.W010",
        "SHORTCUTS": "true",
    }
    output = run_python("manage.py", "check", "--deploy", "--fail-level", "INFO", **variables)
    assert output == "System check identified no issues (8 silenced).\n"
