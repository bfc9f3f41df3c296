"""The cells of a task in the tables of the admin, where its text must not reorder other text."""

from datetime import datetime

from django.template.defaultfilters import pluralize
from django.utils.formats import date_format

from tasks.bidi import isolate
from tasks.models import Task


def format_count(count: int) -> str:
    """Return the number of tasks, with their noun."""
    return f"{count:,} task{pluralize(count)}"


def format_time(time: datetime) -> str:
    """Return the time as the other pages of the admin display it."""
    return date_format(time, "DATETIME_FORMAT")


def describe_task(task: Task) -> dict[str, str]:
    """Return what a page shows of a task that will be deleted."""
    return {
        "title": str(task),
        "user_id": isolate(task.user_id),
        "completed": "yes" if task.completed else "no",
        "created": format_time(task.created_at),
        "updated": format_time(task.updated_at),
    }
