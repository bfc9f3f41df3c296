"""The task, and the verbs that read and write the tasks of one user."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Self, TypedDict, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connections, models
from django.db.models import DateTimeField, F, Q, UUIDField, Value
from django.db.models.constants import OnConflict
from django.db.models.functions import Greatest, Length, StrIndex
from django.db.models.lookups import GreaterThan, LessThan, LessThanOrEqual
from django.db.models.sql import InsertQuery, UpdateQuery

from tasks.functions import Clock, Fold, RandomUUID, Row, Strip

USER_ID_LENGTH = 255
TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 1000
"""The greatest lengths, in Unicode code points."""


class TaskRow(TypedDict):
    """A task as the database holds it and as the API answers it."""

    id: UUID
    user_id: str
    title: str
    description: str | None
    completed: bool
    created_at: datetime
    updated_at: datetime


ATTEMPTS = 10
"""How often a create goes back and forth with deletes of the same task."""

COLUMNS = tuple(TaskRow.__annotations__)

# Strictly later than before, also when the clock stepped back or the row is dated
# in the future: `updated_at` is the task's validator.
TICK = Greatest(Clock(), F("updated_at") + timedelta(microseconds=1))


class TaskQuerySet(models.QuerySet["Task"]):
    """The verbs. Each is one SQL statement, and starts from the owner: `Task.objects.of(user_id)`.

    A verb that names a task raises `Task.DoesNotExist` where the queryset has no such task.
    """

    owner: str

    def of(self, user_id: str) -> Self:
        """Return the tasks of one user."""
        tasks = self.filter(user_id=user_id)
        tasks.owner = user_id
        return tasks

    def containing(self, text: str) -> Self:
        """Return the tasks with the text in title or description, whatever its case."""
        folded = Fold(Value(text))
        return self.filter(
            Q(GreaterThan(StrIndex(Fold("title"), folded), 0))
            | Q(GreaterThan(StrIndex(Fold("description"), folded), 0))
        )

    def after(self, created_at: datetime, task_id: UUID) -> Self:
        """Return the tasks that a list, newest first, has after the one described."""
        last = Row(Value(created_at, DateTimeField()), Value(task_id, UUIDField()))
        return self.filter(LessThan(Row("created_at", "id"), last))

    def rows(self, limit: int) -> list[TaskRow]:
        """Read the tasks, newest first, at most `limit` of them."""
        return list(self.order_by("-created_at", "-id").values(*COLUMNS)[:limit])

    def row(self, task_id: UUID) -> TaskRow:
        """Read one task."""
        return cast("TaskRow", self.values(*COLUMNS).get(id=task_id))

    def add(self, **fields: Any) -> TaskRow:
        """Create a task."""
        [row] = self._insert_row(fields)
        return row

    def add_once(self, task_id: UUID, **fields: Any) -> tuple[TaskRow, bool]:
        """Create the task of this id unless it exists; return it, and whether it existed.

        Of any number of callers exactly one creates it. One that finds it needs a second
        statement, and starts again where the task was deleted between the two.
        """
        for _ in range(ATTEMPTS):
            for row in self._insert_row({"id": task_id, **fields}):
                return row, False
            with suppress(self.model.DoesNotExist):
                return self.row(task_id), True
        raise OperationalError(f"Task {task_id} was deleted {ATTEMPTS} times during one request.")

    def _insert_row(self, fields: dict[str, Any]) -> list[TaskRow]:
        """Insert a row; return none where one with the same id exists."""
        insert = InsertQuery(self.model, on_conflict=OnConflict.IGNORE)
        insert.insert_values(
            self.model._meta.concrete_fields, [self.model(user_id=self.owner, **fields)]
        )
        [(sql, params)] = insert.get_compiler(self.db).as_sql()
        return self._returning(sql, params)

    def change(self, task_id: UUID, **changes: Any) -> TaskRow:
        """Write the changes given, and nothing else; without any, only read the task."""
        if not changes:
            return self.row(task_id)
        update = cast("UpdateQuery", self.filter(id=task_id).query.chain(UpdateQuery))
        update.add_update_values({**changes, "updated_at": TICK})
        try:
            [row] = self._returning(*update.get_compiler(self.db).as_sql())
        except (EmptyResultSet, ValueError):
            raise self.model.DoesNotExist from None
        return row

    def toggle(self, task_id: UUID) -> TaskRow:
        """Complete the task, or reopen it."""
        return self.change(task_id, completed=~F("completed"))

    def mark(self, *, completed: bool) -> int:
        """Complete the tasks, or reopen them; return how many there were."""
        return self.update(completed=completed, updated_at=TICK)

    def remove(self, task_id: UUID) -> None:
        """Delete one task."""
        if not self.filter(id=task_id).clear():
            raise self.model.DoesNotExist

    def clear(self) -> int:
        """Delete the tasks; return how many there were."""
        # QuerySet.delete() would open a transaction: three round trips instead of one.
        return self._raw_delete(self.db) or 0

    def _returning(self, sql: str, params: Sequence[Any]) -> list[TaskRow]:
        """Execute a compiled INSERT or UPDATE, and return the rows as it left them."""
        connection = connections[self.db]
        fields = self.model._meta.concrete_fields
        returning, _ = connection.ops.return_insert_columns(fields)  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} {returning}", params)
            rows = cursor.fetchall()
        compiler = self.query.get_compiler(self.db)
        converters = compiler.get_converters([field.cached_col for field in fields])
        return [
            cast("TaskRow", dict(zip(COLUMNS, row, strict=True)))
            for row in compiler.apply_converters(rows, converters)
        ]


class Task(models.Model):
    """A task of one user. The database itself keeps the rules and the defaults."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    # A plain string: a token will name the user one day, not a row of ours.
    user_id = models.CharField("user id", max_length=USER_ID_LENGTH)
    title = models.CharField(max_length=TITLE_LENGTH)
    description = models.TextField(max_length=DESCRIPTION_LENGTH, null=True, blank=True)
    completed = models.BooleanField(db_default=False)
    created_at = models.DateTimeField("created", db_default=Clock(), editable=False)
    updated_at = models.DateTimeField("updated", db_default=Clock(), editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        db_table = "tasks"
        indexes = [
            models.Index(
                F("user_id"), F("created_at").desc(), F("id").desc(), name="tasks_newest_first"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(GreaterThan(Length("user_id"), 0))
                & Q(LessThanOrEqual(Length("user_id"), USER_ID_LENGTH)),
                name="tasks_user_id_length",
            ),
            models.CheckConstraint(
                condition=GreaterThan(Length(Strip("title")), 0), name="tasks_title_not_blank"
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("title"), TITLE_LENGTH),
                name="tasks_title_length",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("description"), DESCRIPTION_LENGTH),
                name="tasks_description_length",
            ),
        ]

    def __str__(self) -> str:
        return self.title
