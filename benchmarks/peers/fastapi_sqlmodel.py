"""The same API in FastAPI, SQLModel and asyncpg, as their documentation teaches it.

An async engine with a pool, a session for each request from a dependency, models for input and
output, commit and refresh.
"""

import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import ConfigDict
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import DateTime, Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg")
size = int(os.environ["CONNECTIONS"])
engine = create_async_engine(url, pool_size=size, max_overflow=0, pool_pre_ping=True)
new_session = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
app = FastAPI(title="Todo API")


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


class TaskBase(SQLModel):
    """The fields that a client may set."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=200)
    description: str | None = Field(default=None, max_length=1000)
    completed: bool = False


class Task(TaskBase, table=True):
    """A row of the same table as the service uses."""

    __tablename__ = "tasks"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    user_id: str = Field(max_length=255)
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))


class TaskCreate(TaskBase):
    """A new task."""


class TaskUpdate(TaskBase):
    """The fields to change."""

    title: str = Field(default="", min_length=1, max_length=200)


class TaskPublic(SQLModel):
    """A task as the API returns it."""

    id: UUID
    user_id: str
    title: str
    description: str | None
    completed: bool
    created_at: datetime
    updated_at: datetime


async def open_session() -> AsyncIterator[AsyncSession]:
    """Open a session for one request."""
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session)]


async def find_task(user_id: str, task_id: UUID, session: Session) -> Task:
    """Read the task that the path names."""
    task = await session.get(Task, task_id)
    if task is None or task.user_id != user_id:
        raise HTTPException(404, "There is no such task.")
    return task


TaskFromPath = Annotated[Task, Depends(find_task)]


async def save(task: Task, session: AsyncSession) -> Task:
    """Write the task, and read it again."""
    session.add(task)
    await session.commit()
    await session.refresh(task)
    return task


@app.get("/api/{user_id}/tasks", response_model=list[TaskPublic])
async def list_tasks(
    user_id: str,
    session: Session,
    completed: bool | None = None,  # noqa: FBT001
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> Sequence[Task]:
    """Return the user's tasks, newest first."""
    query = select(Task).where(Task.user_id == user_id)
    if completed is not None:
        query = query.where(Task.completed == completed)
    newest_first = query.order_by(col(Task.created_at).desc(), col(Task.id).desc())
    return (await session.exec(newest_first.limit(limit))).all()


@app.post("/api/{user_id}/tasks", response_model=TaskPublic, status_code=201)
async def create_task(user_id: str, body: TaskCreate, session: Session) -> Task:
    """Create a task."""
    return await save(Task.model_validate(body, update={"user_id": user_id}), session)


@app.get("/api/{user_id}/tasks/{task_id}", response_model=TaskPublic)
async def read_task(task: TaskFromPath) -> Task:
    """Return one task."""
    return task


@app.put("/api/{user_id}/tasks/{task_id}", response_model=TaskPublic)
@app.patch("/api/{user_id}/tasks/{task_id}", response_model=TaskPublic)
async def update_task(task: TaskFromPath, body: TaskUpdate, session: Session) -> Task:
    """Change the fields sent."""
    task.sqlmodel_update(body.model_dump(exclude_unset=True) | {"updated_at": now()})
    return await save(task, session)


@app.patch("/api/{user_id}/tasks/{task_id}/complete", response_model=TaskPublic)
async def toggle_task(task: TaskFromPath, session: Session) -> Task:
    """Toggle `completed`."""
    task.sqlmodel_update({"completed": not task.completed, "updated_at": now()})
    return await save(task, session)


@app.delete("/api/{user_id}/tasks/{task_id}", status_code=204)
async def delete_task(task: TaskFromPath, session: Session) -> None:
    """Delete one task."""
    await session.delete(task)
    await session.commit()
