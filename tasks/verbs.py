"""What can be done with the tasks of one user: the verbs, one SQL statement each.

`UserTasks(user_id)` is the only way to a task outside the admin. Each statement is compiled by
the ORM when it is first needed; each names the user.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypedDict, cast
from uuid import UUID

from django.db import OperationalError
from django.db.models import CharField, DateTimeField, F, Field, Q, QuerySet
from django.db.models.constants import OnConflict
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan, In, LessThan
from django.db.models.sql import DeleteQuery, InsertQuery, UpdateQuery

from tasks.functions import TICK, Fold, Row, Text
from tasks.models import Task
from todo_project.statements import Parameter, Statement

ATTEMPTS = 10
"""How often a create goes back and forth with deletes of the same task."""

SHAPES = 256
"""How many statements are kept: more than a client with a purpose ever asks for."""


class TaskRow(TypedDict):
    """A task as the database holds it and as the API answers it."""

    id: UUID | str
    user_id: str
    title: str
    description: str | None
    completed: bool
    created_at: datetime
    updated_at: datetime


COLUMNS = tuple(TaskRow.__annotations__)


FIELDS = Task._meta.concrete_fields

NEVER = datetime.min.replace(tzinfo=UTC)
"""What stands for no moment at all: that nothing is wanted must not mean anything is."""

Shape = tuple[tuple[str, ...], tuple[str, ...]]
"""The names of the values in a State: what a statement depends on."""


class State:
    """In which states a task may be touched: `updated_at` one of, and none of, these moments."""

    def __init__(
        self, wanted: Iterable[datetime] | None = None, unwanted: Iterable[datetime] = ()
    ) -> None:
        moments = () if wanted is None else tuple(wanted) or (NEVER,)
        matching = _numbered("wanted", moments)
        excluded = _numbered("unwanted", tuple(unwanted))
        self.values = matching | excluded
        self.shape: Shape = (tuple(matching), tuple(excluded))


def _numbered(name: str, moments: Sequence[datetime]) -> dict[str, datetime]:
    """Name each moment; the last is repeated until there are 1, 2, 4, 8 ... of them.

    Each number of them is a statement of its own, which is kept.
    """
    places = 1 << (len(moments) - 1).bit_length() if moments else 0
    return {f"{name}_{place}": moments[min(place, len(moments) - 1)] for place in range(places)}


ANY_STATE = State()


class UserTasks:
    """The tasks of one user.

    A verb that names a task raises `Task.DoesNotExist` where the user has no such task, or
    has it in a state that is not wanted.
    """

    def __init__(self, user_id: str, state: State = ANY_STATE) -> None:
        self.user_id = user_id
        self.state = state

    def in_state(self, state: State) -> "UserTasks":
        """Return the tasks in one of these states."""
        return UserTasks(self.user_id, state)

    def newest(
        self,
        limit: int,
        *,
        completed: bool | None = None,
        search: str | None = None,
        after: tuple[datetime, UUID] | None = None,
    ) -> list[TaskRow]:
        """Read the tasks, newest first, at most `limit` of them.

        `search` is a part of the title or the description, in any letter case; `after` are
        `created_at` and `id` of the task before the first one wanted.
        """
        created_at, task_id = after or (None, None)
        filters: dict[str, Any] = {
            "completed": completed,
            "search": search,
            "created_at": created_at,
            "id": task_id,
        }
        given = {name: value for name, value in filters.items() if value is not None}
        return _named(_newest(limit, *given).execute({"user_id": self.user_id, **given}))

    def get(self, task_id: UUID) -> TaskRow:
        """Read one task."""
        return self._row_of(_get, task_id)

    def add(self, **fields: Any) -> TaskRow:
        """Create a task."""
        [row] = self._insert(fields)
        return row

    def add_once(self, task_id: UUID, **fields: Any) -> tuple[TaskRow, bool]:
        """Create the task of this id unless it exists; return it, and whether it existed.

        Of any number of callers exactly one creates it. One that finds it needs a second
        statement, and starts again where the task was deleted between the two.
        """
        for _ in range(ATTEMPTS):
            for row in self._insert({"id": task_id, **fields}):
                return row, False
            with suppress(Task.DoesNotExist):
                return self.get(task_id), True
        raise OperationalError(f"Task {task_id} was deleted {ATTEMPTS} times during one request.")

    def change(self, task_id: UUID, **changes: Any) -> TaskRow:
        """Write the changes given, and nothing else; without any, only read the task."""
        return self._row_of(_change, task_id, **changes) if changes else self.get(task_id)

    def toggle(self, task_id: UUID) -> TaskRow:
        """Complete the task, or reopen it."""
        return self._row_of(_toggle, task_id)

    def remove(self, task_id: UUID) -> None:
        """Delete one task."""
        values = self._values(task_id)
        if not _remove(self.state.shape).count(values):
            raise Task.DoesNotExist

    def clear(self, *, completed: bool) -> int:
        """Delete the completed tasks, or the open ones; return how many there were."""
        return _clear().count({"user_id": self.user_id, "completed": completed})

    def _insert(self, fields: dict[str, Any]) -> list[TaskRow]:
        """Insert a row; return none where one with the same id exists."""
        return _named(_add(*fields).execute({"user_id": self.user_id, **fields}))

    def _row_of(
        self, statement: Callable[..., Statement], task_id: UUID, **values: Any
    ) -> TaskRow:
        """Execute the statement on one task, and return the task as it left it."""
        rows = statement(self.state.shape, *values).execute(self._values(task_id) | values)
        if not rows:
            raise Task.DoesNotExist
        return _named(rows)[0]

    def _values(self, task_id: UUID) -> dict[str, Any]:
        return {"user_id": self.user_id, "id": task_id, **self.state.values}


def _named(rows: Sequence[Sequence[Any]]) -> list[TaskRow]:
    return cast("list[TaskRow]", [dict(zip(COLUMNS, row, strict=True)) for row in rows])


def _given(name: str) -> Parameter:
    """Return the place of a value for a column."""
    return Parameter(name, cast("Field[Any, Any]", Task._meta.get_field(name)))


def _of_user() -> QuerySet[Task]:
    return Task.objects.filter(user_id=_given("user_id"))


def _one(shape: Shape) -> QuerySet[Task]:
    """Return the query of one task in one of the states wanted."""
    wanted, unwanted = ([Parameter(name, DateTimeField()) for name in names] for names in shape)
    task = _of_user().filter(id=_given("id"))
    if wanted:
        task = task.filter(In(F("updated_at"), wanted))
    return task.exclude(In(F("updated_at"), unwanted)) if unwanted else task


@lru_cache(SHAPES)
def _newest(limit: int, *given: str) -> Statement:
    tasks = _of_user().order_by("-created_at", "-id")
    if "completed" in given:
        tasks = tasks.filter(completed=_given("completed"))
    if "search" in given:
        text = Fold(Parameter("search", CharField()))
        tasks = tasks.filter(
            Q(GreaterThan(StrIndex(Fold("title"), text), 0))
            | Q(GreaterThan(StrIndex(Fold("description"), text), 0))
        )
    if "id" in given:
        tasks = tasks.filter(
            LessThan(Row("created_at", "id"), Row(_given("created_at"), _given("id")))
        )
    return Statement(tasks.values_list(Text("id"), *COLUMNS[1:])[:limit].query, FIELDS)


@lru_cache(SHAPES)
def _get(shape: Shape) -> Statement:
    return Statement(_one(shape).values_list(*COLUMNS).query, FIELDS)


@lru_cache(SHAPES)
def _add(*given: str) -> Statement:
    insert = InsertQuery(Task, on_conflict=OnConflict.IGNORE)
    task = Task(**{name: _given(name) for name in ("user_id", *given)})
    insert.insert_values(FIELDS, [task])
    return Statement(insert, FIELDS, returning=True)


@lru_cache(SHAPES)
def _change(shape: Shape, *given: str) -> Statement:
    return _update(shape, {name: _given(name) for name in given})


@lru_cache(SHAPES)
def _toggle(shape: Shape) -> Statement:
    return _update(shape, {"completed": ~F("completed")})


def _update(shape: Shape, changes: dict[str, Any]) -> Statement:
    update = cast("UpdateQuery", _one(shape).query.chain(UpdateQuery))
    update.add_update_values({**changes, "updated_at": TICK})
    return Statement(update, FIELDS, returning=True)


@lru_cache(SHAPES)
def _remove(shape: Shape) -> Statement:
    # QuerySet.delete() would open a transaction: three round trips instead of one.
    return Statement(_one(shape).query.chain(DeleteQuery))


@lru_cache(SHAPES)
def _clear() -> Statement:
    return Statement(_of_user().filter(completed=_given("completed")).query.chain(DeleteQuery))
