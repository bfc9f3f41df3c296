"""The task: its columns, and the rules and defaults that the database itself keeps."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan, LessThanOrEqual

from tasks.functions import TICK, Clock, RandomUUID, Strip

USER_ID_LENGTH = 255
TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 1000
"""The greatest lengths, in Unicode code points."""


class TaskQuerySet(models.QuerySet["Task"]):
    """Tasks of all users, for the admin alone: an API request goes through `tasks.verbs`."""

    def mark(self, *, completed: bool) -> int:
        """Complete the tasks, or reopen them; return how many there were."""
        return self.update(completed=completed, updated_at=TICK)


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
