"""The same API in Litestar without an ORM: msgspec structs, and a pool of asyncpg."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import asyncpg
from litestar import Litestar, delete, get, patch, post, route
from litestar.datastructures import State
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import Parameter
from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType, structs
from msgspec.json import Decoder

from benchmarks.peers import postgres

T = TypeVar("T")
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=1000)]


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """Open the pool."""
    async with postgres.create_pool() as pool:
        app.state.pool = pool
        yield


class TaskUpdate(Struct, forbid_unknown_fields=True):
    """The fields to change."""

    title: Title | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    completed: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Trim the title."""
        if self.title is not UNSET:
            self.title = self.title.strip()
            if not self.title:
                raise ValueError("title: may not be blank.")


class TaskCreate(TaskUpdate):
    """A new task."""

    title: Title
    description: Description | None = None
    completed: bool = False


new_task, changes_of_task = Decoder(TaskCreate), Decoder(TaskUpdate)


def decode(decoder: Decoder[T], body: bytes) -> T:
    """Return the object in a body.

    The handlers take the bytes, because Litestar itself converts `"true"` to a boolean, which is
    against the rules of the API.
    """
    try:
        return decoder.decode(body)
    except DecodeError as error:
        raise ValidationException(str(error)) from None


class Task(Struct):
    """A task as the API returns it, in the order of the columns."""

    id: UUID
    user_id: str
    title: str
    description: str | None
    completed: bool
    created_at: datetime
    updated_at: datetime


def found(row: asyncpg.Record | None) -> Task:
    """Return the row as a task, or the response that there is none."""
    if row is None:
        raise NotFoundException("There is no such task.")
    return Task(*row)


@get("/api/{user_id:str}/tasks")
async def list_tasks(
    state: State,
    user_id: str,
    completed: bool | None = None,  # noqa: FBT001
    limit: Annotated[int, Parameter(ge=1, le=10_000)] = 10_000,
) -> list[Task]:
    """Return the user's tasks, newest first."""
    rows = await state.pool.fetch(postgres.LIST, user_id, completed, limit)
    return [Task(*row) for row in rows]


@post("/api/{user_id:str}/tasks")
async def create_task(state: State, user_id: str, body: bytes) -> Task:
    """Create a task."""
    data = decode(new_task, body)
    values = data.title, data.description, data.completed
    return found(await state.pool.fetchrow(postgres.CREATE, user_id, *values))


@get("/api/{user_id:str}/tasks/{task_id:uuid}")
async def read_task(state: State, user_id: str, task_id: UUID) -> Task:
    """Return one task."""
    return found(await state.pool.fetchrow(postgres.READ, user_id, task_id))


@route("/api/{user_id:str}/tasks/{task_id:uuid}", http_method=["PUT", "PATCH"])
async def update_task(state: State, user_id: str, task_id: UUID, body: bytes) -> Task:
    """Change the fields sent."""
    data = decode(changes_of_task, body)
    changes = {name: value for name, value in structs.asdict(data).items() if value is not UNSET}
    statement = postgres.update((*changes,))
    return found(await state.pool.fetchrow(statement, user_id, task_id, *changes.values()))


@patch("/api/{user_id:str}/tasks/{task_id:uuid}/complete")
async def toggle_task(state: State, user_id: str, task_id: UUID) -> Task:
    """Toggle `completed`."""
    return found(await state.pool.fetchrow(postgres.TOGGLE, user_id, task_id))


@delete("/api/{user_id:str}/tasks/{task_id:uuid}")
async def delete_task(state: State, user_id: str, task_id: UUID) -> None:
    """Delete one task."""
    if await state.pool.fetchrow(postgres.DELETE, user_id, task_id) is None:
        raise NotFoundException("There is no such task.")


app = Litestar(
    [list_tasks, create_task, read_task, update_task, toggle_task, delete_task],
    lifespan=[lifespan],
)
