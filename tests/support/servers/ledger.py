"""What clients know to be stored: tasks that were created with an idempotency key, and edited."""

from contextlib import closing
from uuid import uuid4

import psycopg

from tests.support.servers.gunicorn import Instance
from tests.support.servers.http_client import Client, Response


class Ledger:
    """The title of each task as it was acknowledged, and the pending request of each client."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, str] = {}
        self.pending: dict[int, tuple[str, str, str]] = {}

    def write(self, client: Client, number: int) -> Response:
        """Create a task or edit the one just created; repeat the request until it succeeds."""
        key = str(uuid4())
        method, url, key = self.pending.setdefault(number, ("POST", "/api/alice/tasks", key))
        response = client.send(method, url, {"title": key}, Idempotency_Key=key)
        if response.status in {200, 201}:
            self.acknowledged[response.json()["id"]] = response.json()["title"]
            del self.pending[number]
        if response.status == 201:
            self.pending[number] = ("PATCH", response.headers["Location"], f"{key}, edited")
        return response

    def finish(self, service: Instance) -> None:
        """Repeat the pending requests."""
        with closing(Client(service.port)) as client:
            for number in list(self.pending):
                assert self.write(client, number).status in {200, 201}

    def assert_stored(self, connection: psycopg.Connection) -> None:
        """Assert that exactly the acknowledged tasks are stored."""
        query = "SELECT id::TEXT, title FROM tasks"
        assert sorted(connection.execute(query)) == sorted(self.acknowledged.items())
