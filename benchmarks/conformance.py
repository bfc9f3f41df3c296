"""A check that all implementations return the same responses, as a comparison requires."""

from contextlib import closing

import orjson

from benchmarks.client import connect, send
from benchmarks.database import Database
from benchmarks.operations import CREATE_BODY, OPERATIONS, PUT_BODY
from benchmarks.peers.raw_wsgi import TASK
from benchmarks.servers import Server

FIELDS = set(TASK.split(", "))
"""The columns of the peers; the service may have more."""

LENGTHS = {"list of 100": 100, "list of 1000": 1000}
CONTENT = {"create": orjson.loads(CREATE_BODY), "PUT": orjson.loads(PUT_BODY)}


def check(server: Server, database: Database) -> None:
    """Execute each operation once; raise RuntimeError if a response is not as expected."""
    with closing(connect(server)) as connection:
        for operation in OPERATIONS:
            status, body = send(connection, operation.requests(database, 1)[0])
            if status != operation.status or not _is_expected(operation.name, body):
                raise RuntimeError(
                    f"{server.implementation.name}: {operation.name}: {status} {body[:500]!r}"
                )
    database.restore()


def _is_expected(operation: str, body: bytes) -> bool:
    """Compare the fields of every task, and the values that the request sent."""
    if operation == "delete":
        return not body
    tasks = orjson.loads(body) if operation in LENGTHS else [orjson.loads(body)]
    return (
        len(tasks) == LENGTHS.get(operation, 1)
        and all(task.keys() >= FIELDS for task in tasks)
        and tasks[0] == tasks[0] | CONTENT.get(operation, {})
    )
