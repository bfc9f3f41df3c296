"""The cells of a task in the tables of the admin, where its text must not reorder other text."""

from datetime import datetime

from tasks.bidi import isolate
from tasks.models import Task


def format_time(time: datetime) -> str:
    """Return the time to the second; Django's default ends at the minute."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def describe_task(task: Task) -> dict[str, str]:
    """Return what a page shows of a task that will be deleted."""
    return {
        "title": str(task),
        "user_id": isolate(task.user_id),
        "completed": "yes" if task.completed else "no",
        "created": format_time(task.created_at),
        "updated": format_time(task.updated_at),
    }
