"""HTTP to verb and back."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from rest_framework.viewsets import ViewSet

from tasks import documentation
from tasks.models import Task, TaskRow
from tasks.parameters import LIST, query, valid_user_id
from tasks.serializers import COMPLETION, CREATE, UPDATE
from todo_project.rendering import JSONNegotiation, load_object


class TaskViewSet(ViewSet):
    """The tasks of the user whom the path names."""

    content_negotiation_class = JSONNegotiation

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Negotiate, authenticate, and choose the owner."""
        super().initial(request, *args, **kwargs)
        self.tasks = Task.objects.of(valid_user_id(kwargs["user_id"]))

    def handle_exception(self, exc: Exception) -> Response:
        """Answer an exception; a task of another user looks the same as none."""
        if isinstance(exc, Task.DoesNotExist):
            exc = NotFound("There is no such task.")
        return super().handle_exception(exc)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Let a browser keep what it read, but ask before it uses it again."""
        response["Cache-Control"] = "private, no-cache"
        return super().finalize_response(request, response, *args, **kwargs)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Say in `Allow` what can be done here."""
        return Response(status=HTTP_204_NO_CONTENT)

    @documentation.list_tasks
    def list(self, request: Request, user_id: str) -> Response:
        """Answer the user's tasks, newest first."""
        return Response(self.tasks.filter(**query(request, LIST)).rows())

    @documentation.create_task
    def create(self, request: Request, user_id: str) -> Response:
        """Create a task."""
        task = self.tasks.add(**CREATE.run_validation(load_object(request)))
        return Response(task, HTTP_201_CREATED, headers={"Location": _address(task)})

    @documentation.read_task
    def retrieve(self, request: Request, user_id: str, task_id: UUID) -> Response:
        """Answer one task."""
        return Response(self.tasks.row(task_id))

    @documentation.replace_task
    def update(self, request: Request, user_id: str, task_id: UUID) -> Response:
        """Change the members sent."""
        changes = UPDATE.run_validation(load_object(request))
        return Response(self.tasks.change(task_id, **changes))

    @documentation.update_task
    def partial_update(self, request: Request, user_id: str, task_id: UUID) -> Response:
        """Change the members sent."""
        return self.update(request, user_id, task_id)

    @documentation.complete_task
    def complete(self, request: Request, user_id: str, task_id: UUID) -> Response:
        """Set `completed`, or flip it where the body says nothing."""
        changes = COMPLETION.run_validation(load_object(request) if request.body else {})
        task = self.tasks.change(task_id, **changes) if changes else self.tasks.toggle(task_id)
        return Response(task)

    @documentation.delete_task
    def destroy(self, request: Request, user_id: str, task_id: UUID) -> Response:
        """Delete one task."""
        self.tasks.remove(task_id)
        return Response(status=HTTP_204_NO_CONTENT)


def _address(task: TaskRow) -> str:
    """Return the path of a task, the canonical one."""
    return reverse("task", args=[task["user_id"], task["id"]])
