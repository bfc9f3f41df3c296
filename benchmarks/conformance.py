"""Whether a contestant answers as the others do; if not, a comparison is worth nothing."""

from contextlib import closing

import orjson

from benchmarks.client import ask, connect
from benchmarks.database import Database
from benchmarks.operations import CHANGED, CREATED, OPERATIONS
from benchmarks.servers import Server

MEMBERS = {"id", "user_id", "title", "description", "completed", "created_at", "updated_at"}
LENGTHS = {"list of 100": 100, "list of 1000": 1000}
CONTENT = {"create": orjson.loads(CREATED), "PUT": orjson.loads(CHANGED)}


def check(server: Server, database: Database) -> None:
    """Do each operation once; raise RuntimeError where an answer is not as it must be."""
    with closing(connect(server)) as connection:
        for operation in OPERATIONS:
            status, body = ask(connection, operation.requests(database, 1)[0])
            if status != operation.status or not _is_expected(operation.name, body):
                raise RuntimeError(
                    f"{server.contestant.name}: {operation.name}: {status} {body[:500]!r}"
                )
    database.restore()


def _is_expected(operation: str, body: bytes) -> bool:
    """Compare the members of every task, and the values where the request sent them."""
    if operation == "delete":
        return not body
    tasks = orjson.loads(body) if operation in LENGTHS else [orjson.loads(body)]
    return (
        len(tasks) == LENGTHS.get(operation, 1)
        and all(task.keys() == MEMBERS for task in tasks)
        and tasks[0] == tasks[0] | CONTENT.get(operation, {})
    )
