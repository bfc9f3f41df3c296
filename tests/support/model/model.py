"""What the service promises, as a model in memory: written from the contract, not from the code.

Ids and times are the server's choice. The model takes them from what was answered (`seen`), and
says what they must be like.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Task = dict[str, Any]
Body = dict[str, Any]
Parameters = Mapping[str, str]


def is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and "\0" not in value


FIELDS: dict[str, Callable[[Any], bool]] = {
    "title": lambda value: is_text(value, 10**6) and 1 <= len(value.strip()) <= 200,
    "description": lambda value: value is None or is_text(value, 1000),
    "completed": lambda value: isinstance(value, bool),
}
IGNORED = {"id", "user_id", "created_at", "updated_at"}
PARAMETERS: dict[str, Callable[[str], bool]] = {
    "completed": lambda value: value in {"true", "false"},
    "search": lambda value: value != "" and is_text(value, 200),
    "limit": lambda value: value in map(str, range(1, 10_001)),
}
SLUGS = {
    400: "validation-error",
    404: "not-found",
    412: "precondition-failed",
    422: "idempotency-key-reused",
}


def follows(rules: Mapping[str, Callable[[Any], bool]], given: Mapping[str, Any]) -> bool:
    return all(name in rules and rules[name](value) for name, value in given.items())


def fields(body: Body) -> Body | None:
    """Return what the body says about a task, or None where it breaks a rule."""
    said = {name: value for name, value in body.items() if name not in IGNORED}
    if not follows(FIELDS, said):
        return None
    return said | ({"title": said["title"].strip()} if "title" in said else {})


def moment(task: Task, name: str) -> datetime:
    return datetime.fromisoformat(task[name])


def place(task: Task) -> tuple[datetime, str]:
    return moment(task, "created_at"), task["id"]


def etag(task: Task) -> str:
    return f'"{task["updated_at"]}"'


@dataclass(frozen=True)
class Condition:
    """The validators in If-Match and If-None-Match; None where the header is not sent."""

    match: tuple[str, ...] | None = None
    none_match: tuple[str, ...] | None = None

    def allows(self, task: Task) -> bool:
        return self.match is None or self.match == ("*",) or etag(task) in self.match

    def excludes(self, task: Task) -> bool:
        known = [tag.removeprefix("W/") for tag in self.none_match or ()]
        return known == ["*"] or etag(task) in known


@dataclass(frozen=True)
class Cursor:
    """Where a page ends: after which task of which list."""

    user: str
    filters: Parameters
    after: tuple[datetime, str]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    more: Cursor | None = None


def refusal(status: int, **members: Any) -> Answer:
    return Answer(status, {"type": f"/problems/{SLUGS[status]}"} | members)


class Model:
    """The tasks of all users, and what each request answers and leaves."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.ids: list[str] = []
        self.keyed: dict[tuple[str, str], str] = {}

    def create(self, user: str, body: Body, key: str | None, seen: Task) -> Answer:
        said = fields(body)
        if said is None or "title" not in said:
            return refusal(400)
        wanted = {"title": "", "description": None, "completed": False} | said
        kept = self.find(user, self.keyed.get((user, key or "")))
        if (
            kept
            and kept["updated_at"] == kept["created_at"]
            and not wanted.items() <= kept.items()
        ):
            return refusal(422)
        task = kept or self.add(user, wanted, key, seen)
        headers = {"ETag": etag(task), "Location": f"/api/{user}/tasks/{task['id']}"}
        return Answer(201, task, headers | ({"Idempotent-Replayed": "true"} if kept else {}))

    def add(self, user: str, wanted: Task, key: str | None, seen: Task) -> Task:
        """Store a task; its id is new, or that of the key."""
        known = self.keyed.setdefault((user, key), seen["id"]) if key else None
        assert seen["id"] == known if known in self.ids else seen["id"] not in self.ids
        now = seen["created_at"]
        task = {"id": seen["id"], "user_id": user} | wanted
        self.tasks[seen["id"]] = task | {"created_at": now, "updated_at": now}
        self.ids.append(seen["id"])
        return self.tasks[seen["id"]]

    def find(self, user: str, task_id: str | None) -> Task | None:
        task = self.tasks.get(task_id or "")
        return task if task and task["user_id"] == user else None

    def refuse(self, user: str, task_id: str, condition: Condition) -> Answer | None:
        """Return why the task may not be touched, if it may not."""
        task = self.find(user, task_id)
        if task is None:
            return refusal(404)
        return None if condition.allows(task) else refusal(412, current=task)

    def read(self, user: str, task_id: str, condition: Condition) -> Answer:
        task = self.tasks.get(task_id, {})
        if refused := self.refuse(user, task_id, condition):
            return refused
        tag = {"ETag": etag(task)}
        return Answer(304, None, tag) if condition.excludes(task) else Answer(200, task, tag)

    def refuse_write(self, user: str, task_id: str, condition: Condition) -> Answer | None:
        if refused := self.refuse(user, task_id, condition):
            return refused
        task = self.tasks[task_id]
        return refusal(412, current=task) if condition.excludes(task) else None

    def change(
        self, user: str, task_id: str, body: Body, condition: Condition, seen: Task
    ) -> Answer:
        """Change the fields named, and no others; every change moves `updated_at` onwards."""
        said = fields(body)
        if said is None:
            return refusal(400)
        if refused := self.refuse_write(user, task_id, condition):
            return refused
        task = self.tasks[task_id]
        if said:
            assert moment(seen, "updated_at") > moment(task, "updated_at")
            task |= said | {"updated_at": seen["updated_at"]}
        return Answer(200, task, {"ETag": etag(task)})

    def complete(
        self, user: str, task_id: str, body: Body | None, condition: Condition, seen: Task
    ) -> Answer:
        """Set `completed`, or flip it where the body says nothing."""
        if body and (body.keys() != {"completed"} or fields(body) is None):
            return refusal(400)
        flipped = {"completed": not self.tasks.get(task_id, {}).get("completed")}
        return self.change(user, task_id, body or flipped, condition, seen)

    def remove(self, user: str, task_id: str, condition: Condition) -> Answer:
        if refused := self.refuse_write(user, task_id, condition):
            return refused
        del self.tasks[task_id]
        return Answer(204)

    def clear(self, user: str, parameters: Parameters, condition: Condition) -> Answer:
        """Delete by filter: under no condition, since a list has no task's validator."""
        if parameters.keys() != {"completed"} or not follows(PARAMETERS, parameters):
            return refusal(400)
        if condition.match not in {None, ("*",)} or condition.none_match is not None:
            return refusal(412)
        gone = self.matching(user, parameters)
        self.tasks = {each: task for each, task in self.tasks.items() if task not in gone}
        return Answer(200, {"deleted": len(gone)})

    def matching(self, user: str, filters: Parameters) -> list[Task]:
        """Return the tasks of the user that the filters name, newest first."""
        word = filters.get("search", "").casefold()
        completed = {"true": [True], "false": [False]}.get(filters.get("completed", ""))
        found = [
            task
            for task in self.tasks.values()
            if task["user_id"] == user
            and task["completed"] in (completed or [True, False])
            and any(word in (task[name] or "").casefold() for name in ("title", "description"))
        ]
        return sorted(found, key=place, reverse=True)

    def page(self, user: str, parameters: Parameters, cursor: Cursor | None = None) -> Answer:
        filters = {name: value for name, value in parameters.items() if name != "limit"}
        if not follows(PARAMETERS, parameters):
            return refusal(400)
        if cursor and (cursor.user, cursor.filters) != (user, filters):
            return refusal(400)
        found = self.matching(user, filters)
        left = [task for task in found if cursor is None or place(task) < cursor.after]
        limit = int(parameters.get("limit", 10_000))
        more = Cursor(user, filters, place(left[limit - 1])) if left[limit:] else None
        return Answer(200, left[:limit], more=more)

    def date(self, user: str, moment: str) -> None:
        """Write other times, as if by hand in the database."""
        for task in self.matching(user, {}):
            task |= {"created_at": moment, "updated_at": moment}
