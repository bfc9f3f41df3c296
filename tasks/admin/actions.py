"""The actions of the admin's list: complete, reopen, download and delete the selected tasks.

No statement touches more than one batch of tasks, and no action more tasks than the list counts.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from tasks.admin.cells import describe_task, format_count
from tasks.admin.changelist import MAX_COUNT
from tasks.admin.spreadsheet import csv_lines
from tasks.models import Task, TaskQuerySet

BATCH_SIZE = 1000
"""The maximum number of tasks that one statement of an action touches."""

MAX_LISTED = 100
"""The maximum number of tasks that the confirmation of a deletion lists."""


class TaskActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """A mixin with the actions."""

    actions = ("complete", "reopen", "download", "delete_selected")

    @admin.action(description="Complete the selected tasks", permissions=["change"])
    def complete(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Complete the selected tasks."""
        self._apply(
            request, queryset, "completed", lambda tasks: tasks.set_completed(completed=True)
        )

    @admin.action(description="Reopen the selected tasks", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Reopen the selected tasks."""
        self._apply(
            request, queryset, "reopened", lambda tasks: tasks.set_completed(completed=False)
        )

    @admin.action(description="Download the selected tasks as CSV", permissions=["view"])
    def download(self, request: HttpRequest, queryset: TaskQuerySet) -> HttpResponse:
        """Return the selected tasks as CSV. One statement, whose rows are received in chunks.

        The response is complete before it is sent, so that a failure of the database is a 503.
        """
        return HttpResponse(
            csv_lines(queryset[:MAX_COUNT]),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="tasks.csv"'},
        )

    @admin.action(description="Delete the selected tasks", permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: TaskQuerySet
    ) -> TemplateResponse | None:
        """Ask for confirmation, then delete the tasks that existed when it was asked."""
        if "asked_at" not in request.POST:
            return self._confirmation(request, queryset)
        existing = queryset.filter(created_at__lte=_parse_time(request.POST["asked_at"]))
        self._apply(request, existing, "deleted", lambda tasks: tasks.delete()[0], DELETION)
        return None

    def _apply(
        self,
        request: HttpRequest,
        queryset: TaskQuerySet,
        done: str,
        action: Callable[[TaskQuerySet], int],
        flag: int = CHANGE,
    ) -> None:
        """Apply the action to the tasks, write it to their history, and report their number."""
        count = 0
        for rows, tasks in _batches(queryset):
            with transaction.atomic():
                user: Any = request.user  # logged in
                LogEntry.objects.log_actions(user.pk, rows, flag, f"{done.capitalize()}.")
                count += action(tasks)
        self.message_user(request, f"{format_count(count)} {done}.", messages.SUCCESS)

    def _confirmation(self, request: HttpRequest, queryset: TaskQuerySet) -> TemplateResponse:
        """Return a page that lists the tasks; its form repeats the selection."""
        selected = [row for rows, _ in _batches(queryset) for row in rows]
        context = {
            **self.admin_site.each_context(request),
            "title": "Delete tasks",
            "opts": self.opts,
            "listed": [describe_task(task) for task in selected[:MAX_LISTED]],
            "others": len(selected[MAX_LISTED:]),
            "count": format_count(len(selected)),
            "asked_at": now().isoformat(),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/tasks/task/delete_selected.html", context)


def _parse_time(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise BadRequest("The time of the confirmation is not valid.") from error


def _batches(selected: TaskQuerySet) -> Iterator[tuple[list[Task], TaskQuerySet]]:
    """Yield batches of the selected tasks: the rows, and the queryset of the same tasks."""
    rows = list(selected.defer("description")[:MAX_COUNT])
    for start in range(0, len(rows), BATCH_SIZE):
        batch = rows[start : start + BATCH_SIZE]
        yield batch, Task.objects.filter(id__in=[task.id for task in batch])
