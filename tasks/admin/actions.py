"""The actions of the admin's list: complete, reopen and delete the selected tasks.

No statement touches more than one batch of tasks, and no action more tasks than the list counts.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.timezone import now

from tasks.admin.cells import describe_task, format_count
from tasks.admin.changelist import MAX_COUNT
from tasks.models import Task, TaskQuerySet

BATCH_SIZE = 1000
"""The maximum number of tasks that one statement of an action touches."""

MAX_LISTED = 100
"""The maximum number of tasks that the confirmation of a deletion lists."""


class TaskActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """A mixin with the actions."""

    actions = ("complete", "reopen", "delete_selected")

    @admin.action(description="Complete the selected tasks", permissions=["change"])
    def complete(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Complete the selected tasks."""
        self._set_completed(request, queryset, completed=True)

    @admin.action(description="Reopen the selected tasks", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Reopen the selected tasks."""
        self._set_completed(request, queryset, completed=False)

    def _set_completed(
        self, request: HttpRequest, queryset: TaskQuerySet, *, completed: bool
    ) -> None:
        count = sum(tasks.set_completed(completed=completed) for _, tasks in _batches(queryset))
        self._report(request, count, "completed" if completed else "reopened")

    @admin.action(description="Delete the selected tasks", permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: TaskQuerySet
    ) -> TemplateResponse | None:
        """Ask for confirmation, then delete the tasks that existed when it was asked."""
        if "asked_at" not in request.POST:
            return self._confirmation(request, queryset)
        asked_at = _parse_time(request.POST["asked_at"])
        count = 0
        for rows, tasks in _batches(queryset.filter(created_at__lte=asked_at)):
            with transaction.atomic():
                self.log_deletions(request, rows)  # type: ignore[arg-type]
                count += tasks.delete()[0]
        self._report(request, count, "deleted")
        return None

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

    def _report(self, request: HttpRequest, count: int, what: str) -> None:
        self.message_user(request, f"{format_count(count)} {what}.", messages.SUCCESS)


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
