"""The addresses of tasks. Each also answers with a slash at its end."""

from uuid import UUID

from django.urls import URLPattern, path, register_converter

from tasks.views import TaskViewSet


class UserIdConverter:
    """Any text without a slash, even none: the view says what is wrong with it."""

    regex = "[^/]*"

    def to_python(self, value: str) -> str:
        """Take the text as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Take the text as it is."""
        return value


class TaskIdConverter:
    """A UUID in the 8-4-4-4-12 form, in any letter case."""

    regex = "-".join(f"[0-9A-Fa-f]{{{digits}}}" for digits in (8, 4, 4, 4, 12))

    def to_python(self, value: str) -> UUID:
        """Parse the UUID."""
        return UUID(value)

    def to_url(self, value: UUID) -> str:
        """Write the UUID in lower case."""
        return str(value)


register_converter(UserIdConverter, "user_id")
register_converter(TaskIdConverter, "task_id")

TASKS = "api/<user_id:user_id>/tasks"
TASK = f"{TASKS}/<task_id:task_id>"

tasks = TaskViewSet.as_view({"get": "list", "post": "create", "delete": "clear"})
task = TaskViewSet.as_view(
    {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
)
completion = TaskViewSet.as_view({"patch": "complete"})


def _routes(end: str) -> list[URLPattern]:
    return [
        path(f"{TASKS}{end}", tasks, name="tasks"),
        path(f"{TASK}{end}", task, name="task"),
        path(f"{TASK}/complete{end}", completion, name="task-completion"),
    ]


# reverse() takes the last pattern of a name: the canonical one, without the slash.
urlpatterns = _routes("/") + _routes("")
