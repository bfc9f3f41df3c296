"""The same API in django-ninja, as its CRUD tutorial teaches it: schemas, and sync functions."""

from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import ModelSchema, NinjaAPI, Query, Schema, Status
from pydantic import ConfigDict, Field, StringConstraints

from benchmarks.peers.models import Task

api = NinjaAPI()
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class TaskOut(ModelSchema):
    """A task as the API returns it."""

    class Meta:
        model = Task
        fields = ["id", "user_id", "title", "description", "completed", "created_at", "updated_at"]


class TaskUpdate(Schema):
    """The fields to change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title = ""
    description: str | None = Field(None, max_length=1000)
    completed: bool = False


class TaskCreate(TaskUpdate):
    """A new task."""

    title: Title


@api.get("/{user_id}/tasks", response=list[TaskOut])
def list_tasks(
    request: HttpRequest,
    user_id: str,
    completed: bool | None = None,  # noqa: FBT001
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> QuerySet[Task]:
    """Return the user's tasks, newest first."""
    tasks = Task.objects.filter(user_id=user_id)
    return (tasks if completed is None else tasks.filter(completed=completed))[:limit]


@api.post("/{user_id}/tasks", response={201: TaskOut})
def create_task(request: HttpRequest, user_id: str, body: TaskCreate) -> Status[Task]:
    """Create a task."""
    return Status(201, Task.objects.create(user_id=user_id, **body.dict()))


@api.get("/{user_id}/tasks/{task_id}", response=TaskOut)
def read_task(request: HttpRequest, user_id: str, task_id: UUID) -> Task:
    """Return one task."""
    return get_object_or_404(Task, user_id=user_id, id=task_id)


@api.put("/{user_id}/tasks/{task_id}", response=TaskOut)
@api.patch("/{user_id}/tasks/{task_id}", response=TaskOut)
def update_task(request: HttpRequest, user_id: str, task_id: UUID, body: TaskUpdate) -> Task:
    """Change the fields sent."""
    task = get_object_or_404(Task, user_id=user_id, id=task_id)
    for name, value in body.dict(exclude_unset=True).items():
        setattr(task, name, value)
    task.save()
    return task


@api.patch("/{user_id}/tasks/{task_id}/complete", response=TaskOut)
def toggle_task(request: HttpRequest, user_id: str, task_id: UUID) -> Task:
    """Toggle `completed`."""
    task = get_object_or_404(Task, user_id=user_id, id=task_id)
    task.completed = not task.completed
    task.save(update_fields=["completed", "updated_at"])
    return task


@api.delete("/{user_id}/tasks/{task_id}", response={204: None})
def delete_task(request: HttpRequest, user_id: str, task_id: UUID) -> Status[None]:
    """Delete one task."""
    get_object_or_404(Task, user_id=user_id, id=task_id).delete()
    return Status(204, None)


urlpatterns = [path("api/", api.urls)]
