"""An upper bound: gunicorn, psycopg, orjson and the bare statement.

No framework, no validation, only the headers that HTTP needs: the maximum for a Python process
that executes one statement per request in one thread. Not an example of a service.
"""

import os
from collections.abc import Iterable, Mapping
from threading import local
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from psycopg.rows import dict_row

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

TASK = "id, user_id, title, description, completed, created_at, updated_at"
ONE_TASK = "WHERE user_id = %s AND id = %s"
NEXT_UPDATED_AT = (
    "updated_at = GREATEST(STATEMENT_TIMESTAMP(), updated_at + INTERVAL '1 microsecond')"
)
LIST = f"SELECT {TASK} FROM tasks WHERE user_id = %s ORDER BY created_at DESC, id DESC LIMIT 10001"
READ = f"SELECT {TASK} FROM tasks {ONE_TASK}"
CREATE = f"INSERT INTO tasks (user_id, title, description) VALUES (%s, %s, %s) RETURNING {TASK}"
UPDATE = (
    f"UPDATE tasks SET title = %s, description = %s, completed = %s, {NEXT_UPDATED_AT} "
    f"{ONE_TASK} RETURNING {TASK}"
)
TOGGLE = (
    f"UPDATE tasks SET completed = NOT completed, {NEXT_UPDATED_AT} {ONE_TASK} RETURNING {TASK}"
)
DELETE = f"DELETE FROM tasks {ONE_TASK}"
NOT_FOUND = "404 Not Found"

thread_local = local()


def execute(statement: str, *values: Any) -> psycopg.Cursor[dict[str, Any]]:
    """Execute a statement on the connection of this thread."""
    if not hasattr(thread_local, "cursor"):
        url = os.environ["DATABASE_URL"]
        connection = psycopg.connect(url, autocommit=True, options="-c TimeZone=UTC")
        thread_local.cursor = connection.cursor(row_factory=dict_row)
    cursor: psycopg.Cursor[dict[str, Any]] = thread_local.cursor
    return cursor.execute(statement, values)


def handle(environ: Mapping[str, Any]) -> tuple[str, object]:
    """Return the status, and the data of the body."""
    user_id, _, *rest = environ["PATH_INFO"].removeprefix("/api/").split("/")
    status = "200 OK"
    match environ["REQUEST_METHOD"], rest:
        case "GET", []:
            return status, execute(LIST, user_id).fetchall()
        case "GET", [task_id]:
            cursor = execute(READ, user_id, task_id)
        case "POST", []:
            task = orjson.loads(environ["wsgi.input"].read())
            cursor = execute(CREATE, user_id, task["title"], task["description"])
            status = "201 Created"
        case "PUT", [task_id]:
            task = orjson.loads(environ["wsgi.input"].read())
            values = task["title"], task["description"], task["completed"]
            cursor = execute(UPDATE, *values, user_id, task_id)
        case "PATCH", [task_id, "complete"]:
            cursor = execute(TOGGLE, user_id, task_id)
        case "DELETE", [task_id]:
            deleted = execute(DELETE, user_id, task_id).rowcount
            return "204 No Content" if deleted else NOT_FOUND, None
        case _:
            return NOT_FOUND, None
    return status, cursor.fetchone()


def application(environ: Mapping[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    """Serve one request."""
    status, data = handle(environ)
    if data is None:
        start_response(status, [])
        return []
    body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    start_response(
        status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
