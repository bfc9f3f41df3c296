"""Many more keep-alive connections than threads, each of a user of its own."""

from typing import Any

from tests.support.servers.gunicorn import Instance
from tests.support.servers.load import Answer, Client, load

CONNECTIONS = 200
SECONDS = 30


class User:
    """A user who knows what each answer must be."""

    def __init__(self, number: int) -> None:
        self.name = f"user-{number}"
        self.path = f"/api/{self.name}/tasks"
        self.tasks: list[dict[str, Any]] = []  # newest first, as the API lists them
        self.turn = 0

    def act(self, client: Client) -> Answer:
        """Do what comes next, check the whole answer, and that the connection stays open."""
        acts = (
            self.create,
            self.list,
            self.edit,
            self.toggle,
            self.create,
            self.filter,
            self.read,
        )
        act = (*acts, self.delete)[self.turn % 8]
        self.turn += 1
        answer = act(client)
        assert answer.headers["Connection"] == "keep-alive"
        return answer

    def create(self, client: Client) -> Answer:
        title = f"{self.name}, turn {self.turn}"
        answer = client.ask("POST", self.path, {"title": title})
        self.tasks.insert(0, answer.json())
        assert self.tasks[0] == self.tasks[0] | {
            "user_id": self.name,
            "title": title,
            "description": None,
            "completed": False,
        }
        return answer

    def list(self, client: Client) -> Answer:
        answer = client.ask("GET", self.path)
        assert answer.json() == self.tasks
        return answer

    def filter(self, client: Client) -> Answer:
        answer = client.ask("GET", f"{self.path}?completed=true")
        assert answer.json() == [task for task in self.tasks if task["completed"]]
        return answer

    def read(self, client: Client) -> Answer:
        answer = client.ask("GET", f"{self.path}/{self.tasks[-1]['id']}")
        assert answer.json() == self.tasks[-1]
        return answer

    def edit(self, client: Client) -> Answer:
        return self._change(client, "", {"title": f"{self.name} edits in turn {self.turn}"})

    def toggle(self, client: Client) -> Answer:
        return self._change(client, "/complete", {"completed": not self.tasks[0]["completed"]})

    def _change(self, client: Client, suffix: str, change: dict[str, Any]) -> Answer:
        task = self.tasks[0]
        tag = f'"{task["updated_at"]}"'
        address = f"{self.path}/{task['id']}{suffix}"
        answer = client.ask("PATCH", address, change, If_Match=tag)
        self.tasks[0] = answer.json()
        assert self.tasks[0] == task | change | {"updated_at": self.tasks[0]["updated_at"]}
        return answer

    def delete(self, client: Client) -> Answer:
        return client.ask("DELETE", f"{self.path}/{self.tasks.pop()['id']}")


def test_each_of_200_connections_gets_its_own_answers(service: Instance) -> None:
    users = [User(number) for number in range(CONNECTIONS)]
    with load(service.port, CONNECTIONS, lambda client, n: users[n].act(client)) as record:
        record.over.wait(SECONDS)
    assert record.count().keys() == {200, 201, 204}
    assert sum(record.count().values()) == sum(user.turn for user in users)
    assert all(user.turn for user in users)
