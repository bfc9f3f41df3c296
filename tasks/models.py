"""The task, and the verbs that read and write the tasks of one user."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self, TypedDict, cast
from uuid import UUID

from django.db import connections, models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Length
from django.db.models.lookups import GreaterThan, LessThanOrEqual
from django.db.models.sql import InsertQuery, UpdateQuery

from tasks.functions import Clock, RandomUUID, Strip

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


COLUMNS = tuple(TaskRow.__annotations__)

# Strictly later than before, also when the clock stepped back or the row is dated
# in the future: `updated_at` is the task's validator.
TICK = Greatest(Clock(), F("updated_at") + timedelta(microseconds=1))


class TaskQuerySet(models.QuerySet["Task"]):
    """The verbs. Each is one SQL statement, and starts from the owner: `Task.objects.of(user_id)`.

    A verb that names a task raises `Task.DoesNotExist` where the owner has no such task.
    """

    owner: str

    def of(self, user_id: str) -> Self:
        """Return the tasks of one user."""
        tasks = self.filter(user_id=user_id)
        tasks.owner = user_id
        return tasks

    def rows(self) -> list[TaskRow]:
        """Read the tasks, newest first."""
        return list(self.order_by("-created_at", "-id").values(*COLUMNS))

    def row(self, task_id: UUID) -> TaskRow:
        """Read one task."""
        return cast("TaskRow", self.values(*COLUMNS).get(id=task_id))

    def add(self, **fields: Any) -> TaskRow:
        """Create a task."""
        insert = InsertQuery(self.model)
        insert.insert_values(
            self.model._meta.concrete_fields, [self.model(user_id=self.owner, **fields)]
        )
        [(sql, params)] = insert.get_compiler(self.db).as_sql()
        return self._returning(sql, params)[0]

    def change(self, task_id: UUID, **changes: Any) -> TaskRow:
        """Write the changes given, and nothing else; without any, only read the task."""
        if not changes:
            return self.row(task_id)
        update = cast("UpdateQuery", self.filter(id=task_id).query.chain(UpdateQuery))
        update.add_update_values({**changes, "updated_at": TICK})
        rows = self._returning(*update.get_compiler(self.db).as_sql())
        if not rows:
            raise self.model.DoesNotExist
        return rows[0]

    def toggle(self, task_id: UUID) -> TaskRow:
        """Complete the task, or reopen it."""
        return self.change(task_id, completed=~F("completed"))

    def mark(self, *, completed: bool) -> int:
        """Complete the tasks, or reopen them, and return how many there were."""
        return self.update(completed=completed, updated_at=TICK)

    def remove(self, task_id: UUID) -> None:
        """Delete one task."""
        # QuerySet.delete() would open a transaction: three round trips instead of one.
        if not self.filter(id=task_id)._raw_delete(self.db):
            raise self.model.DoesNotExist

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
    user_id = models.CharField("user", max_length=USER_ID_LENGTH)
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
