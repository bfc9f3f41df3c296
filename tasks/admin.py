"""The admin: tasks of all users, under the rules of the API.

No page reads more than a bounded part of the table, or the tasks of one user; no statement of
an action touches more than a batch.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.timezone import now

from tasks.changelist import (
    MOST,
    SEARCH_HELP,
    BoundedChangeList,
    BoundedPaginator,
    CompletedFilter,
    find,
)
from tasks.forms import TaskForm
from tasks.models import Task, TaskQuerySet
from tasks.verbs import State, UserTasks

BATCH = 1000
"""The most tasks that one statement of an action touches."""

NAMED = 100
"""How many of the tasks to delete are named before they are."""

SECOND = "%Y-%m-%d %H:%M:%S UTC"
SERVER_OWNED = ("id", "created", "updated")


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Find tasks, look into them, and put them right."""

    form = TaskForm
    actions = ("complete", "reopen", "delete_selected")
    list_display = ("title", "owner", "completed", "created", "updated")
    list_filter = (CompletedFilter,)
    sortable_by = ()
    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("user_id", "id", "title")
    search_help_text = SEARCH_HELP
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        """Use the order of the index."""
        return BoundedChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Filter by nothing else that an address may name: it would read the whole table."""
        return lookup == CompletedFilter.parameter_name

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Task], search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """Find the task of an id, or tasks of one user."""
        return find(queryset, search_term), False

    @admin.display(description="user id")
    def owner(self, task: Task) -> str:
        """Link to the tasks of the same user."""
        return format_html('<a href="?q={}">{}</a>', quote(f"{task.user_id}/"), task.user_id)

    @admin.display(description="created")
    def created(self, task: Task) -> str:
        """Show the second; Django's own format for people ends at the minute."""
        return f"{task.created_at:{SECOND}}"

    @admin.display(description="updated")
    def updated(self, task: Task) -> str:
        """Show the second."""
        return f"{task.updated_at:{SECOND}}"

    def get_fields(self, _: HttpRequest, task: Task | None = None) -> tuple[str, ...]:
        """Show what the server owns once there is something to show."""
        return TaskForm.Meta.fields + (SERVER_OWNED if task else ())

    def get_readonly_fields(self, _: HttpRequest, task: Task | None = None) -> tuple[str, ...]:
        """Keep what the server owns; a task stays its owner's."""
        return (*SERVER_OWNED, "user_id") if task else ()

    def view_on_site(self, task: Task) -> str:
        """Link to the task in the API."""
        return reverse("task", args=[task.user_id, task.id])

    def changeform_view(self, *args: Any, **options: Any) -> HttpResponse:
        """Show or save the form; where the task changed after the check, check again."""
        try:
            return super().changeform_view(*args, **options)
        except Task.DoesNotExist:
            return self.changeform_view(*args, **options)

    def save_model(
        self,
        request: HttpRequest,
        obj: Task,
        form: TaskForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write what was changed and nothing else, to the task in the state that was checked.

        Raises Task.DoesNotExist.
        """
        tasks = UserTasks(obj.user_id).in_state(State([obj.updated_at]))
        fields = {name: form.cleaned_data[name] for name in form.changed_data}
        row = tasks.change(obj.id, **fields) if change else tasks.add(**fields)
        for name, value in row.items():
            setattr(obj, name, value)

    @admin.action(description="Complete the selected tasks", permissions=["change"])
    def complete(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Complete tasks."""
        self._mark(request, queryset, completed=True)

    @admin.action(description="Reopen the selected tasks", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Reopen tasks."""
        self._mark(request, queryset, completed=False)

    def _mark(self, request: HttpRequest, queryset: TaskQuerySet, *, completed: bool) -> None:
        count = sum(tasks.mark(completed=completed) for _, tasks in _batches(queryset))
        self._tell(request, count, "completed" if completed else "reopened")

    @admin.action(description="Delete the selected tasks", permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: TaskQuerySet
    ) -> TemplateResponse | None:
        """Ask whether to delete tasks, and delete those that were there when it was asked."""
        asked_at = parse_datetime(request.POST.get("asked_at", ""))
        if asked_at is None:
            return self._ask(request, queryset)
        count = 0
        for rows, tasks in _batches(queryset.filter(created_at__lte=asked_at)):
            with transaction.atomic():
                self.log_deletions(request, rows)  # type: ignore[arg-type]
                count += tasks.delete()[0]
        self._tell(request, count, "deleted")
        return None

    def _ask(self, request: HttpRequest, queryset: TaskQuerySet) -> TemplateResponse:
        """Show what would be deleted; the form repeats what was selected."""
        selected = [row for rows, _ in _batches(queryset) for row in rows]
        context = {
            **self.admin_site.each_context(request),
            "title": "Delete tasks",
            "opts": self.opts,
            "named": selected[:NAMED],
            "others": len(selected[NAMED:]),
            "count": len(selected),
            "asked_at": now().isoformat(),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/tasks/delete_selected.html", context)

    def _tell(self, request: HttpRequest, count: int, what: str) -> None:
        self.message_user(request, f"{count} task{pluralize(count)} {what}.", messages.SUCCESS)


def _batches(selected: TaskQuerySet) -> Iterator[tuple[list[Task], TaskQuerySet]]:
    """Yield the tasks selected, as many as the list counts, and what to do with each batch."""
    rows = list(selected.only("id", "user_id", "title")[:MOST])
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        yield batch, Task.objects.filter(id__in=[task.id for task in batch])
