"""The same API in FastAPI without an ORM: a pool of asyncpg, opened in the lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from benchmarks.peers import postgres

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """Open the pool."""
    async with postgres.create_pool() as pool:
        yield {"pool": pool}


app = FastAPI(title="Todo API", lifespan=lifespan)


def get_pool(request: Request) -> asyncpg.Pool:
    """Return the pool; its methods take a connection for one statement."""
    return request.state.pool


Pool = Annotated[asyncpg.Pool, Depends(get_pool)]


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


def found(row: asyncpg.Record | None) -> dict[str, Any]:
    """Return the row, or the response that there is none."""
    if row is None:
        raise HTTPException(404, "There is no such task.")
    return dict(row)


@app.get("/api/{user_id}/tasks")
async def list_tasks(
    user_id: str,
    pool: Pool,
    completed: bool | None = None,  # noqa: FBT001
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> list[Task]:
    """Return the user's tasks, newest first."""
    return [dict(row) for row in await pool.fetch(postgres.LIST, user_id, completed, limit)]


@app.post("/api/{user_id}/tasks", status_code=201)
async def create_task(user_id: str, body: TaskCreate, pool: Pool) -> Task:
    """Create a task."""
    values = body.title, body.description, body.completed
    return found(await pool.fetchrow(postgres.CREATE, user_id, *values))


@app.get("/api/{user_id}/tasks/{task_id}")
async def read_task(user_id: str, task_id: UUID, pool: Pool) -> Task:
    """Return one task."""
    return found(await pool.fetchrow(postgres.READ, user_id, task_id))


@app.put("/api/{user_id}/tasks/{task_id}")
@app.patch("/api/{user_id}/tasks/{task_id}")
async def update_task(user_id: str, task_id: UUID, body: TaskUpdate, pool: Pool) -> Task:
    """Change the fields sent."""
    changes = body.model_dump(exclude_unset=True)
    statement = postgres.update((*changes,))
    return found(await pool.fetchrow(statement, user_id, task_id, *changes.values()))


@app.patch("/api/{user_id}/tasks/{task_id}/complete")
async def toggle_task(user_id: str, task_id: UUID, pool: Pool) -> Task:
    """Toggle `completed`."""
    return found(await pool.fetchrow(postgres.TOGGLE, user_id, task_id))


@app.delete("/api/{user_id}/tasks/{task_id}", status_code=204)
async def delete_task(user_id: str, task_id: UUID, pool: Pool) -> None:
    """Delete one task."""
    found(await pool.fetchrow(postgres.DELETE, user_id, task_id))
