"""The addresses of tasks. Each also answers with a slash at its end."""

from uuid import UUID

from django.urls import path, register_converter

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

urlpatterns = [
    path(TASKS, tasks, name="tasks"),
    path(TASK, task, name="task"),
    path(f"{TASK}/complete", completion, name="task-completion"),
    path(f"{TASKS}/", tasks),
    path(f"{TASK}/", task),
    path(f"{TASK}/complete/", completion),
]
