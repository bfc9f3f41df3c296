"""A client that writes without a pause, and records every response in the ledger of its user."""

from collections import deque
from collections.abc import Iterable
from itertools import count, repeat
from random import Random
from threading import Event
from time import monotonic
from uuid import UUID

from tests.soak.connection import Connection
from tests.soak.entry import FLIP, Change, Entry, Task
from tests.soak.ledger import Ledger

FEW_TASKS, MANY_TASKS = 5, 40
"""With fewer tasks the user creates one; with more, they delete one."""

SETTLING_TIME = 30
"""Seconds until a request without response cannot be executed any more: at most 10 s to connect
to each of two hosts, and 10 s for the statement (todo_project/database/url.py)."""

PAGE_SIZE = 100


class SoakClient:
    """One user with a keep-alive connection. `with_keys` is false to provoke faults."""

    def __init__(
        self, number: int, port: int, seed: str, stopped: Event, *, with_keys: bool = True
    ) -> None:
        self.random = Random(f"{seed}/{number}")
        self.ledger = Ledger(str(UUID(int=self.random.getrandbits(128), version=4)))
        self.connection = Connection(port, stopped)
        self._url = f"/api/{self.ledger.user_id}/tasks"
        self._stopped = stopped
        self._with_keys = with_keys
        self._usable: list[Entry] = []
        self._uncertain: deque[tuple[float, Entry]] = deque()

    @property
    def acknowledged(self) -> int:
        """The number of acknowledged writes."""
        return self.ledger.acknowledged.total()

    def run(self) -> None:
        """Send requests until stopped."""
        writes = (self.create, self.create_with_key, self.edit, self.toggle, self.delete)
        while not self._stopped.is_set():
            self._settle()
            number = len(self._usable)
            if FEW_TASKS <= number <= MANY_TASKS:
                self.random.choices(writes, (2, 3, 6, 6, 5))[0]()
            else:
                (self.create_with_key if number < FEW_TASKS else self.delete)()

    def create(self) -> None:
        """Create a task. Without a response it may exist or not."""
        body = self.ledger.new_task()
        if response := self.connection.send("POST", self._url, {201}, body):
            self._keep(self.ledger.created(body, response.json()))
        else:
            self.ledger.unanswered.add(body["description"])

    def create_with_key(self) -> None:
        """Create a task; repeat the request with the same idempotency key until it is answered."""
        body = self.ledger.new_task()
        key = {"Idempotency_Key": body["description"].replace(" ", "-")} if self._with_keys else {}
        while not (response := self.connection.send("POST", self._url, {201}, body, **key)):
            self.ledger.unanswered.add(body["description"])
            if self._stopped.is_set():
                return
        replayed = "Idempotent-Replayed" in response.headers
        self._keep(self.ledger.created(body, response.json(), replayed=replayed))

    def edit(self) -> None:
        """Change the title, in each attempt to another; a third of the time with If-Match."""
        entry = self._take()
        titles = ({"title": f"{self.random.getrandbits(64):x}"} for _ in count())
        if self.random.random() < 2 / 3:
            self._change(entry, "", titles, {200, 404})
        else:
            self._change(entry, "", titles, {200, 404, 412}, If_Match=_etag(entry.task))

    def toggle(self) -> None:
        """Set `completed`, until the request is answered; or flip it, once."""
        value = self.random.random() < 1 / 2
        changes = self.random.choice(([FLIP], repeat({"completed": value})))
        self._change(self._take(), "/complete", changes, {200, 404})

    def delete(self) -> None:
        """Delete a task; repeat the request until it is answered."""
        entry = self._take()
        while not (response := self.connection.send("DELETE", self._task_url(entry), {204, 404})):
            entry.may_be_deleted = True
            if self._stopped.is_set():
                return
        (self.ledger.removed if response.status == 204 else self.ledger.missing)(entry)

    def compare(self) -> None:
        """Compare the ledger with all tasks of the user in the database."""
        self.ledger.compare(self.connection.read_pages(f"{self._url}?limit={PAGE_SIZE}"))

    def _change(
        self,
        entry: Entry,
        suffix: str,
        changes: Iterable[Change],
        expected: set[int],
        **headers: str,
    ) -> None:
        """Send one change after the other until one is answered."""
        url = self._task_url(entry) + suffix
        for change in changes:
            response = self.connection.send("PATCH", url, expected, change or None, **headers)
            if response is None:
                entry.add_possible(change)
            elif response.status == 200:
                self.ledger.changed(entry, change, response.json())
            elif response.status == 404:
                self.ledger.missing(entry)
            else:
                self.ledger.precondition_failed(entry, response.json()["current"])
            if response or self._stopped.is_set():
                break
        self._keep(entry)

    def _settle(self) -> None:
        """Read a task that had a request without response, as soon as its state is final."""
        if not self._uncertain or monotonic() < self._uncertain[0][0]:
            return
        _, entry = self._uncertain[0]
        response = self.connection.send("GET", self._task_url(entry), {200, 404})
        if response is None:
            return
        self._uncertain.popleft()
        if response.status == 200:
            self._keep(self.ledger.settle(entry, response.json()))
        else:
            self.ledger.missing(entry)

    def _take(self) -> Entry:
        """Take a task out of those that can be changed."""
        return self._usable.pop(self.random.randrange(len(self._usable)))

    def _keep(self, entry: Entry) -> None:
        """Let the task be changed, at once or once it is certain; not if it is gone."""
        if entry.task["id"] not in self.ledger.entries:
            return
        if entry.is_uncertain:
            self._uncertain.append((monotonic() + SETTLING_TIME, entry))
        else:
            self._usable.append(entry)

    def _task_url(self, entry: Entry) -> str:
        return f"{self._url}/{entry.task['id']}"


def _etag(task: Task) -> str:
    return f'"{task["updated_at"]}"'
