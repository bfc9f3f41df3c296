"""What the OpenAPI document says of each operation on tasks."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.conf import settings
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import serializers

from tasks import links
from tasks.models import USER_ID_LENGTH
from tasks.parameters import ClearParametersSerializer, ListParametersSerializer
from tasks.serializers import (
    TaskCompletionSerializer,
    TaskCreateSerializer,
    TaskSerializer,
    TaskUpdateSerializer,
)
from todo_project.openapi import (
    BODY_IS_OPTIONAL,
    COMMON_HEADERS,
    LINKS,
    REQUEST_ID_PARAMETER,
    ProblemSerializer,
    problem_responses,
    response_header,
)
from todo_project.problems import (
    CONTENT_TOO_LARGE,
    DATABASE_UNAVAILABLE,
    FORBIDDEN,
    IDEMPOTENCY_KEY_REUSED,
    MALFORMED_JSON,
    NOT_FOUND,
    PRECONDITION_FAILED,
    UNAUTHORIZED,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION_ERROR,
    ProblemType,
)

F = TypeVar("F", bound=Callable[..., Any])

OPEN_TASK = {
    "id": "0198f5c2-6a1e-4c3a-9d1b-3f1f6c1b2a44",
    "user_id": "user123",
    "title": "Buy milk",
    "description": None,
    "completed": False,
    "created_at": "2026-02-06T10:30:00.123456Z",
    "updated_at": "2026-02-06T10:30:00.123456Z",
}
CHANGED_TASK = OPEN_TASK | {"title": "Buy oat milk", "updated_at": "2026-02-06T11:00:00.654321Z"}
COMPLETED_TASK = OPEN_TASK | {"completed": True, "updated_at": "2026-02-06T11:00:00.654321Z"}

BODY = (MALFORMED_JSON, VALIDATION_ERROR, CONTENT_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
"""The problems that a body can cause."""

AUTHENTICATION = (UNAUTHORIZED, FORBIDDEN) if settings.API_AUTHENTICATION_CLASSES else ()
"""The problems of a deployment that demands credentials."""

USER_ID = OpenApiParameter(
    "user_id",
    {
        "type": "string",
        "minLength": 1,
        "maxLength": USER_ID_LENGTH,
        "pattern": r"^[^/\u0000-\u001f\u007f]+$",
    },
    OpenApiParameter.PATH,
    examples=[OpenApiExample("user123", "user123")],
    description="The user: any characters but `/` and control characters.",
)
TASK_ID = OpenApiParameter(
    "task_id",
    {"type": "string", "format": "uuid"},
    OpenApiParameter.PATH,
    description="The task's `id`, in any letter case.",
)
URI = {"type": "string", "format": "uri-reference"}
ETAG_VALUE = {
    "type": "string",
    "pattern": r'^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"$',
    "examples": [f'"{OPEN_TASK["updated_at"]}"'],
}
LIST_ETAG_VALUE = {"type": "string", "pattern": '^(W/)?"[0-9a-f]{32}"$'}
LOCATION = response_header("Location", [201], URI, "The task's address.")
ETAG = response_header(
    "ETag", [200, 201, 304], ETAG_VALUE, "The task's validator: its `updated_at` in quotes."
)
LIST_ETAG = response_header("ETag", [200, 304], LIST_ETAG_VALUE, "The validator of this page.")
LINK = response_header(
    "Link",
    [200],
    {
        "type": "string",
        "pattern": '^<[^<>]+>; rel="next"$',
        "examples": ['</api/user123/tasks?limit=50&cursor=AAZKJ…>; rel="next"'],
    },
    "Where the next page is (RFC 8288). The last page has none.",
    required=False,
)
REPLAYED = response_header(
    "Idempotent-Replayed",
    [201],
    {"type": "string", "enum": ["true"]},
    "Set when the task existed already, and this request created nothing.",
    required=False,
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^[\x21-\x7e]+$",
        "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    },
    OpenApiParameter.HEADER,
    description="A key of your own for this task, visible ASCII. Repeat the request with the same "
    "key until it is answered: it creates one task.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "anyOf": [{"const": "*"}, {"pattern": r'^"[^"]*"(, *"[^"]*")*$'}]},
    OpenApiParameter.HEADER,
    description="Do this only while the task is as you saw it: its `updated_at` in quotes, or a "
    "list of such. `*` stands for any task that exists.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    {"type": "string"},
    OpenApiParameter.HEADER,
    description="The `ETag` that you have: if it is still true, the answer is a 304 without body.",
)
UNMODIFIED = {304: OpenApiResponse(description="What you have is still true.")}


class PreconditionFailedSerializer(ProblemSerializer):
    """The task is in another state than the request demands (RFC 9457)."""

    type = serializers.ChoiceField(
        [PRECONDITION_FAILED.uri], help_text="The kind of failure; the address of its page."
    )
    current = TaskSerializer(required=False, help_text="The task as it is.")


class DeletedSerializer(serializers.Serializer[Any]):
    """How much was deleted."""

    deleted = serializers.IntegerField(min_value=0, help_text="The number of tasks deleted.")


def _task(description: str, example: dict[str, Any]) -> OpenApiResponse:
    return OpenApiResponse(
        TaskSerializer, description, [OpenApiExample("A task", example, response_only=True)]
    )


def _operation(
    operation_id: str,
    summary: str,
    description: str,
    responses: dict[Any, OpenApiResponse],
    *problem_types: ProblemType,
    parameters: Sequence[Any] = (),
    **options: Any,
) -> Callable[[F], F]:
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description,
        tags=["tasks"],
        parameters=[USER_ID, *parameters, REQUEST_ID_PARAMETER, *COMMON_HEADERS],
        responses=responses
        | problem_responses(
            VALIDATION_ERROR,
            *AUTHENTICATION,
            *problem_types,
            DATABASE_UNAVAILABLE,
            serializers={PRECONDITION_FAILED: PreconditionFailedSerializer},
        ),
        **options,
    )


def _edit(operation_id: str, summary: str, *headers: OpenApiParameter) -> Callable[[F], F]:
    return _operation(
        operation_id,
        summary,
        "Writes the fields sent and leaves the others as they are; `{}` changes nothing. "
        "PUT and PATCH do the same; only PATCH answers with an `ETag`.",
        {200: _task("The task as it is now.", CHANGED_TASK)},
        NOT_FOUND,
        PRECONDITION_FAILED,
        *BODY,
        parameters=[TASK_ID, IF_MATCH, *headers],
        request=TaskUpdateSerializer,
        extensions={LINKS: {200: links.FROM_TASK, 412: links.from_conflict(operation_id)}},
        examples=[OpenApiExample("A new title", {"title": "Buy oat milk"}, request_only=True)],
    )


list_tasks = _operation(
    "listTasks",
    "List the user's tasks",
    "Newest first: by `created_at`, then by `id`, both descending. A list with more tasks than "
    "`limit` has a `Link` to the next page. Following the links visits every task that exists "
    "throughout exactly once, whatever is created, edited or deleted meanwhile. Parameters are "
    "strict: one that is unknown, empty or given twice is refused.",
    {
        200: OpenApiResponse(
            TaskSerializer(many=True),
            "One page of tasks, compressed where the client accepts gzip.",
            [OpenApiExample("One task", OPEN_TASK)],  # becomes an array
        ),
        **UNMODIFIED,
    },
    PRECONDITION_FAILED,
    parameters=[ListParametersSerializer, IF_NONE_MATCH, LIST_ETAG, LINK],
    extensions={LINKS: {200: links.FROM_LIST}},
)
create_task = _operation(
    "createTask",
    "Create a task",
    "Only `title` is required. With an `Idempotency-Key` the request is safe to repeat: the "
    "task is created once, and a repetition answers with the task as it is now.",
    {201: _task("The task, with its address in `Location`.", OPEN_TASK)},
    IDEMPOTENCY_KEY_REUSED,
    *BODY,
    parameters=[IDEMPOTENCY_KEY, LOCATION, ETAG, REPLAYED],
    request=TaskCreateSerializer,
    extensions={LINKS: {201: links.FROM_CREATED}},
    examples=[
        OpenApiExample("Only a title", {"title": "Buy milk"}, request_only=True),
        OpenApiExample(
            "Everything",
            {"title": "Buy milk", "description": "Two bottles", "completed": True},
            request_only=True,
        ),
    ],
)
clear_tasks = _operation(
    "deleteTasks",
    "Delete the completed tasks, or the open ones",
    "Takes `completed` and nothing else; without it nothing is deleted.",
    {
        200: OpenApiResponse(
            DeletedSerializer,
            "The tasks are gone.",
            [OpenApiExample("Three", {"deleted": 3}, response_only=True)],
        )
    },
    PRECONDITION_FAILED,
    parameters=[ClearParametersSerializer],
    extensions={LINKS: {200: links.FROM_USER}},
)
read_task = _operation(
    "readTask",
    "Read a task",
    "A task of another user looks the same as none.",
    {200: _task("The task.", OPEN_TASK), **UNMODIFIED},
    NOT_FOUND,
    PRECONDITION_FAILED,
    parameters=[TASK_ID, IF_NONE_MATCH, ETAG],
    extensions={LINKS: {200: links.FROM_TASK}},
)
replace_task = _edit("replaceTask", "Change a task, as PATCH does")
update_task = _edit("updateTask", "Change a task", ETAG)
delete_task = _operation(
    "deleteTask",
    "Delete a task",
    "For good: it cannot be brought back.",
    {204: OpenApiResponse(description="The task is gone.")},
    NOT_FOUND,
    PRECONDITION_FAILED,
    parameters=[TASK_ID, IF_MATCH],
    extensions={LINKS: {204: links.FROM_USER, 412: links.from_conflict("deleteTask")}},
)
complete_task = _operation(
    "completeTask",
    "Complete or reopen a task",
    "Without a body, or with `{}`, flips `completed`. With `completed` it sets the value, "
    "which is safe to repeat.",
    {200: _task("The task as it is now.", COMPLETED_TASK)},
    NOT_FOUND,
    PRECONDITION_FAILED,
    *BODY,
    parameters=[TASK_ID, IF_MATCH, ETAG],
    request=TaskCompletionSerializer,
    extensions={
        BODY_IS_OPTIONAL: True,
        LINKS: {200: links.FROM_TASK, 412: links.from_conflict("completeTask")},
    },
    examples=[
        OpenApiExample("Flip", {}, request_only=True),
        OpenApiExample("Set", {"completed": True}, request_only=True),
    ],
)
