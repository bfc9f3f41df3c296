"""The views of the API: parse the request, execute one query, build the response."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_405_METHOD_NOT_ALLOWED
from rest_framework.viewsets import ViewSet

from tasks.api import schema
from tasks.api.idempotency import check_same_request, task_id_from_key
from tasks.api.pagination import list_page, next_link
from tasks.api.path_parameters import validate_user_id
from tasks.api.preconditions import (
    check_if_match,
    is_not_modified,
    list_etag,
    not_found_or_precondition_failed,
    precondition_from,
    task_etag,
    validate_preconditions,
)
from tasks.api.problems import PRECONDITION_FAILED
from tasks.api.query_parameters import DELETE_PARAMETERS, LIST_PARAMETERS, parse_query
from tasks.api.serializers import COMPLETION, CREATE, UPDATE
from tasks.models import Task
from tasks.queries import NO_PRECONDITION, TaskRow, UserTasks
from todo_project.http.json import JSON, JSONResponse, read_object
from todo_project.http.negotiation import compress
from todo_project.http.resource import Resource
from todo_project.problems.exceptions import Problem
from todo_project.shortcuts.views import ViewShortcuts


class TaskViewSet(ViewShortcuts, Resource, ViewSet):
    """The tasks of the user that the path names."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Handle the request.

        A viewset refers to itself, so with its response, a long list would stay in memory until a
        garbage collection.
        """
        response = super().dispatch(request, *args, **kwargs)
        del self.response
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Negotiate, authenticate, and validate what all operations have in common."""
        super().initial(request, *args, **kwargs)
        self.tasks = UserTasks(validate_user_id(kwargs["user_id"]))
        validate_preconditions(request)

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Omit `Allow`, which DRF would compute for every response."""
        return {}

    def handle_exception(self, exc: Exception) -> Response:
        """Return the response to an exception."""
        if isinstance(exc, Task.DoesNotExist):
            exc = not_found_or_precondition_failed(
                self.request, self.tasks, self.kwargs["task_id"]
            )
        response = super().handle_exception(exc)
        if response.status_code == HTTP_405_METHOD_NOT_ALLOWED:
            response["Allow"] = self.allow
        return response

    @schema.list_tasks
    def list(self, request: Request, user_id: str) -> HttpResponse:
        """Return one page of the user's tasks, newest first."""
        parameters = parse_query(request, LIST_PARAMETERS)
        parts, cursor = list_page(self.tasks, **parameters)
        link = next_link(_list_url(user_id), parameters, cursor) if cursor else ""
        response = HttpResponse(content_type=JSON)
        response.writelines(parts)
        etag = list_etag(parts, link)
        check_if_match(request, etag)
        if is_not_modified(request, etag):
            response = _empty(304)
        elif link:
            response["Link"] = link
        response["ETag"] = etag
        compress(request, response)
        return response

    @schema.create_task
    def create(self, request: Request, user_id: str) -> HttpResponse:
        """Create a task; with an Idempotency-Key, at most once."""
        task_id = task_id_from_key(request, user_id)
        fields = CREATE.run_validation(read_object(request))
        if task_id is None:
            return _created(self.tasks.create(**fields))
        task, replayed = self.tasks.create_idempotent(task_id, **fields)
        response = _created(task)
        if replayed:
            check_same_request(fields, task)
            response["Idempotent-Replayed"] = "true"
        return response

    @schema.delete_tasks
    def bulk_destroy(self, request: Request, user_id: str) -> HttpResponse:
        """Delete the completed or the open tasks."""
        filters = parse_query(request, DELETE_PARAMETERS)
        if precondition_from(request) is not NO_PRECONDITION:
            raise Problem(PRECONDITION_FAILED, "A delete by filter has no entity tag.")
        return JSONResponse({"deleted": self.tasks.delete_by_completed(**filters)})

    @schema.read_task
    def retrieve(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Return one task."""
        task = self._conditional_tasks.get(task_id)
        etag = task_etag(task)
        response = _empty(304) if is_not_modified(request, etag) else JSONResponse(task)
        response["ETag"] = etag
        return response

    @schema.replace_task
    def update(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Change the fields sent.

        The title is trimmed, so what is stored may differ from what was sent, and the response
        to a PUT must not have an ETag (RFC 9110 §9.3.4).
        """
        changes = UPDATE.run_validation(read_object(request))
        return JSONResponse(self._conditional_tasks.update(task_id, **changes))

    @schema.update_task
    def partial_update(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Change the fields sent."""
        changes = UPDATE.run_validation(read_object(request))
        return _with_etag(self._conditional_tasks.update(task_id, **changes))

    @schema.complete_task
    def complete(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Set `completed`, or toggle it if the body does not contain it."""
        changes = COMPLETION.run_validation(read_object(request, optional=True))
        tasks = self._conditional_tasks
        return _with_etag(tasks.update(task_id, **changes) if changes else tasks.toggle(task_id))

    @schema.delete_task
    def destroy(self, request: Request, user_id: str, task_id: UUID) -> HttpResponse:
        """Delete one task."""
        self._conditional_tasks.delete(task_id)
        return _empty(204)

    @property
    def _conditional_tasks(self) -> UserTasks:
        """The user's tasks, under the precondition of the request."""
        return self.tasks.under(precondition_from(self.request))


@lru_cache
def _list_url(user_id: str) -> str:
    """Return the path of a user's tasks."""
    return reverse("task-list", args=[user_id])


def _created(task: TaskRow) -> HttpResponse:
    response = _with_etag(task)
    response.status_code = 201
    response["Location"] = f"{_list_url(task['user_id'])}/{task['id']}"
    return response


def _with_etag(task: TaskRow) -> HttpResponse:
    response = JSONResponse(task)
    response["ETag"] = task_etag(task)
    return response


def _empty(status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    del response["Content-Type"]
    return response
