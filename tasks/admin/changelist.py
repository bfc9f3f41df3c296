"""The admin's list of tasks: filter, order and count.

Each of its statements reads a bounded part of the index, or the tasks of one user, whatever the
size of the table.
"""

from typing import Any, cast

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import capfirst

from tasks.admin.cells import format_count
from tasks.admin.chart import Chart, weekly_chart
from tasks.admin.search import Search, describe_no_results, describe_results
from tasks.bidi import isolate
from tasks.models import Task

MAX_COUNT = 10_000
"""The maximum number of tasks that the list counts, and that one action touches.

Without a user, the list counts only to the end of the next page: from a distributed table, each
server would have to send as many rows as are counted.
"""


class CompletedFilter(SimpleListFilter):
    """A filter by `completed`, only for the tasks of one user.

    Without a search its template says so: to find a page of completed tasks among those of all
    users, the database could have to read the whole table.
    """

    title = "completed"
    parameter_name = "completed"
    template = "admin/tasks/task/filter.html"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        """Return the choices; without a search there are none, and the filter is ignored."""
        search = Search.parse(request.GET.get(SEARCH_VAR, ""))
        return [("1", "Yes"), ("0", "No")] if search else []

    def has_output(self) -> bool:
        """Show the filter, also without choices."""
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the completed or the open tasks, or all."""
        completed = {"1": True, "0": False}.get(self.value() or "")
        if completed is None or not self.lookup_choices:
            return queryset
        return queryset.filter(completed=completed)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts up to a limit: counting millions of rows takes seconds."""

    limit = MAX_COUNT

    @cached_property
    def count(self) -> int:
        """Return the number of tasks, at most the limit."""
        tasks = cast("QuerySet[Task]", self.object_list)
        return tasks.order_by("user_id")[: self.limit].count()


class BoundedChangeList(ChangeList):
    """A list in the order of the index: sorting millions of rows takes minutes."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the order of the index, whatever the URL asks for."""
        return ["user_id", "-created_at", "-id"]

    def get_results(self, request: HttpRequest) -> None:
        """Read no more than fits on a page, even if all counted tasks would be shown.

        Among the tasks of all users, an action can select those of the page only.
        """
        super().get_results(request)
        self.can_show_all &= self.result_count < self.paginator.limit
        if self.multi_page and not (self.search or self.show_all):
            before = self.list_per_page * (self.page_num - 1)
            self.result_count = min(self.result_count - before, self.list_per_page)
        self.result_list = self.result_list[: self.list_max_show_all]
        self.full_result_count = self.result_count  # no second count beside the search
        self.show_admin_actions = self.result_count > 0

    @cached_property
    def search(self) -> Search | None:
        """Return what the search term asks for, or None for all tasks."""
        return Search.parse(self.query)

    @cached_property
    def chart(self) -> Chart | None:
        """Return the chart of the user of the search, or None if no such user has tasks."""
        return weekly_chart(self.search.user_id) if self.search else None

    @property
    def count(self) -> str:
        """The number of tasks, with their noun."""
        counted, limit = self.paginator.count, self.paginator.limit
        more = "first " if limit == MAX_COUNT else "at least "
        return f"{more if counted == limit else ''}{format_count(counted)}"

    @property
    def summary(self) -> str:
        """What is listed and in which order, or why nothing is."""
        facts = {"user_exists": bool(self.chart), "filtered": self.has_active_filters}
        if self.result_count:
            return describe_results(capfirst(self.count), self.search, **facts)
        return describe_no_results(self.search, **facts)

    @property
    def user(self) -> str:
        """The user id of the search, as text for a page."""
        return isolate(self.search.user_id) if self.search else ""
