"""The operations that are measured, as HTTP requests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain, cycle
from typing import NamedTuple

import orjson

from benchmarks.database import BENCH_USER, Database

JSON = {"Content-Type": "application/json"}
CREATE_BODY = orjson.dumps({"title": "Buy oat milk", "description": "Two bottles, the blue ones."})
PUT_BODY = orjson.dumps({"title": "Buy bread", "description": "Ask for rye.", "completed": False})


@dataclass(frozen=True)
class Request:
    """An HTTP request."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the bytes of the request."""
        headers = {"Host": "127.0.0.1", "Content-Length": str(len(self.body)), **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{lines}\r\n".encode() + self.body


def get(database: Database, _: int) -> list[Request]:
    """Read one task."""
    return [Request("GET", path) for path in _paths(database)]


def list_of_100(database: Database, _: int) -> list[Request]:
    """List a user's 100 tasks."""
    return [Request("GET", f"/api/{user_id}/tasks") for user_id in database.users]


def list_of_1000(database: Database, _: int) -> list[Request]:
    """List a user's 1000 tasks."""
    return [Request("GET", f"/api/{database.long_list_user}/tasks")]


def create(_: Database, __: int) -> list[Request]:
    """Create a task."""
    return [Request("POST", f"/api/{BENCH_USER}/tasks", CREATE_BODY, JSON)]


def put(database: Database, _: int) -> list[Request]:
    """Update the title, the description and `completed` of a task."""
    return [Request("PUT", path, PUT_BODY, JSON) for path in _paths(database)]


def toggle(database: Database, _: int) -> list[Request]:
    """Toggle `completed` of a task."""
    return [Request("PATCH", f"{path}/complete") for path in _paths(database)]


def delete(database: Database, count: int) -> list[Request]:
    """Delete a task."""
    return [
        Request("DELETE", f"/api/{BENCH_USER}/tasks/{task_id}") for task_id in database.copy(count)
    ]


def mixed(database: Database, count: int) -> list[Request]:
    """Mix all operations in equal parts, except the longer lists."""
    others = (get, list_of_100, create, put, toggle)
    repeated = (cycle(requests(database, count)) for requests in others)
    rounds = zip(delete(database, count // (1 + len(others))), *repeated, strict=False)
    return [*chain.from_iterable(rounds)]


def _paths(database: Database) -> list[str]:
    return [f"/api/{user_id}/tasks/{task_id}" for user_id, task_id in database.tasks]


class Operation(NamedTuple):
    """An operation, the status of its response, and a function that returns its requests.

    The requests are sent in turn, repeatedly. Where each can be sent only once, the function
    returns as many as its second argument says.
    """

    name: str
    status: int
    requests: Callable[[Database, int], list[Request]]


OPERATIONS = (
    Operation("get", 200, get),
    Operation("list of 100", 200, list_of_100),
    Operation("list of 1000", 200, list_of_1000),
    Operation("create", 201, create),
    Operation("PUT", 200, put),
    Operation("toggle", 200, toggle),
    Operation("delete", 204, delete),
)
