"""What the two peers on asyncpg share: the pool, and one statement for each request."""

import os

import asyncpg

COLUMNS = "id, user_id, title, description, completed, created_at, updated_at"
ONE = "WHERE user_id = $1 AND id = $2"
# The rule of the API: strictly later after every change.
UPDATED_AT = "updated_at = GREATEST(STATEMENT_TIMESTAMP(), updated_at + INTERVAL '1 microsecond')"

LIST = (
    f"SELECT {COLUMNS} FROM tasks WHERE user_id = $1 AND ($2::boolean IS NULL OR completed = $2) "
    "ORDER BY created_at DESC, id DESC LIMIT $3"
)
READ = f"SELECT {COLUMNS} FROM tasks {ONE}"
CREATE = (
    "INSERT INTO tasks (user_id, title, description, completed) VALUES ($1, $2, $3, $4) "
    f"RETURNING {COLUMNS}"
)
TOGGLE = f"UPDATE tasks SET completed = NOT completed, {UPDATED_AT} {ONE} RETURNING {COLUMNS}"
DELETE = f"DELETE FROM tasks {ONE} RETURNING id"


def update(names: tuple[str, ...]) -> str:
    """Return the statement that changes these columns; asyncpg prepares one for each choice."""
    changes = [f"{name} = ${number}" for number, name in enumerate(names, start=3)]
    return f"UPDATE tasks SET {', '.join([*changes, UPDATED_AT])} {ONE} RETURNING {COLUMNS}"


async def keep_session(connection: asyncpg.Connection) -> None:
    """Reset nothing, since no request changes the session."""


def create_pool() -> asyncpg.Pool:
    """Return a pool, which is opened as a context manager.

    The default `reset` would execute a second statement after each request. asyncpg prepares each
    statement and caches it by itself.
    """
    size = int(os.environ["CONNECTIONS"])
    return asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=size, max_size=size, reset=keep_session
    )
