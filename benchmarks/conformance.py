"""A check that an implementation gives the same answers by the same rules."""

from contextlib import closing
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

import orjson

from benchmarks.client import connect, send
from benchmarks.database import BENCH_USER, Database
from benchmarks.operations import CREATE_BODY, JSON, OPERATIONS, PUT_BODY, Request
from benchmarks.servers import CEILING, Server

COLUMNS = ("id", "user_id", "title", "description", "completed", "created_at", "updated_at")
"""The columns of the peers; the service may have more."""

LENGTHS = {"list of 100": 100, "list of 1000": 1000}
CONTENT = {"create": orjson.loads(CREATE_BODY), "PUT": orjson.loads(PUT_BODY)}
INVALID = {400, 422}
"""The statuses of an invalid request: that of the API, and that of some frameworks."""

UNKNOWN_ID = UUID(int=4)
PRECISION = timedelta(milliseconds=1)
"""That of the times which some frameworks write."""

INVALID_BODIES = (  # of a POST, and all but the first of a PUT
    *(b"{}", b"{", b"[]", b'{"title": null}', b'{"title": 1}', b'{"title": " "}'),
    *(b'{"title": "a", "completed": "true"}', b'{"title": "a", "completed": 1}'),
    *(b'{"title": "a", "description": 1}', b'{"title": "a", "unknown": 1}'),
    orjson.dumps({"title": "a" * 201}),
    orjson.dumps({"title": "a", "description": "a" * 1001}),
)


def check(server: Server, database: Database) -> None:
    """Raise RuntimeError if a response is not as expected."""
    with closing(connect(server)) as connection:
        checker = Checker(server.implementation.name, connection, database)
        checker.check_operations()
        database.restore()
        if server.implementation is not CEILING:  # which has no rules
            checker.check_rules()
            database.restore()


class Checker:
    """The checks of one implementation."""

    def __init__(self, name: str, connection: HTTPConnection, database: Database) -> None:
        self.name = name
        self.connection = connection
        self.database = database

    def check_operations(self) -> None:
        """Execute each operation; compare every field with the row in the database."""
        for operation in OPERATIONS:
            request = operation.requests(self.database, 1)[0]
            before = datetime.now().astimezone()
            content = self.expect({operation.status}, request)
            tasks = content if operation.name in LENGTHS else [content] if content else []
            rows = self.rows([task["id"] for task in tasks])
            for task, row in zip(tasks, rows, strict=True):
                self.require(request, matches(task, row))
            if operation.name in {"create", "PUT", "toggle"}:
                self.require(request, rows[0]["updated_at"] > before)
            self.require(request, len(tasks) == LENGTHS.get(operation.name, bool(content)))
            self.require(request, rows == sorted(rows, key=age, reverse=True))
            expected = CONTENT.get(operation.name, {})
            self.require(request, not tasks or tasks[0] == tasks[0] | expected)

    def check_rules(self) -> None:
        """Check what is rejected, that nothing changes then, and what is left unchanged."""
        tasks = f"/api/{BENCH_USER}/tasks"
        for body in INVALID_BODIES:
            self.expect(INVALID, Request("POST", tasks, body, JSON))
        self.expect({200}, Request("GET", tasks), [])
        task = self.expect(
            {201}, Request("POST", tasks, b'{"title": " a ", "completed": true}', JSON)
        )
        self.require(Request("POST", tasks), task["title"] == "a" and task["description"] is None)
        path = f"{tasks}/{task['id']}"
        for body in INVALID_BODIES[1:]:
            self.expect(INVALID, Request("PUT", path, body, JSON))
        for stranger in (f"/api/{BENCH_USER}-2/tasks/{task['id']}", f"{tasks}/{UNKNOWN_ID}"):
            self.expect({404}, Request("GET", stranger))
            self.expect({404}, Request("PUT", stranger, PUT_BODY, JSON))
            self.expect({404}, Request("PATCH", f"{stranger}/complete"))
            self.expect({404}, Request("DELETE", stranger))
        self.expect({404, *INVALID}, Request("GET", f"{tasks}/1"))
        self.expect({200}, Request("GET", path), task)
        changed = self.expect({200}, Request("PUT", path, b'{"description": "b"}', JSON))
        expected = task | {"description": "b", "updated_at": changed["updated_at"]}
        self.require(Request("PUT", path), changed == expected)
        toggled = self.expect({200}, Request("PATCH", f"{path}/complete"))
        self.require(Request("PATCH", path), not toggled["completed"])
        self.expect({200}, Request("GET", f"{tasks}?completed=true"), [])
        self.expect({200}, Request("GET", f"{tasks}?completed=false&limit=1"), [toggled])

    def expect(self, statuses: set[int], request: Request, content: Any = None) -> Any:
        """Send a request; return the content if it and the status are right."""
        status, body = send(self.connection, request)
        found = orjson.loads(body) if body else None
        self.require(
            request, status in statuses and content in (None, found), f"{status} {body[:300]!r}"
        )
        return found

    def require(self, request: Request, condition: bool, answer: str = "") -> None:  # noqa: FBT001
        """Raise RuntimeError with the request if the condition is false."""
        if not condition:
            raise RuntimeError(f"{self.name} is not as expected: {request} {answer}")

    def rows(self, ids: list[str]) -> list[dict[str, Any]]:
        """Return these rows in this order."""
        found = self.database.connection.execute(
            f"SELECT {', '.join(COLUMNS)} FROM tasks JOIN UNNEST(%s::uuid[]) WITH ORDINALITY AS"
            " listed (task_id, position) ON id = task_id ORDER BY position",
            [ids],
        )
        return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def age(row: dict[str, Any]) -> tuple[datetime, UUID]:
    """Return what lists are sorted by."""
    return row["created_at"], row["id"]


def matches(task: dict[str, Any], row: dict[str, Any]) -> bool:
    """Compare a task with its row."""
    return all(
        abs(datetime.fromisoformat(task[name]) - value) < PRECISION
        if isinstance(value, datetime)
        else task[name] == (str(value) if isinstance(value, UUID) else value)
        for name, value in row.items()
    )
