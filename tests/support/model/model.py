"""A model of the API in memory, written from the HTTP contract and not from the code.

The server chooses ids and timestamps. The model takes them from the response (`received`) and
asserts the rules that they follow.
"""

from datetime import datetime

from tasks.models import DEFAULTS
from tests.support.model.preconditions import Precondition, etag
from tests.support.model.responses import Cursor, ExpectedResponse, problem
from tests.support.model.validation import (
    PARAMETER_RULES,
    Body,
    Parameters,
    Task,
    is_valid,
    validated_fields,
)


def timestamp(task: Task, name: str) -> datetime:
    return datetime.fromisoformat(task[name])


def position(task: Task) -> tuple[datetime, str]:
    """Return the sort key of a task in a list."""
    return timestamp(task, "created_at"), task["id"]


class Model:
    """The tasks of all users. Each method performs one request and returns its response."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.used_ids: list[str] = []
        self.ids_by_key: dict[tuple[str, str], str] = {}

    def create(self, user: str, body: Body, key: str | None, received: Task) -> ExpectedResponse:
        """Create a task. With a key whose task exists, return that task instead."""
        fields = validated_fields(body)
        if fields is None or "title" not in fields:
            return problem(400)
        fields = DEFAULTS | fields
        existing = self._find(user, self.ids_by_key.get((user, key or "")))
        if (
            existing
            and existing["updated_at"] == existing["created_at"]
            and not fields.items() <= existing.items()
        ):
            return problem(422)
        task = existing or self._insert(user, fields, key, received)
        headers = {"ETag": etag(task), "Location": f"/api/{user}/tasks/{task['id']}"}
        if existing:
            headers["Idempotent-Replayed"] = "true"
        return ExpectedResponse(201, task, headers)

    def read(self, user: str, task_id: str, precondition: Precondition) -> ExpectedResponse:
        if failure := self._failure(user, task_id, precondition):
            return failure
        task = self.tasks[task_id]
        headers = {"ETag": etag(task)}
        if precondition.passes_if_none_match(task):
            return ExpectedResponse(200, task, headers)
        return ExpectedResponse(304, None, headers)

    def update(
        self, user: str, task_id: str, body: Body, precondition: Precondition, received: Task
    ) -> ExpectedResponse:
        """Change the given fields and no others; any change makes `updated_at` later."""
        fields = validated_fields(body)
        if fields is None:
            return problem(400)
        if failure := self._write_failure(user, task_id, precondition):
            return failure
        task = self.tasks[task_id]
        if fields:
            assert timestamp(received, "updated_at") > timestamp(task, "updated_at")
            task |= fields | {"updated_at": received["updated_at"]}
        return ExpectedResponse(200, task, {"ETag": etag(task)})

    def complete(
        self,
        user: str,
        task_id: str,
        body: Body | None,
        precondition: Precondition,
        received: Task,
    ) -> ExpectedResponse:
        """Set `completed`, or toggle it if the body is empty."""
        if body and (body.keys() != {"completed"} or validated_fields(body) is None):
            return problem(400)
        toggled = {"completed": not self.tasks.get(task_id, {}).get("completed")}
        return self.update(user, task_id, body or toggled, precondition, received)

    def delete(self, user: str, task_id: str, precondition: Precondition) -> ExpectedResponse:
        if failure := self._write_failure(user, task_id, precondition):
            return failure
        del self.tasks[task_id]
        return ExpectedResponse(204)

    def delete_by_filter(
        self, user: str, parameters: Parameters, precondition: Precondition
    ) -> ExpectedResponse:
        """Delete the completed or the open tasks. No entity tag can match several tasks."""
        if parameters.keys() != {"completed"} or not is_valid(parameters, PARAMETER_RULES):
            return problem(400)
        if precondition.if_match not in {None, ("*",)} or precondition.if_none_match is not None:
            return problem(412)
        deleted = self._filter(user, parameters)
        self.tasks = {each: task for each, task in self.tasks.items() if task not in deleted}
        return ExpectedResponse(200, {"deleted": len(deleted)})

    def list_page(
        self, user: str, parameters: Parameters, cursor: Cursor | None = None
    ) -> ExpectedResponse:
        """Return one page, newest first. A cursor is valid for the list that returned it."""
        filters = {name: value for name, value in parameters.items() if name != "limit"}
        if not is_valid(parameters, PARAMETER_RULES):
            return problem(400)
        if cursor and (cursor.user, cursor.filters) != (user, filters):
            return problem(400)
        tasks = [
            task
            for task in self._filter(user, filters)
            if cursor is None or position(task) < cursor.after
        ]
        limit = int(parameters.get("limit", 10_000))
        has_next = len(tasks) > limit
        next_cursor = Cursor(user, filters, position(tasks[limit - 1])) if has_next else None
        return ExpectedResponse(200, tasks[:limit], next_cursor=next_cursor)

    def set_timestamps(self, user: str, value: str) -> None:
        """Set both timestamps of all tasks of a user, which no request can do."""
        for task in self._filter(user, {}):
            task |= {"created_at": value, "updated_at": value}

    def _insert(self, user: str, fields: Task, key: str | None, received: Task) -> Task:
        """Store a task; its id must be unused, or the one that the key determines."""
        task_id = received["id"]
        id_of_key = self.ids_by_key.setdefault((user, key), task_id) if key else None
        if id_of_key in self.used_ids:
            assert task_id == id_of_key
        else:
            assert task_id not in self.used_ids
        now = received["created_at"]
        timestamps = {"created_at": now, "updated_at": now}
        self.tasks[task_id] = {"id": task_id, "user_id": user} | fields | timestamps
        self.used_ids.append(task_id)
        return self.tasks[task_id]

    def _find(self, user: str, task_id: str | None) -> Task | None:
        task = self.tasks.get(task_id or "")
        return task if task and task["user_id"] == user else None

    def _failure(
        self, user: str, task_id: str, precondition: Precondition
    ) -> ExpectedResponse | None:
        """Return the 404 or 412 of a request about one task, or None if it may proceed."""
        task = self._find(user, task_id)
        if task is None:
            return problem(404)
        return None if precondition.passes_if_match(task) else problem(412, current=task)

    def _write_failure(
        self, user: str, task_id: str, precondition: Precondition
    ) -> ExpectedResponse | None:
        """Return the 404 or 412 of a write, which If-None-Match can cause too."""
        if failure := self._failure(user, task_id, precondition):
            return failure
        task = self.tasks[task_id]
        return None if precondition.passes_if_none_match(task) else problem(412, current=task)

    def _filter(self, user: str, filters: Parameters) -> list[Task]:
        """Return the tasks of the user that match the filters, newest first."""
        search = filters.get("search", "").casefold()
        completed = {"true": [True], "false": [False]}.get(filters.get("completed", ""))
        found = [
            task
            for task in self.tasks.values()
            if task["user_id"] == user
            and task["completed"] in (completed or [True, False])
            and any(search in (task[name] or "").casefold() for name in ("title", "description"))
        ]
        return sorted(found, key=position, reverse=True)
