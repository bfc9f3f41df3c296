"""What is wrong with this deployment, and the fix: `python manage.py check --deploy`."""

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import DatabaseError, connection

from todo_project.database_url import described

KEY_LENGTH, KEY_VARIETY = 50, 5
"""The least number of characters, and of different ones, in a key that nobody guesses."""

INSECURE = ("django-insecure-", "only-for-")
"""How keys begin that stand in public code: Django's for new projects, and those of this one."""

NEON_CONNECTIONS = 97
"""Of the 104 connections of Neon's smallest compute, those that are not the superuser's."""

STRANGER = "https://stranger.example"
REQUEST_HEADERS = ("Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID")
RESPONSE_HEADERS = (
    "ETag", "Link", "Location", "Idempotent-Replayed", "Retry-After", "X-Request-ID",
)  # fmt: skip


@register(Tags.security, deploy=True)
def secret_key(**_: Any) -> Iterator[CheckMessage]:
    """todo.E001: a key that can be guessed signs the admin's sessions."""
    key = settings.SECRET_KEY
    if len(key) < KEY_LENGTH or len(set(key)) < KEY_VARIETY or key.startswith(INSECURE):
        yield Error(
            "SECRET_KEY is weak: whoever guesses it can log in to the admin as anybody.",
            hint="Set SECRET_KEY to what this prints: "
            'python -c "import secrets; print(secrets.token_urlsafe(64))"',
            id="todo.E001",
        )


@register(deploy=True)
def lasting_disk(**_: Any) -> Iterator[CheckMessage]:
    """todo.W002: SQLite on a platform; its PORT or DYNO says that the disk does not last."""
    if connection.vendor == "sqlite" and {"DYNO", "PORT"} & os.environ.keys():
        yield Warning(
            "The database is a file, and a platform throws its disk away at each deploy.",
            hint="Set DATABASE_URL to a PostgreSQL database, such as one of Neon's.",
            id="todo.W002",
        )


@register(deploy=True)
def direct_migrations(**_: Any) -> Iterator[CheckMessage]:
    """todo.W003: migrations through a pooler, where the timeout of statements ends them."""
    if settings.DATABASES.get("unpooled", {}).get("DISABLE_SERVER_SIDE_CURSORS"):
        yield Warning(
            "Migrations go through a pooler.",
            hint="Set DATABASE_URL_UNPOOLED to the direct URL: at Neon, the one without -pooler.",
            id="todo.W003",
        )


@register(deploy=True)
def prepared_statements(**_: Any) -> Iterator[CheckMessage]:
    """todo.W004: a pooler that does not know of prepared statements loses them."""
    if settings.DATABASE_POOLED and settings.DATABASE_PREPARE:
        yield Warning(
            "Prepared statements are kept behind a pooler, which may hand them to another.",
            hint="Take DATABASE_PREPARE away, unless the pooler is PgBouncer 1.22 or later with "
            "max_prepared_statements, as Neon's is; then silence todo.W004.",
            id="todo.W004",
        )


@register(deploy=True)
def connections(**_: Any) -> Iterator[CheckMessage]:
    """todo.W005: more threads than the database has connections."""
    threads = settings.WEB_CONCURRENCY * settings.GUNICORN_THREADS
    if threads > NEON_CONNECTIONS and not settings.DATABASE_POOLED:
        yield Warning(
            f"{threads} threads want a connection each; Neon's smallest compute has "
            f"{NEON_CONNECTIONS}.",
            hint="Lower WEB_CONCURRENCY or GUNICORN_THREADS, or set DATABASE_URL to the pooled "
            "URL.",
            id="todo.W005",
        )


@register(Tags.security, deploy=True)
def cors_origins(**_: Any) -> Iterator[CheckMessage]:
    """todo.W006: any web page may call the API."""
    patterns = getattr(settings, "CORS_ALLOWED_ORIGIN_REGEXES", ())
    if (
        getattr(settings, "CORS_ALLOW_ALL_ORIGINS", False)
        or "*" in settings.CORS_ALLOWED_ORIGINS
        or any(re.match(pattern, STRANGER) for pattern in patterns)
    ):
        yield Warning(
            "Any web page may call the API.",
            hint="Name the origins of your pages in CORS_ALLOWED_ORIGINS, and no wildcard.",
            id="todo.W006",
        )


@register(deploy=True)
def cors_headers(**_: Any) -> Iterator[CheckMessage]:
    """todo.E007: a web page cannot send or read a header that the API works with."""
    for setting, needed in (
        ("CORS_ALLOW_HEADERS", REQUEST_HEADERS),
        ("CORS_EXPOSE_HEADERS", RESPONSE_HEADERS),
    ):
        if missing := _missing(needed, getattr(settings, setting)):
            yield Error(
                f"{setting} lacks {', '.join(missing)}.",
                hint=f"Add to {setting} in todo_project/settings.py what is missing.",
                id="todo.E007",
            )


@register(deploy=True)
def indexes(**_: Any) -> Iterator[CheckMessage]:
    """todo.E008, todo.W009: the database lacks an index or a rule; it cannot be asked."""
    try:
        with connection.cursor() as cursor:
            for model in apps.get_models():
                table = model._meta.db_table
                there = connection.introspection.get_constraints(cursor, table)
                declared = [each.name for each in (*model._meta.indexes, *model._meta.constraints)]
                if missing := _missing(declared, there):
                    yield Error(
                        f"The table {table} lacks {', '.join(missing)}.",
                        hint="Run: python manage.py migrate. Where it has nothing to apply, "
                        "somebody has dropped them by hand: create them again.",
                        id="todo.E008",
                    )
    except DatabaseError as error:
        yield Warning(
            f"{described(connection)} cannot be asked for its indexes: {error}".strip(),
            hint="Check DATABASE_URL, and that the database answers.",
            id="todo.W009",
        )


@register(Tags.security, deploy=True)
def authentication(**_: Any) -> Iterator[CheckMessage]:
    """todo.W010: whoever reaches the API may name any user."""
    if not (settings.API_AUTHENTICATION_CLASSES and settings.API_PERMISSION_CLASSES) and (
        not settings.API_GATEWAY
    ):
        yield Warning(
            "Nothing here checks who calls the API: whoever reaches it may name any user.",
            hint="Put a gateway in front that checks who calls and that the user in the path is "
            "theirs, and name it in API_GATEWAY; or name classes that do so in "
            "API_AUTHENTICATION_CLASSES and API_PERMISSION_CLASSES.",
            id="todo.W010",
        )


def _missing(needed: Iterable[str], there: Iterable[str]) -> list[str]:
    known = {name.lower() for name in there}
    return [name for name in needed if name.lower() not in known]
