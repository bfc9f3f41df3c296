"""The Task model: columns, their limits, and what the database enforces and defaults."""

from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan, LessThanOrEqual

from tasks.bidi import isolate
from tasks.functions import NEXT_UPDATED_AT, RandomUUID, StatementTimestamp, Trim

# Maximum lengths, in Unicode code points.
USER_ID_LENGTH = 255
TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 1000

WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""The characters trimmed from a title: what Python's or JavaScript's methods for that remove."""

FIRST_TIME = datetime(1, 1, 1, tzinfo=UTC)
END_TIME = datetime(9999, 1, 1, tzinfo=UTC)
"""The times of a task are from `FIRST_TIME` to before `END_TIME`.

Databases store times that Python cannot represent. Its last year is left out too, so that a time
can be converted to any time zone, and a microsecond be added to it. Only a task whose `updated_at`
is the very last microsecond cannot be changed: its next one would violate the constraint.
"""


def in_time_range(column: str) -> models.CheckConstraint:
    """Return the constraint that limits a time."""
    return models.CheckConstraint(
        condition=Q((f"{column}__gte", FIRST_TIME), (f"{column}__lt", END_TIME)),
        name=f"tasks_{column}_range",
    )


class TaskQuerySet(models.QuerySet["Task"]):
    """Tasks of any user, for the admin. API requests go through `tasks.queries`."""

    def set_completed(self, *, completed: bool) -> int:
        """Complete or reopen the tasks; return their number. One statement."""
        return self.update(completed=completed, updated_at=NEXT_UPDATED_AT)


class Task(models.Model):
    """A task of one user."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    # Not a foreign key: users are identified by the caller, not by rows of this database.
    user_id = models.CharField("user id", max_length=USER_ID_LENGTH)
    title = models.CharField(max_length=TITLE_LENGTH)
    description = models.TextField(max_length=DESCRIPTION_LENGTH, null=True, blank=True)
    completed = models.BooleanField(db_default=False)
    created_at = models.DateTimeField("created", db_default=StatementTimestamp(), editable=False)
    updated_at = models.DateTimeField("updated", db_default=StatementTimestamp(), editable=False)

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
                condition=GreaterThan(Length(Trim("title", WHITE_SPACE)), 0),
                name="tasks_title_not_blank",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("title"), TITLE_LENGTH),
                name="tasks_title_length",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("description"), DESCRIPTION_LENGTH),
                name="tasks_description_length",
            ),
            in_time_range("created_at"),
            in_time_range("updated_at"),
        ]

    def __str__(self) -> str:
        """Return the title for a page or message of the admin."""
        return isolate(self.title)


FIELDS = Task._meta.concrete_fields
COLUMNS = tuple(field.attname for field in FIELDS)
"""The columns of a task, in the order of the members in JSON. All other lists follow from it."""

DEFAULTS: dict[str, Any] = {
    field.attname: field.db_default if field.has_db_default() else None
    for field in FIELDS
    if (field.null or field.has_db_default()) and not isinstance(field.db_default, Func)
}
"""The values of the columns that a create may omit; without those that the database computes."""
