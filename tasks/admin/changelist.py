"""The admin's list of tasks: search, filter, order and count.

Each of its statements reads a bounded part of the index, or the tasks of one user, whatever the
size of the table.
"""

from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.http import HttpRequest
from django.utils.functional import cached_property

from tasks.functions import CaseFold
from tasks.models import Task

MAX_COUNT = 10_000
"""The maximum number of tasks that the list counts, and that one action touches."""

SEARCH_HELP = "A task's id, a whole user id, or a user id and a part of a title: alice/milk."


def search_tasks(tasks: QuerySet[Task], term: str) -> QuerySet[Task]:
    """Return the tasks that match a search term; all tasks for an empty term.

    The term is `<task id>`, `<user id>` or `<user id>/<part of a title>`; no user id contains a
    slash. For a term that looks like a task id, one statement checks whether it is one.
    """
    user_id, slash, title_part = term.partition("/")
    if not slash:
        user_id = user_id.strip()
        if not user_id:
            return tasks
        with suppress(ValueError):
            task = tasks.filter(id=UUID(user_id))
            if task.exists():
                return task
    of_user = tasks.filter(user_id=user_id)
    if not title_part.strip():
        return of_user
    position = StrIndex(CaseFold("title"), CaseFold(Value(title_part.strip())))
    return of_user.filter(GreaterThan(position, 0))


class CompletedFilter(SimpleListFilter):
    """A filter by `completed`, offered only for the tasks of one user."""

    title = "completed"
    parameter_name = "completed"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        """Return the choices; without a search there are none, and the filter is ignored."""
        searched = request.GET.get(SEARCH_VAR, "").strip()
        return [("1", "Yes"), ("0", "No")] if searched else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the completed or the open tasks, or all."""
        completed = {"1": True, "0": False}.get(self.value() or "")
        return queryset if completed is None else queryset.filter(completed=completed)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts up to MAX_COUNT: counting millions of rows takes seconds."""

    @cached_property
    def count(self) -> int:
        """Return the number of tasks, at most MAX_COUNT."""
        tasks = cast("QuerySet[Task]", self.object_list)
        return tasks.order_by("user_id")[:MAX_COUNT].count()


class BoundedChangeList(ChangeList):
    """A list in the order of the index: sorting millions of rows takes minutes."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the order of the index, whatever the URL asks for."""
        return ["user_id", "-created_at", "-id"]

    def get_results(self, request: HttpRequest) -> None:
        """Read no more than fits on a page, even if all counted tasks would be shown."""
        super().get_results(request)
        self.result_list = self.result_list[: self.list_max_show_all]
