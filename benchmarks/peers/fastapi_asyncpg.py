"""The same API in FastAPI without an ORM: a pool of asyncpg, opened in the lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from benchmarks.peers import postgres

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


resources: dict[str, asyncpg.Pool] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool, and keep it in a global dictionary as FastAPI's documentation does."""
    async with postgres.create_pool() as resources["pool"]:
        yield


app = FastAPI(title="Todo API", lifespan=lifespan)


async def fetch_task(statement: str, *values: object) -> dict[str, Any]:
    """Return the row of a statement, or the response that there is none."""
    row = await resources["pool"].fetchrow(statement, *values)
    if row is None:
        raise HTTPException(404, "There is no such task.")
    return dict(row)


class TaskUpdate(BaseModel):
    """The fields to change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title = ""
    description: str | None = Field(None, max_length=1000)
    completed: bool = False


class TaskCreate(TaskUpdate):
    """A new task."""

    title: Title


class Task(BaseModel):
    """A task as the API returns it. A return type lets Pydantic write the JSON."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    user_id: str
    title: str
    description: str | None
    completed: bool
    created_at: datetime
    updated_at: datetime


@app.get("/api/{user_id}/tasks")
async def list_tasks(
    user_id: str,
    completed: bool | None = None,  # noqa: FBT001
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> list[Task]:
    """Return the user's tasks, newest first."""
    return [
        dict(row)
        for row in await resources["pool"].fetch(postgres.LIST, user_id, completed, limit)
    ]


@app.post("/api/{user_id}/tasks", status_code=201)
async def create_task(user_id: str, body: TaskCreate) -> Task:
    """Create a task."""
    values = body.title, body.description, body.completed
    return await fetch_task(postgres.CREATE, user_id, *values)


@app.get("/api/{user_id}/tasks/{task_id}")
async def read_task(user_id: str, task_id: UUID) -> Task:
    """Return one task."""
    return await fetch_task(postgres.READ, user_id, task_id)


@app.put("/api/{user_id}/tasks/{task_id}")
@app.patch("/api/{user_id}/tasks/{task_id}")
async def update_task(user_id: str, task_id: UUID, body: TaskUpdate) -> Task:
    """Change the fields sent."""
    changes = body.model_dump(exclude_unset=True)
    statement = postgres.update((*changes,))
    return await fetch_task(statement, user_id, task_id, *changes.values())


@app.patch("/api/{user_id}/tasks/{task_id}/complete")
async def toggle_task(user_id: str, task_id: UUID) -> Task:
    """Toggle `completed`."""
    return await fetch_task(postgres.TOGGLE, user_id, task_id)


@app.delete("/api/{user_id}/tasks/{task_id}", status_code=204)
async def delete_task(user_id: str, task_id: UUID) -> None:
    """Delete one task."""
    await fetch_task(postgres.DELETE, user_id, task_id)
