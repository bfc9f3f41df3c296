"""System checks for a deployment: `python manage.py check --deploy`."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import DatabaseError, connection, connections
from django.db.models import Model

from todo_project.database.access import check_access, count_missing_migrations
from todo_project.database.catalog import (
    citus_group,
    encoding_problem,
    invalid_objects,
    is_same_database,
    missing_settings,
)
from todo_project.database.pooler import prepared_statement_error
from todo_project.database.url import describe_database
from todo_project.environment import env_str

KEY_LENGTH, KEY_VARIETY = 50, 5
"""The minimum number of characters, and of different characters, in a strong SECRET_KEY."""

PUBLIC_KEY_PREFIXES = ("django-insecure-", "only-for-")
"""Prefixes of keys in public code: Django's for new projects, and this project's for DEBUG."""

PLATFORM_VARIABLES = {
    "PORT",
    "DYNO",  # Heroku
    "RENDER",
    "RAILWAY_ENVIRONMENT_NAME",
    "FLY_APP_NAME",
    "K_SERVICE",  # Cloud Run
}
"""The environment variables that a platform sets, of which one is enough."""

POOLER_PORTS = {
    "6543": "Supabase's pooler in transaction mode",
    "25061": "DigitalOcean's connection pools",
}

RELEASE = "release"
"""The tag of the checks that a release must pass before it migrates the database."""

NEON_CONNECTIONS = 97
"""The connections of Neon's smallest compute: 104, less 7 that are reserved for superusers."""


@register(Tags.security, RELEASE, deploy=True)
def check_secret_key(**_: Any) -> Iterator[CheckMessage]:
    """todo.E001: a weak key signs the admin's sessions, or is accepted for them."""
    set_key = (
        "Set SECRET_KEY to the output of: "
        'python -c "import secrets; print(secrets.token_urlsafe(64))"'
    )
    remove_key = "Remove the weak key. Users who logged in with it must log in again."
    for name, keys, hint in (
        ("SECRET_KEY", [settings.SECRET_KEY], set_key),
        ("SECRET_KEY_FALLBACKS", settings.SECRET_KEY_FALLBACKS, remove_key),
    ):
        if any(map(_is_weak, keys)):
            message = (
                f"{name} is weak: an attacker who guesses it can log in to the admin as any user."
            )
            yield Error(message, hint=hint, id="todo.E001")


def _is_weak(key: str) -> bool:
    is_guessable = len(key) < KEY_LENGTH or len(set(key)) < KEY_VARIETY
    return is_guessable or key.startswith(PUBLIC_KEY_PREFIXES)


@register(RELEASE, deploy=True)
def check_persistent_storage(**_: Any) -> Iterator[CheckMessage]:
    """todo.E002, todo.W002: SQLite on a platform, whose disk is ephemeral."""
    if connection.vendor != "sqlite" or not PLATFORM_VARIABLES & os.environ.keys():
        return
    message = "The database is a file, and a platform discards its disk at each deployment."
    hint = "Set DATABASE_URL to a PostgreSQL database, such as one of Neon's."
    if env_str("DATABASE_URL"):
        yield Warning(message, hint=hint, id="todo.W002")
    else:
        yield Error(message, hint=hint, id="todo.E002")


@register(deploy=True)
def check_unpooled_migrations(**_: Any) -> Iterator[CheckMessage]:
    """todo.W003: migrations through a pooler, where statement_timeout cancels them."""
    if settings.DATABASES.get("unpooled", {}).get("POOLED"):
        yield Warning(
            "Migrations go through a pooler.",
            hint="Set DATABASE_URL_UNPOOLED to the direct URL: at Neon, the one without -pooler.",
            id="todo.W003",
        )


@register(deploy=True)
def check_prepared_statements(**_: Any) -> Iterator[CheckMessage]:
    """todo.E004: a pooler confuses the prepared statements of its clients."""
    if not (settings.DATABASE_PREPARE and connection.vendor == "postgresql"):
        return
    with suppress(DatabaseError):  # todo.W009
        if error := prepared_statement_error(connection):
            yield Error(
                "Prepared statements of two clients collide, which means data loss: the pooler "
                f"of DATABASE_URL lets one execute those of the other. {error}".strip(),
                hint="Set DATABASE_POOLED=true, and unset DATABASE_PREPARE, or set "
                "max_prepared_statements in PgBouncer 1.22 or later.",
                id="todo.E004",
            )


@register(deploy=True)
def check_undeclared_pooler(**_: Any) -> Iterator[CheckMessage]:
    """todo.W011: the port of a known pooler, but DATABASE_POOLED is not set."""
    port = str(settings.DATABASES["default"].get("PORT", ""))
    if port in POOLER_PORTS and not settings.DATABASE_POOLED:
        yield Warning(
            f"The port {port} of DATABASE_URL is that of {POOLER_PORTS[port]}.",
            hint="Set DATABASE_POOLED=true, or use the port of the direct connection.",
            id="todo.W011",
        )


@register(deploy=True)
def check_connection_count(**_: Any) -> Iterator[CheckMessage]:
    """todo.W005: more threads than the database has connections."""
    threads = settings.WEB_CONCURRENCY * settings.GUNICORN_THREADS
    if threads > NEON_CONNECTIONS and not settings.DATABASE_POOLED:
        yield Warning(
            f"{threads} threads need a connection each; Neon's smallest compute has "
            f"{NEON_CONNECTIONS}.",
            hint="Lower WEB_CONCURRENCY or GUNICORN_THREADS, or set DATABASE_URL to the pooled "
            "URL.",
            id="todo.W005",
        )


