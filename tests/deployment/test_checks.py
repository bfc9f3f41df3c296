"""Each check names its misconfiguration and the fix, and is silent without it."""

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
from todo_project.database.url import describe_database

pytestmark = pytest.mark.django_db

STRONG_KEY = "correct horse battery staple, and then some more of it"


def found() -> list[checks.CheckMessage]:
    """Return what our checks find, and make sure that each says what to do."""
    messages = [
        message
        for message in checks.run_checks(include_deployment_checks=True)
        if str(message.id).startswith("todo.")
    ]
    assert all(message.hint for message in messages)
    return messages


@pytest.fixture(autouse=True)
def documented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set what the README says for a deployment."""
    for name in ("PORT", "DYNO"):
        monkeypatch.delenv(name, raising=False)
    with override_settings(SECRET_KEY=STRONG_KEY, API_GATEWAY="the gateway"):
        yield


@contextmanager
def without_the_index() -> Iterator[None]:
    """Drop the index, as a person might."""
    [index] = Task._meta.indexes
    with connection.schema_editor() as editor:
        editor.remove_index(Task, index)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.add_index(Task, index)


WEAK = "SECRET_KEY is weak: whoever guesses it can log in to the admin as anybody."
PREPARED = "Prepared statements are used through a pooler, which may not support them."
THREADS = "98 threads need a connection each; Neon's smallest compute has 97."
OPEN = "The API authenticates nobody: whoever can reach it may name any user."

MISCONFIGURATIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("todo.E001", WEAK, {"SECRET_KEY": STRONG_KEY[:49]}),
    ("todo.E001", WEAK, {"SECRET_KEY": "abcd" * 20}),
    ("todo.E001", WEAK, {"SECRET_KEY": f"only-for-debugging-{STRONG_KEY}"}),
    ("todo.E001", WEAK, {"SECRET_KEY": f"django-insecure-{STRONG_KEY}"}),
    ("todo.W004", PREPARED, {"DATABASE_POOLED": True, "DATABASE_PREPARE": True}),
    ("todo.W005", THREADS, {"WEB_CONCURRENCY": 49, "GUNICORN_THREADS": 2}),
    ("todo.W010", OPEN, {"API_GATEWAY": ""}),
    ("todo.W010", OPEN, {"API_GATEWAY": "", "API_AUTHENTICATION_CLASSES": ["a.Token"]}),
    ("todo.W010", OPEN, {"API_GATEWAY": "", "API_PERMISSION_CLASSES": ["a.OwnPath"]}),
]
CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"WEB_CONCURRENCY": 97, "GUNICORN_THREADS": 1},
    {"DATABASE_POOLED": True, "DATABASE_PREPARE": False, "WEB_CONCURRENCY": 64},
    {
        "API_GATEWAY": "",
        "API_AUTHENTICATION_CLASSES": ["a.Token"],
        "API_PERMISSION_CLASSES": ["a.OwnPath"],
    },
]


@pytest.mark.parametrize(("check_id", "message", "changes"), MISCONFIGURATIONS)
def test_a_misconfiguration_is_named(check_id: str, message: str, changes: dict[str, Any]) -> None:
    with override_settings(**changes):
        assert [(each.id, each.msg) for each in found()] == [(check_id, message)]


@pytest.mark.parametrize("changes", CONFIGURATIONS)
def test_what_is_right_is_not_named(changes: dict[str, Any]) -> None:
    with override_settings(**changes):
        assert found() == []


@pytest.mark.parametrize("name", ["PORT", "DYNO"])
def test_a_file_on_a_platform_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "8000")
    named = (
        "todo.W002",
        "The database is a file, and a platform discards its disk at each deployment.",
    )
    expected = [named] if connection.vendor == "sqlite" else []
    assert [(each.id, each.msg) for each in found()] == expected


def test_migrations_through_a_pooler_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    unpooled: dict[str, Any] = {"DISABLE_SERVER_SIDE_CURSORS": True}
    monkeypatch.setitem(settings.DATABASES, "unpooled", unpooled)
    assert [(each.id, each.msg) for each in found()] == [
        ("todo.W003", "Migrations go through a pooler.")
    ]
    unpooled["DISABLE_SERVER_SIDE_CURSORS"] = False
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_a_missing_index_is_named() -> None:
    with without_the_index():
        [message] = found()
    assert (message.id, message.msg) == (
        "todo.E008",
        "The table tasks lacks tasks_newest_first.",
    )
    assert found() == []


def test_a_database_that_cannot_be_asked_is_named() -> None:
    with database_fails(OperationalError):
        [message] = found()
    assert (message.id, message.msg) == (
        "todo.W009",
        f"The schema of {describe_database(connection)} cannot be read: a secret",
    )


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_deployment_as_documented_is_clean() -> None:
    variables = {
        "SECRET_KEY": STRONG_KEY,
        "ALLOWED_HOSTS": "api.example.com",
        "BEHIND_PROXY": "true",
        "PORT": "8000",
        "DATABASE_URL": database_url(),
        "DATABASE_POOLED": "true",
        "DATABASE_URL_UNPOOLED": database_url(),
        "API_GATEWAY": "the gateway",
    }
    shown = run_python("manage.py", "check", "--deploy", "--fail-level", "INFO", **variables)
    assert shown == "System check identified no issues (5 silenced).\n"
