"""The queries of the API, all on the tasks of one user.

The API accesses tasks only through `UserTasks`, of which each method executes one SQL statement,
unless it says otherwise. The ORM compiles a query at its first use; later calls only bind new
values.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import OperationalError
from django.db.models import CharField, DateTimeField, F, Field, Q, QuerySet, UUIDField
from django.db.models.constants import OnConflict
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan, In, LessThan
from django.db.models.sql import DeleteQuery, InsertQuery, UpdateQuery

from tasks.functions import NEXT_UPDATED_AT, AsText, CaseFold, InUTC, RowValue
from tasks.models import COLUMNS, FIELDS, Task
from todo_project.database.compiled_query import BindParameter, CompiledQuery

MAX_CREATE_ATTEMPTS = 10
"""How often an idempotent create is retried while other requests delete the same task."""

STATEMENT_CACHE_SIZE = 256
"""The maximum number of compiled queries of each kind that a process keeps."""

CHUNK_SIZE = 105
"""The number of tasks of a list that are in memory at a time."""

TaskRow = dict[str, Any]
"""A task: its columns, in the order of the model, with the values of the model's fields.

The values of a list are for JSON only: ids are text, and times have no time zone but are in UTC.
"""

MATCHES_NOTHING = datetime.max.replace(tzinfo=UTC)
"""A value of `updated_at` that no task has, for an If-Match without a valid entity tag."""

ParameterNames = tuple[tuple[str, ...], tuple[str, ...]]
"""The bind parameters of a precondition: those of If-Match and those of If-None-Match."""


class Position(NamedTuple):
    """The position of a task in the order of a list."""

    created_at: datetime
    id: UUID


class Precondition:
    """The values of `updated_at` with which a task may be read or changed.

    `if_match`: one of these (None: any). `if_none_match`: none of these. See RFC 9110 §13.1.
    """

    def __init__(
        self,
        if_match: Iterable[datetime] | None = None,
        if_none_match: Iterable[datetime] = (),
    ) -> None:
        allowed = () if if_match is None else tuple(if_match) or (MATCHES_NOTHING,)
        matching = _bind("if_match", allowed)
        excluded = _bind("if_none_match", tuple(if_none_match))
        self.values = matching | excluded
        self.parameters: ParameterNames = (tuple(matching), tuple(excluded))


def _bind(prefix: str, timestamps: Sequence[datetime]) -> dict[str, datetime]:
    """Name a bind parameter for each timestamp; repeat the last up to a power of two.

    Each number of parameters is a statement of its own, and a statement is kept once compiled.
    """
    size = 1 << (len(timestamps) - 1).bit_length() if timestamps else 0
    last = len(timestamps) - 1
    return {f"{prefix}_{index}": timestamps[min(index, last)] for index in range(size)}


NO_PRECONDITION = Precondition()


class UserTasks:
    """The tasks of one user.

    A method that takes a `task_id` raises `Task.DoesNotExist` where the user has no such task,
    or where the task does not meet the precondition.
    """

    def __init__(self, user_id: str, precondition: Precondition = NO_PRECONDITION) -> None:
        self.user_id = user_id
        self.precondition = precondition

    def under(self, precondition: Precondition) -> "UserTasks":
        """Return the same tasks under a precondition."""
        return UserTasks(self.user_id, precondition)

    def list(
        self,
        limit: int,
        *,
        completed: bool | None = None,
        search: str | None = None,
        after: Position | None = None,
    ) -> Generator[list[TaskRow], None, None]:
        """Return at most `limit` tasks, newest first, in chunks.

        `search` is a case-insensitive substring of title or description. `after` is the position
        of the last task of the page before. Close the generator if it is not exhausted.
        """
        filters = {"completed": completed, "search": search, **(after._asdict() if after else {})}
        given = {name: value for name, value in filters.items() if value is not None}
        values = {"user_id": self.user_id, **given}
        return _list(limit, *given).chunks(values, CHUNK_SIZE)

    def get(self, task_id: UUID) -> TaskRow:
        """Return one task."""
        return self._execute_on_one(_get, task_id)

    def create(self, **fields: Any) -> TaskRow:
        """Create a task and return it."""
        return cast("TaskRow", self._insert(fields))  # no other task has the new id

    def create_idempotent(self, task_id: UUID, **fields: Any) -> tuple[TaskRow, bool]:
        """Create the task with this id unless it exists; return it, and whether it existed.

        Of any number of concurrent callers exactly one creates the task. The others need a
        second statement to read it, and start again if the task is deleted between the two.
        Raises `OperationalError` after `MAX_CREATE_ATTEMPTS`.
        """
        for _ in range(MAX_CREATE_ATTEMPTS):
            if task := self._insert({"id": task_id, **fields}):
                return task, False
            with suppress(Task.DoesNotExist):
                return self.get(task_id), True
        raise OperationalError(
            f"Task {task_id} was deleted {MAX_CREATE_ATTEMPTS} times during one request."
        )

    def update(self, task_id: UUID, **changes: Any) -> TaskRow:
        """Write the given fields and no others; without any, only read the task."""
        if not changes:
            return self.get(task_id)
        return self._execute_on_one(_update, task_id, **changes)

    def toggle(self, task_id: UUID) -> TaskRow:
        """Complete the task if it is open, reopen it if it is completed."""
        return self._execute_on_one(_toggle, task_id)

    def delete(self, task_id: UUID) -> None:
        """Delete one task."""
        if not _delete(self.precondition.parameters).count(self._values(task_id)):
            raise Task.DoesNotExist

    def delete_by_completed(self, *, completed: bool) -> int:
        """Delete the completed or the open tasks; return their number."""
        values = {"user_id": self.user_id, "completed": completed}
        return _delete_by_completed().count(values)

    def _insert(self, fields: dict[str, Any]) -> TaskRow | None:
        """Insert a row and return it; return None if the id exists."""
        rows = _create(*fields).execute({"user_id": self.user_id, **fields})
        return rows[0] if rows else None

    def _execute_on_one(
        self, compiled: Callable[..., CompiledQuery], task_id: UUID, **values: Any
    ) -> TaskRow:
        """Execute the query on one task, and return the task as the query left it."""
        query = compiled(self.precondition.parameters, *values)
        rows = query.execute(self._values(task_id) | values)
        if not rows:
            raise Task.DoesNotExist
        return rows[0]

    def _values(self, task_id: UUID) -> dict[str, Any]:
        return {"user_id": self.user_id, "id": task_id, **self.precondition.values}


def position(listed: TaskRow) -> Position:
    """Return the position of a task that `list` has read."""
    return Position(listed["created_at"].replace(tzinfo=UTC), UUID(str(listed["id"])))


def _for_json(field: "Field[Any, Any]") -> Any:
    """Return the column in the type that is loaded and serialized in the least time."""
    conversions = {UUIDField: AsText, DateTimeField: InUTC}
    return conversions.get(type(field), F)(field.attname)


def _column(name: str) -> BindParameter:
    """Return the bind parameter for a value of the column."""
    return BindParameter(name, cast("Field[Any, Any]", Task._meta.get_field(name)))


def _of_user() -> QuerySet[Task]:
    return Task.objects.filter(user_id=_column("user_id"))


def _one(parameters: ParameterNames) -> QuerySet[Task]:
    """Return the query for one task that meets the precondition."""
    allowed, excluded = (
        [BindParameter(name, DateTimeField()) for name in names] for names in parameters
    )
    task = _of_user().filter(id=_column("id"))
    if allowed:
        task = task.filter(In(F("updated_at"), allowed))
    return task.exclude(In(F("updated_at"), excluded)) if excluded else task


@lru_cache(STATEMENT_CACHE_SIZE)
def _list(limit: int, *given: str) -> CompiledQuery:
    tasks = _of_user().order_by("-created_at", "-id")
    if "completed" in given:
        tasks = tasks.filter(completed=_column("completed"))
    if "search" in given:
        text = CaseFold(BindParameter("search", CharField()))
        tasks = tasks.filter(
            Q(GreaterThan(StrIndex(CaseFold("title"), text), 0))
            | Q(GreaterThan(StrIndex(CaseFold("description"), text), 0))
        )
    if "id" in given:
        tasks = tasks.filter(
            LessThan(RowValue("created_at", "id"), RowValue(_column("created_at"), _column("id")))
        )
    columns = map(_for_json, FIELDS)
    return CompiledQuery(tasks.values_list(*columns)[:limit].query, FIELDS)


@lru_cache(STATEMENT_CACHE_SIZE)
def _get(parameters: ParameterNames) -> CompiledQuery:
    return CompiledQuery(_one(parameters).values_list(*COLUMNS).query, FIELDS)


@lru_cache(STATEMENT_CACHE_SIZE)
def _create(*given: str) -> CompiledQuery:
    insert = InsertQuery(Task, on_conflict=OnConflict.IGNORE)
    task = Task(**{name: _column(name) for name in ("user_id", *given)})
    insert.insert_values(FIELDS, [task])
    return CompiledQuery(insert, FIELDS, returning=True)


@lru_cache(STATEMENT_CACHE_SIZE)
def _update(parameters: ParameterNames, *given: str) -> CompiledQuery:
    return _compile_update(parameters, {name: _column(name) for name in given})


@lru_cache(STATEMENT_CACHE_SIZE)
def _toggle(parameters: ParameterNames) -> CompiledQuery:
    return _compile_update(parameters, {"completed": ~F("completed")})


def _compile_update(parameters: ParameterNames, changes: dict[str, Any]) -> CompiledQuery:
    update = cast("UpdateQuery", _one(parameters).query.chain(UpdateQuery))
    update.add_update_values({**changes, "updated_at": NEXT_UPDATED_AT})
    return CompiledQuery(update, FIELDS, returning=True)


@lru_cache(STATEMENT_CACHE_SIZE)
def _delete(parameters: ParameterNames) -> CompiledQuery:
    # QuerySet.delete() would open a transaction: three round trips instead of one.
    return CompiledQuery(_one(parameters).query.chain(DeleteQuery))


@lru_cache(STATEMENT_CACHE_SIZE)
def _delete_by_completed() -> CompiledQuery:
    query = _of_user().filter(completed=_column("completed")).query
    return CompiledQuery(query.chain(DeleteQuery))