@register(deploy=True)
def check_database(**_: Any) -> Iterator[CheckMessage]:
    """todo.W009: the database cannot be examined. Otherwise the checks below."""
    try:
        if connection.vendor == "postgresql":
            yield from check_encoding()
            yield from check_session_settings()
            yield from check_unpooled_database()
            yield from check_coordinator()
        if missing := [*check_migrations()]:
            yield from missing
        else:
            is_worker = connection.vendor == "postgresql" and citus_group(connection)
            for model in (
                map(apps.get_model, settings.API_MODELS) if is_worker else apps.get_models()
            ):
                yield from check_table(model)
    except DatabaseError as error:
        cause = str(error).partition("\n")[0]
        yield Warning(
            f"The schema of {describe_database(connection)} cannot be read: {cause}",
            hint="Check DATABASE_URL, and that the database answers.",
            id="todo.W009",
        )


def check_encoding() -> Iterator[CheckMessage]:
    """todo.E012: a database that cannot store every text, or counts bytes as characters."""
    if problem := encoding_problem(connection):
        yield Error(
            problem,
            hint="Create a database with ENCODING 'UTF8', and move the tasks with export_tasks "
            "and import_tasks.",
            id="todo.E012",
        )


def check_session_settings() -> Iterator[CheckMessage]:
    """todo.W013: settings that neither the startup parameters nor the role give a session."""
    if missing := missing_settings(connection):
        yield Warning(
            f"The sessions of DATABASE_URL have {', '.join(missing)}: a pooler ignores the "
            "settings of the service.",
            hint="Set DATABASE_POOLED=true, run: python manage.py configure_role, and let the "
            "pooler renew its connections to the server.",
            id="todo.W013",
        )


def check_unpooled_database() -> Iterator[CheckMessage]:
    """todo.E014: migrations of another database than that of the service."""
    if not settings.DATABASE_URL_UNPOOLED:
        return
    direct = connections["unpooled"]
    pooled = direct.settings_dict["POOLED"]  # see todo.W003
    if not pooled and not is_same_database(connection, direct):
        yield Error(
            "DATABASE_URL and DATABASE_URL_UNPOOLED are two databases, or two servers.",
            hint="Set them to the URLs of one database: at Neon, of one branch.",
            id="todo.E014",
        )


def check_coordinator() -> Iterator[CheckMessage]:
    """todo.E018: migrations of a worker of Citus, which lacks all tables but those of the API."""
    direct = connections["unpooled"] if settings.DATABASE_URL_UNPOOLED else connection
    if citus_group(direct):
        yield Error(
            f"Migrations would go to {describe_database(direct)}, a worker of Citus.",
            hint="Set DATABASE_URL_UNPOOLED to the URL of the coordinator.",
            id="todo.E018",
        )


def check_migrations() -> Iterator[CheckMessage]:
    """todo.E015: migrations that are not applied to the database of the service."""
    if missing := count_missing_migrations():
        yield Error(
            f"{missing} migrations are not applied to {describe_database(connection)}.",
            hint="Run: python manage.py migrate. If it has nothing to apply, check DATABASE_URL, "
            "and the search_path of its role.",
            id="todo.E015",
        )


def check_table(model: type[Model]) -> Iterator[CheckMessage]:
    """todo.E008, todo.E016, todo.E017: the indexes and constraints of a table, and its rights."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        existing = connection.introspection.get_constraints(cursor, table)
    declared = [each.name for each in (*model._meta.indexes, *model._meta.constraints)]
    if missing := [name for name in declared if name not in existing]:
        yield Error(
            f"The table {table} lacks {', '.join(missing)}.",
            hint="The index or constraint was dropped by hand: create it again.",
            id="todo.E008",
        )
    if connection.vendor != "postgresql":
        return
    invalid = invalid_objects(connection, table)
    if found := [name for name in declared if name in invalid]:
        yield Error(
            f"The table {table} has {', '.join(found)}, which is not valid.",
            hint="For an index, execute REINDEX INDEX CONCURRENTLY; for a constraint, ALTER TABLE "
            "... VALIDATE CONSTRAINT.",
            id="todo.E016",
        )
    try:
        check_access(model)
    except DatabaseError as error:
        yield Error(
            f"A write would fail: {error}.",
            hint="See the table of messages in docs/operations.md.",
            id="todo.E017",
        )


@register(Tags.security, deploy=True)
def check_authentication(**_: Any) -> Iterator[CheckMessage]:
    """todo.W010: anybody who can reach the API may name any user."""
    if not (settings.API_AUTHENTICATION_CLASSES and settings.API_PERMISSION_CLASSES):
        yield Warning(
            "The API has no authentication: anybody who can reach it may name any user.",
            hint="Put a gateway in front that authenticates the caller and compares it with the "
            "user in the path, and set SILENCED_SYSTEM_CHECKS=todo.W010; or name classes that do "
            "so in API_AUTHENTICATION_CLASSES and API_PERMISSION_CLASSES.",
            id="todo.W010",
        )
