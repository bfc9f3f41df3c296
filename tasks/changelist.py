"""The admin's list of tasks: what it finds, in which order, and how much it reads at most.

Whatever the number of tasks, each of its statements reads a bounded part of the index, or the
tasks of one user.
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

from tasks.functions import Fold
from tasks.models import Task

MOST = 10_000
"""The most tasks that are counted, or touched by one action: more than anybody looks through."""

SEARCH_HELP = "A task's id, a whole user id, or a user id and a part of a title: alice/milk."


def find(tasks: QuerySet[Task], term: str) -> QuerySet[Task]:
    """Return the tasks that a search finds, those of one user at most; all for an empty one.

    No user id contains a slash. For what may be a task's id, it asks whether it is: one
    statement.
    """
    user_id, slash, part = term.partition("/")
    if not slash:
        user_id = user_id.strip()
        if not user_id:
            return tasks
        with suppress(ValueError):
            task = tasks.filter(id=UUID(user_id))
            if task.exists():
                return task
    found = tasks.filter(user_id=user_id)
    if part.strip():
        found = found.filter(GreaterThan(StrIndex(Fold("title"), Fold(Value(part.strip()))), 0))
    return found


class CompletedFilter(SimpleListFilter):
    """Whether it is done: offered once a user is chosen, whose tasks are read for it."""

    title = "completed"
    parameter_name = "completed"

    def lookups(
        self, request: HttpRequest, model_admin: "ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        """Offer nothing, and so filter nothing, where nobody is searched for."""
        chosen = request.GET.get(SEARCH_VAR, "").strip()
        return [("1", "Yes"), ("0", "No")] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks that are done, or those that are not."""
        completed = {"1": True, "0": False}.get(self.value() or "")
        return queryset if completed is None else queryset.filter(completed=completed)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Count no further than a person will turn pages: a table of millions is not counted."""

    @cached_property
    def count(self) -> int:
        """Return the number of tasks found, or MOST where there are more."""
        found = cast("QuerySet[Task]", self.object_list)
        return found.order_by("user_id")[:MOST].count()


class BoundedChangeList(ChangeList):
    """A list in the one order that an index serves: sorting millions takes minutes."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Ignore the order that the address asks for."""
        return ["user_id", "-created_at", "-id"]

    def get_results(self, request: HttpRequest) -> None:
        """Read no more than fits a page, even where the count said that all fit."""
        super().get_results(request)
        self.result_list = self.result_list[: self.list_max_show_all]
