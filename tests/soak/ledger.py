"""What the acknowledged writes of one user must have left in the database."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from tests.soak.entry import Change, Entry, Task
from tests.support.openapi import SCHEMAS

MEMBERS = SCHEMAS["Task"]["properties"].keys()

MAX_EXAMPLES = 20
"""How many faults are described; all are counted."""


class Ledger:
    """The tasks of one user, and how often the service contradicted what it had acknowledged.

    A fault is `lost` (an acknowledged write is absent), `doubled` (a create has two rows) or
    `wrong` (any other difference).
    """

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.entries: dict[str, Entry] = {}
        self.deleted: set[str] = set()
        self.creates = 0
        self.unanswered: set[str] = set()
        """The descriptions of the creates without response."""
        self.found = 0
        """How many of these are in the database."""
        self.acknowledged: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.examples: list[str] = []

    def new_task(self) -> Task:
        """Return the body of a create. Its description is unique and never edited."""
        self.creates += 1
        return {"title": f"Task {self.creates}", "description": f"Create {self.creates}"}

    def created(self, body: Task, task: Task, *, replayed: bool = False) -> Entry:
        """Record the response to a create, which may have been a repetition."""
        self.acknowledged["create"] += 1
        repeated = body["description"] in self.unanswered
        self.unanswered.discard(body["description"])
        expected = body | {"user_id": self.user_id, "completed": False}
        times = {"created_at": task["created_at"], "updated_at": task["created_at"]}
        matches = task.keys() == MEMBERS and task | expected | times == task
        if not matches or task["id"] in self.entries:
            self._add_fault("wrong", f"{body} was created as {task}")
        if replayed and not repeated:
            self._add_fault("wrong", f"the first create of {task} was answered as a repetition")
        entry = self.entries[task["id"]] = Entry(task, is_uncertain=repeated)
        return entry

    def changed(self, entry: Entry, change: Change, task: Task) -> None:
        """Record the response to a change."""
        self.acknowledged["edit" if "title" in change else "toggle"] += 1
        later = _updated_at(task) > _updated_at(entry.task)
        if not (later and entry.allows(task, change)):
            self._add_fault("wrong", f"{change} changed {entry.task} to {task}")
        entry.task = task

    def precondition_failed(self, entry: Entry, current: Task) -> None:
        """Record that If-Match with the entity tag in the ledger did not match."""
        if current["updated_at"] == entry.task["updated_at"]:
            self._add_fault("wrong", f"If-Match did not match {current}")
        self.read(entry, current)

    def removed(self, entry: Entry) -> None:
        """Record the response to a delete."""
        self.acknowledged["delete"] += 1
        self._drop(entry)

    def missing(self, entry: Entry) -> None:
        """Record that there is no such task."""
        if not entry.may_be_deleted:
            self._add_fault("lost", f"{entry.task} is missing")
        self._drop(entry)

    def read(self, entry: Entry, task: Task) -> None:
        """Record the task as it was read."""
        seen, known = _updated_at(task), _updated_at(entry.task)
        if seen < known:
            self._add_fault("lost", f"{entry.task} is {task} again")
        elif seen == known:
            if task != entry.task:
                self._add_fault("wrong", f"{entry.task} is {task}")
        elif not (any(entry.possible.values()) and entry.allows(task)):
            self._add_fault("wrong", f"{entry.task} has become {task}")
        entry.task = task

    def settle(self, entry: Entry, task: Task) -> Entry:
        """Record the task as it was read when no request can still be executed."""
        self.read(entry, task)
        settled = self.entries[task["id"]] = Entry(task)
        return settled

    def compare(self, rows: Iterable[Task]) -> None:
        """Compare with all tasks of the user, read when all requests have ended."""
        expected, unanswered = dict(self.entries), set(self.unanswered)
        for row in rows:
            entry = expected.pop(row["id"], None)
            if entry:
                self.read(entry, row)
            elif row["id"] in self.deleted:
                self._add_fault("lost", f"the delete of {row}")
            elif row["description"] in unanswered:
                unanswered.remove(row["description"])
                self.found += 1
            else:
                self._add_fault("doubled", f"{row} is one more row of its create")
        for entry in expected.values():
            self.missing(entry)

    def _drop(self, entry: Entry) -> None:
        del self.entries[entry.task["id"]]
        self.deleted.add(entry.task["id"])

    def _add_fault(self, kind: str, example: str) -> None:
        self.faults[kind] += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(f"{kind}: {self.user_id}: {example}")


def _updated_at(task: Task) -> datetime:
    return datetime.fromisoformat(task["updated_at"])
