"""The admin: tasks of all users, under the rules of the API."""

from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.functional import cached_property
from rest_framework.exceptions import ValidationError

from tasks.models import Task, TaskQuerySet
from tasks.parameters import valid_user_id
from tasks.serializers import CREATE
from tasks.verbs import UserTasks


class LinesField(forms.CharField):
    """A text of several lines, kept as it is but for the line ends that browsers rewrite."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, strip=False, empty_value=None, **options)

    def to_python(self, value: Any) -> str | None:
        """Undo the CRLF of HTML forms."""
        text: str | None = super().to_python(value)
        return text and text.replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare without regard to line ends."""
        return super().has_changed(self.to_python(initial), data)


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]
    """A task, validated by the API's own rules.

    Each field carries the value that it was shown with, so that only what the person changed
    is written, not what the owner changed meanwhile.
    """

    description = LinesField()

    class Meta:
        model = Task
        fields = ("user_id", "title", "description", "completed")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        """Apply the API's rules; the database's own need no second statement here."""
        members = {
            name: self.cleaned_data.get(name) for name in ("title", "description", "completed")
        }
        try:
            if "user_id" in self.cleaned_data:
                valid_user_id(self.cleaned_data["user_id"])
            self.cleaned_data |= CREATE.run_validation(members)
        except ValidationError as error:
            for name, details in error.detail.items():  # type: ignore[union-attr]
                if name not in self.errors:
                    self.add_error(name, [str(detail) for detail in details])
        return self.cleaned_data


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Count no further than a person will turn pages: a table of millions is not counted."""

    @cached_property
    def count(self) -> int:
        """Return the number of tasks found, or MOST where there are more."""
        found = cast("QuerySet[Task]", self.object_list)
        return found[:MOST].count()


class IndexedChangeList(ChangeList):
    """A list in the one order that an index serves: sorting millions takes minutes."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Ignore the order that the address asks for."""
        return ["user_id", "-created_at", "-id"]


MOST = 10_000
SERVER_OWNED = ("id", "created_at", "updated_at")


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Find tasks, look into them, and put them right."""

    form = TaskForm
    actions = ("complete", "reopen")
    list_display = ("title", "user_id", "completed", "created_at", "updated_at")
    list_filter = ("completed", "created_at", "updated_at")
    sortable_by = ()
    paginator = BoundedPaginator
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("user_id", "id", "title")
    search_help_text = "A whole user id, a task's id, or a part of a title."
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        """Use the order of the index."""
        return IndexedChangeList

    def get_fields(self, _: HttpRequest, task: Task | None = None) -> tuple[str, ...]:
        """Show what the server owns once there is something to show."""
        return TaskForm.Meta.fields + (SERVER_OWNED if task else ())

    def get_readonly_fields(self, _: HttpRequest, task: Task | None = None) -> tuple[str, ...]:
        """Keep what the server owns; a task stays its owner's."""
        return (*SERVER_OWNED, "user_id") if task else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Task], search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """Find by the exact user id, by id, and in the title."""
        term = search_term.replace("\0", "").strip()
        found = Q(user_id=term) | Q(title__icontains=term)
        with suppress(ValueError):
            found |= Q(id=UUID(term))
        return queryset.filter(found), False

    def view_on_site(self, task: Task) -> str:
        """Link to the task in the API."""
        return reverse("task", args=[task.user_id, task.id])

    def save_model(
        self,
        request: HttpRequest,
        obj: Task,
        form: TaskForm,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write what was changed, and nothing else."""
        tasks = UserTasks(obj.user_id)
        fields = {name: form.cleaned_data[name] for name in form.changed_data if name != "user_id"}
        try:
            row = tasks.change(obj.id, **fields) if change else tasks.add(**fields)
        except Task.DoesNotExist as error:
            raise Http404 from error
        for name, value in row.items():
            setattr(obj, name, value)

    @admin.action(description="Complete the selected tasks")
    def complete(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Complete tasks."""
        self._mark(request, queryset, completed=True)

    @admin.action(description="Reopen the selected tasks")
    def reopen(self, request: HttpRequest, queryset: TaskQuerySet) -> None:
        """Reopen tasks."""
        self._mark(request, queryset, completed=False)

    def _mark(self, request: HttpRequest, queryset: TaskQuerySet, *, completed: bool) -> None:
        count = queryset.mark(completed=completed)
        what = f"{count} task{pluralize(count)} {'completed' if completed else 'reopened'}."
        self.message_user(request, what, messages.SUCCESS)
