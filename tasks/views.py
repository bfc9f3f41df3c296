"""HTTP to verb and back."""

from contextlib import suppress
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_405_METHOD_NOT_ALLOWED
from rest_framework.viewsets import ViewSet

from tasks import documentation
from tasks.conditional import (
    demanded_state,
    derived_id,
    is_another,
    is_unmodified,
    list_etag,
    task_etag,
)
from tasks.models import Task
from tasks.paging import next_link, page
from tasks.parameters import CLEAR, LIST, query, valid_user_id
from tasks.serializers import COMPLETION, CREATE, UPDATE
from tasks.verbs import ANY_STATE, TaskRow, UserTasks
from todo_project.options import Resource
from todo_project.problems import IDEMPOTENCY_KEY_REUSED, PRECONDITION_FAILED, Problem
from todo_project.rendering import (
    JSONResponse,
    accepts_gzip,
    body_of,
    compress,
    load_object,
)


class TaskViewSet(Resource, ViewSet):
    """The tasks of the user whom the path names."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Negotiate, authenticate, and choose the owner."""
        super().initial(request, *args, **kwargs)
        self.tasks = UserTasks(valid_user_id(kwargs["user_id"]))

    def perform_authentication(self, request: Request) -> None:
        """Find out who it is, where a class is named that can tell."""
        if request.authenticators:
            super().perform_authentication(request)

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Leave `Allow` to the answers that need it: it would be computed for each."""
        return {}

    def handle_exception(self, exc: Exception) -> Response:
        """Answer an exception; a task of another user looks the same as none."""
        if isinstance(exc, Task.DoesNotExist):
            exc = self._refusal()
        response = super().handle_exception(exc)
        if response.status_code == HTTP_405_METHOD_NOT_ALLOWED:
            response["Allow"] = self.allow
        return response

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Let a browser keep what it read, but ask before it uses it again."""
        response["Cache-Control"] = "private, no-cache"
        return super().finalize_response(request, response, *args, **kwargs)

    @documentation.list_tasks
    def list(self, request: Request, user_id: str) -> HttpResponse:
        """Answer one page of the user's tasks, newest first."""
        parameters = query(request, LIST)
        rows, cursor = page(self.tasks, **parameters)
        link = next_link(_address(user_id), parameters, cursor) if cursor else ""
        response: HttpResponse = JSONResponse(rows)
        etag = list_etag(response.content, link)
        if is_another(request, etag):
            raise Problem(PRECONDITION_FAILED, "The list is in another state.")
        if is_unmodified(request, etag):
            response = _empty(304)
        elif link:
            response["Link"] = link
        response["ETag"] = etag
        if accepts_gzip(request.META.get("HTTP_ACCEPT_ENCODING", "")):
            compress(response)
        patch_vary_headers(response, ["Accept-Encoding"])
        return response

    @documentation.create_task
    def create(self, request: Request, user_id: str) -> HttpResponse:
        """Create a task, once for each Idempotency-Key."""
        task_id = derived_id(request, user_id)
        fields = CREATE.run_validation(load_object(request))
        if task_id is None:
            return _created(self.tasks.add(**fields))
        task, replayed = self.tasks.add_once(task_id, **fields)
        if replayed and not _may_come_from(fields, task):
            raise Problem(IDEMPOTENCY_KEY_REUSED, errors=IDEMPOTENCY_KEY_REUSED.errors)
        response = _created(task)
        if replayed:
            response["Idempotent-Replayed"] = "true"
        return response

    @documentation.clear_tasks
    def clear(self, request: Request, user_id: str) -> HttpResponse:
        """Delete the tasks that the filter names."""
        filters = query(request, CLEAR)
        if demanded_state(request) is not ANY_STATE:
            raise Problem(PRECONDITION_FAILED, "A deletion by filter has no validator.")
        return JSONResponse({"deleted": self.tasks.clear(**filters)})

    @documentation.read_task
    def retrieve(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Answer one task."""
        task = self._selected.get(task_id)
        etag = task_etag(task)
        response = _empty(304) if is_unmodified(request, etag) else JSONResponse(task)
        response["ETag"] = etag
        return response

    @documentation.replace_task
    def update(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Change the members sent; without a validator, which a PUT must not have."""
        # The title is trimmed, so what is stored may differ from what was sent (RFC 9110 §9.3.4).
        changes = UPDATE.run_validation(load_object(request))
        return JSONResponse(self._selected.change(task_id, **changes))

    @documentation.update_task
    def partial_update(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Change the members sent."""
        changes = UPDATE.run_validation(load_object(request))
        return _tagged(self._selected.change(task_id, **changes))

    @documentation.complete_task
    def complete(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Set `completed`, or flip it where the body says nothing."""
        changes = COMPLETION.run_validation(load_object(request) if body_of(request) else {})
        tasks = self._selected
        return _tagged(tasks.change(task_id, **changes) if changes else tasks.toggle(task_id))

    @documentation.delete_task
    def destroy(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Delete one task."""
        self._selected.remove(task_id)
        return _empty(204)

    @property
    def _selected(self) -> UserTasks:
        """The tasks that are in the state which the request demands."""
        return self.tasks.in_state(demanded_state(self.request))

    def _refusal(self) -> Exception:
        """Tell a task in another state from none at all; a failed request may ask twice."""
        if demanded_state(self.request) is not ANY_STATE:
            with suppress(Task.DoesNotExist):
                current = self.tasks.get(self.kwargs["task_id"])
                return Problem(PRECONDITION_FAILED, current=current)
        return NotFound("There is no such task.")


@lru_cache
def _address(user_id: str) -> str:
    """Return the path of a user's tasks."""
    return reverse("tasks", args=[user_id])


def _created(task: TaskRow) -> HttpResponse:
    response = _tagged(task)
    response.status_code = 201
    response["Location"] = f"{_address(task['user_id'])}/{task['id']}"
    return response


def _tagged(task: TaskRow) -> HttpResponse:
    response = JSONResponse(task)
    response["ETag"] = task_etag(task)
    return response


def _empty(status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    del response["Content-Type"]
    return response


def _may_come_from(fields: dict[str, Any], task: TaskRow) -> bool:
    """Tell whether these fields can have created the task; once changed, any may have."""
    asked = {"description": None, "completed": False} | fields
    changed = task["updated_at"] != task["created_at"]
    return changed or asked.items() <= task.items()
