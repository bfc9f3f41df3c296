"""The same API in django-bolt, as its documentation teaches it: structs, serializers, the ORM.

The functions are sync: django-bolt sees that they use the ORM, and runs each in a thread as a
whole, which takes less CPU time than a thread for each query of an async function.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import Manager
from django_bolt import BoltAPI
from django_bolt.exceptions import NotFound
from django_bolt.logging import LoggingConfig
from django_bolt.param_functions import Query
from django_bolt.serializers import Meta, Serializer, field_validator
from msgspec import UNSET, Struct, UnsetType

from benchmarks.peers.models import Task

# One line for each request; the default logs only those that take longer than 250 ms.
api = BoltAPI(logging_config=LoggingConfig(min_duration_ms=None))
urlpatterns: list[object] = []


class TaskOut(Struct):
    """A task as the API returns it."""

    id: UUID
    user_id: str
    title: str
    description: str | None
    completed: bool
    created_at: datetime
    updated_at: datetime


class TaskUpdate(Serializer, forbid_unknown_fields=True):
    """The fields to change."""

    title: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=1000)] | None | UnsetType = UNSET
    completed: bool | UnsetType = UNSET

    @field_validator("title")
    @classmethod
    def trim(cls, title: str | UnsetType) -> str | UnsetType:
        """Remove white space, and reject what has nothing else."""
        trimmed = title and title.strip()
        if trimmed == "":
            raise ValueError("This field may not be blank.")
        return trimmed


class TaskCreate(TaskUpdate):
    """A new task."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Annotated[str, Meta(max_length=1000)] | None = None
    completed: bool = False


def find_task(tasks: Manager[Task], user_id: str, task_id: UUID) -> Task:
    """Return the task that the path names."""
    try:
        return tasks.get(user_id=user_id, id=task_id)
    except Task.DoesNotExist:
        raise NotFound(detail="There is no such task.") from None


@api.get("/api/{user_id}/tasks")
def list_tasks(
    user_id: str,
    completed: bool | None = None,  # noqa: FBT001
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> list[TaskOut]:
    """Return the user's tasks, newest first."""
    tasks = Task.objects.filter(user_id=user_id)
    return (tasks if completed is None else tasks.filter(completed=completed))[:limit]


@api.post("/api/{user_id}/tasks", status_code=201)
def create_task(user_id: str, body: TaskCreate) -> TaskOut:
    """Create a task."""
    return Task.objects.create(
        user_id=user_id,
        title=body.title,
        description=body.description,
        completed=body.completed,
    )


@api.get("/api/{user_id}/tasks/{task_id}")
def read_task(user_id: str, task_id: UUID) -> TaskOut:
    """Return one task."""
    return find_task(Task.objects, user_id, task_id)


@api.put("/api/{user_id}/tasks/{task_id}")
@api.patch("/api/{user_id}/tasks/{task_id}")
def update_task(user_id: str, task_id: UUID, body: TaskUpdate) -> TaskOut:
    """Change the fields sent."""
    task = find_task(Task.objects, user_id, task_id)
    for name in ("title", "description", "completed"):
        if (value := getattr(body, name)) is not UNSET:
            setattr(task, name, value)
    task.save()
    return task


@api.patch("/api/{user_id}/tasks/{task_id}/complete")
def toggle_task(user_id: str, task_id: UUID) -> TaskOut:
    """Toggle `completed`."""
    task = find_task(Task.objects, user_id, task_id)
    task.completed = not task.completed
    task.save(update_fields=["completed", "updated_at"])
    return task


@api.delete("/api/{user_id}/tasks/{task_id}", status_code=204)
def delete_task(user_id: str, task_id: UUID) -> None:
    """Delete one task."""
    task = find_task(Task.objects, user_id, task_id)
    task.delete()
