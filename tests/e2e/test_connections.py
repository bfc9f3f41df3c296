"""Tests of many concurrent keep-alive connections: each user gets only their own responses."""

from typing import Any

from tests.support.servers.gunicorn import Instance
from tests.support.servers.http_client import Client, Response
from tests.support.servers.load import load

CONNECTIONS = 200
SECONDS = 30


class User:
    """A user who knows the exact response to each request."""

    def __init__(self, number: int) -> None:
        self.name = f"user-{number}"
        self.path = f"/api/{self.name}/tasks"
        self.tasks: list[dict[str, Any]] = []  # newest first, as in a list
        self.turn = 0

    def take_turn(self, client: Client) -> Response:
        """Send the next request; assert that the response is right and the connection kept."""
        requests = (
            self.create,
            self.list,
            self.edit,
            self.set_completed,
            self.create,
            self.filter,
            self.read,
            self.delete,
        )
        send = requests[self.turn % len(requests)]
        self.turn += 1
        response = send(client)
        assert response.headers["Connection"] == "keep-alive"
        return response

    def create(self, client: Client) -> Response:
        title = f"{self.name}, turn {self.turn}"
        response = client.send("POST", self.path, {"title": title})
        self.tasks.insert(0, response.json())
        assert self.tasks[0] == self.tasks[0] | {
            "user_id": self.name,
            "title": title,
            "description": None,
            "completed": False,
        }
        return response

    def list(self, client: Client) -> Response:
        response = client.send("GET", self.path)
        assert response.json() == self.tasks
        return response

    def filter(self, client: Client) -> Response:
        response = client.send("GET", f"{self.path}?completed=true")
        assert response.json() == [task for task in self.tasks if task["completed"]]
        return response

    def read(self, client: Client) -> Response:
        response = client.send("GET", f"{self.path}/{self.tasks[-1]['id']}")
        assert response.json() == self.tasks[-1]
        return response

    def edit(self, client: Client) -> Response:
        return self._update(client, "", {"title": f"{self.name} edits in turn {self.turn}"})

    def set_completed(self, client: Client) -> Response:
        return self._update(client, "/complete", {"completed": not self.tasks[0]["completed"]})

    def _update(self, client: Client, suffix: str, changes: dict[str, Any]) -> Response:
        task = self.tasks[0]
        url = f"{self.path}/{task['id']}{suffix}"
        response = client.send("PATCH", url, changes, If_Match=f'"{task["updated_at"]}"')
        self.tasks[0] = response.json()
        assert self.tasks[0] == task | changes | {"updated_at": self.tasks[0]["updated_at"]}
        return response

    def delete(self, client: Client) -> Response:
        return client.send("DELETE", f"{self.path}/{self.tasks.pop()['id']}")


def test_each_of_200_connections_gets_its_own_responses(service: Instance) -> None:
    users = [User(number) for number in range(CONNECTIONS)]
    with load(service.port, CONNECTIONS, lambda client, n: users[n].take_turn(client)) as record:
        record.stopped.wait(SECONDS)
    assert record.count().keys() == {200, 201, 204}
    assert sum(record.count().values()) == sum(user.turn for user in users)
    assert all(user.turn for user in users)
