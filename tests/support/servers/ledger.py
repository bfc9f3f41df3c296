"""What clients know to be stored: tasks that were created with an idempotency key."""

from contextlib import closing
from uuid import uuid4

import psycopg

from tests.support.servers.gunicorn import Instance
from tests.support.servers.http_client import Client, Response


class Ledger:
    """The acknowledged tasks, and for each client the idempotency key of its pending request."""

    def __init__(self) -> None:
        self.acknowledged: list[tuple[str, str]] = []
        self.pending: dict[int, str] = {}

    def create(self, client: Client, number: int) -> Response:
        """Create a task, with the same idempotency key until the request succeeds."""
        key = self.pending.setdefault(number, str(uuid4()))
        response = client.send("POST", "/api/alice/tasks", {"title": key}, Idempotency_Key=key)
        if response.status == 201:
            self.acknowledged.append((response.json()["id"], response.json()["title"]))
            del self.pending[number]
        return response

    def finish(self, service: Instance) -> None:
        """Repeat the pending requests."""
        with closing(Client(service.port)) as client:
            for number in list(self.pending):
                assert self.create(client, number).status == 201

    def assert_stored(self, connection: psycopg.Connection) -> None:
        """Assert that exactly the acknowledged tasks are stored."""
        query = "SELECT id::TEXT, title FROM tasks"
        assert sorted(connection.execute(query)) == sorted(self.acknowledged)
