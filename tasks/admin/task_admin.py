"""The admin of tasks: the columns of the list, the fields of the form, and how a form is saved.

No page reads more than a bounded part of the table, or the tasks of one user.
"""

from contextlib import suppress
from typing import Any, cast
from urllib.parse import quote, urlencode

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from tasks.admin.actions import TaskActions
from tasks.admin.cells import describe_task, format_time
from tasks.admin.changelist import (
    MAX_COUNT,
    BoundedChangeList,
    BoundedPaginator,
    CompletedFilter,
)
from tasks.admin.forms import TaskForm
from tasks.admin.search import Search, search_tasks, term_for_user
from tasks.bidi import replace_controls
from tasks.models import Task
from tasks.queries import Precondition, UserTasks

READ_ONLY = ("id", "created", "updated")

MAX_SAVE_ATTEMPTS = 2
"""How often a form is processed while its task changes between the validation and the UPDATE."""


@admin.register(Task)
class TaskAdmin(TaskActions):
    """Find, view, edit and delete tasks of all users, under the rules of the API."""

    form = TaskForm
    list_display = ("name", "owner", "completed", "created", "updated")
    list_filter = (CompletedFilter,)
    sortable_by = ()
    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("user_id", "id", "title")
    search_help_text = (
        "A task's id, a whole user id, or a user id and a part of a title: alice/milk."
    )
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        """Return the list in the order of the index."""
        return BoundedChangeList

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Task], per_page: int, *args: Any
    ) -> BoundedPaginator:
        """Count the tasks of a user, or, of all users, whether there is a next page."""
        paginator = cast(
            "BoundedPaginator", super().get_paginator(request, queryset, per_page, *args)
        )
        if not Search.parse(request.GET.get(SEARCH_VAR, "")):
            page = 1
            with suppress(ValueError):
                page = max(page, int(request.GET.get(PAGE_VAR, page)))
            paginator.limit = min(MAX_COUNT, per_page * (page + 1))
        return paginator

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Reject any other filter in the URL: it would scan the table."""
        return lookup == CompletedFilter.parameter_name

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Task], search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """Find the task with an id, or tasks of one user."""
        return search_tasks(queryset, search_term), False

    @admin.display(description="title")
    def name(self, task: Task) -> str:
        """Return the title."""
        return format_html("<bdi>{}</bdi>", replace_controls(task.title))

    @admin.display(description="user id")
    def owner(self, task: Task) -> str:
        """Link to the tasks of the same user."""
        query, user_id = quote(term_for_user(task.user_id)), replace_controls(task.user_id)
        return format_html('<a href="?q={}"><bdi>{}</bdi></a>', query, user_id)

    @admin.display(description="created")
    def created(self, task: Task) -> str:
        """Return the time of creation."""
        return format_time(task.created_at)

    @admin.display(description="updated")
    def updated(self, task: Task) -> str:
        """Return the time of the last change."""
        return format_time(task.updated_at)

    def get_fields(self, _: HttpRequest, task: Task | None = None) -> tuple[str, ...]:
        """Return the fields; a new task has none of the read-only ones yet."""
        return TaskForm.Meta.fields + (READ_ONLY if task else ())

    def get_readonly_fields(self, _: HttpRequest, task: Task | None = None) -> tuple[str, ...]:
        """Make the owner of an existing task read-only."""
        return (*READ_ONLY, "user_id") if task else ()

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """Show the same facts about the task as before the deletion of many."""
        page = {"title": "Delete task", "listed": [describe_task(context["object"])]}
        return super().render_delete_form(request, context | page)

    def view_on_site(self, task: Task) -> str:
        """Return the URL of the task in the API."""
        return reverse("task-detail", args=[task.user_id, task.id])

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Process the form; validate it again if the task changed after the validation.

        After MAX_SAVE_ATTEMPTS the form is displayed with a conflict.
        """
        for _ in range(MAX_SAVE_ATTEMPTS):
            with suppress(Task.DoesNotExist):
                return super().changeform_view(request, *args, **options)
        request.save_failed = True  # type: ignore[attr-defined]
        return super().changeform_view(request, *args, **options)

    def get_form(self, request: HttpRequest, *args: Any, **options: Any) -> type[TaskForm]:
        """Return the form, which is not valid if it could not be saved."""
        form = cast("type[TaskForm]", super().get_form(request, *args, **options))
        form.save_failed = getattr(request, "save_failed", False)
        return form

    def response_post_save_add(self, request: HttpRequest, obj: Task) -> HttpResponseRedirect:
        """Show the tasks of the user, which need only the server that has stored the new one.

        If another server of a distributed table is down, the list of all users is a 503, after
        which people would add the task again.
        """
        if not self.has_view_or_change_permission(request):
            return super().response_post_save_add(request, obj)
        query = urlencode({SEARCH_VAR: term_for_user(obj.user_id)})
        return HttpResponseRedirect(f"{reverse('admin:tasks_task_changelist')}?{query}")

    def save_model(
        self,
        request: HttpRequest,
        obj: Task,
        form: TaskForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write the changed fields, if the task still is as the form was validated against it.

        Raises Task.DoesNotExist.
        """
        tasks = UserTasks(obj.user_id).under(Precondition(if_match=[obj.updated_at]))
        fields = {name: form.cleaned_data[name] for name in form.changed_data}
        row = tasks.update(obj.id, **fields) if change else tasks.create(**fields)
        for name, value in row.items():
            setattr(obj, name, value)
