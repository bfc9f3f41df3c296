"""The OpenAPI description of each operation on tasks, as decorators for the views."""

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

from tasks.api.examples import ALL_FIELDS, CHANGED_AT, OPEN_TASK
from tasks.api.idempotency import KEY_LENGTH, KEY_PATTERN
from tasks.api.path_parameters import USER_ID_PATTERN
from tasks.api.preconditions import MAX_ENTITY_TAGS
from tasks.api.problems import IDEMPOTENCY_KEY_REUSED, PRECONDITION_FAILED
from tasks.api.query_parameters import DeleteParametersSerializer, ListParametersSerializer
from tasks.api.serializers import (
    TaskCompletionSerializer,
    TaskCreateSerializer,
    TaskSerializer,
    TaskUpdateSerializer,
)
from tasks.models import USER_ID_LENGTH
from todo_project.openapi.components import (
    COMMON_HEADERS,
    REQUEST_ID_PARAMETER,
    ProblemSerializer,
    problem_responses,
    response_header,
)
from todo_project.openapi.hooks import OPTIONAL_BODY
from todo_project.problems.registry import (
    CONTENT_TOO_LARGE,
    DATABASE_UNAVAILABLE,
    FORBIDDEN,
    HTTPS_REQUIRED,
    MALFORMED_JSON,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    OVERLOADED,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION_ERROR,
    ProblemType,
)

F = TypeVar("F", bound=Callable[..., Any])

BODY_PROBLEMS = (MALFORMED_JSON, CONTENT_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
"""The problems that only a request with a body can meet."""

AUTHENTICATION_PROBLEMS = (
    (UNAUTHORIZED, FORBIDDEN, TOO_MANY_REQUESTS) if settings.API_AUTHENTICATION_CLASSES else ()
)
"""The problems of a deployment with custom classes for authentication."""

USER_ID = OpenApiParameter(
    "user_id",
    {"type": "string", "maxLength": USER_ID_LENGTH, "pattern": USER_ID_PATTERN.pattern},
    OpenApiParameter.PATH,
    examples=[OpenApiExample("user123", "user123")],
    description="The user: any characters except `/` and control characters, but neither `.` nor "
    "`..`.",
)
TASK_ID = OpenApiParameter(
    "task_id",
    {"type": "string", "format": "uuid"},
    OpenApiParameter.PATH,
    description="The task's `id`, in any letter case.",
)
LOCATION = response_header(
    "Location", [201], {"type": "string", "format": "uri-reference"}, "The URL of the task."
)
ETAG = response_header(
    "ETag",
    [200, 201, 304],
    {
        "type": "string",
        "pattern": r'^"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{6})?Z"$',
    },
    "The entity tag of the task: its `updated_at` in quotes.",
)
LIST_ETAG = response_header(
    "ETag",
    [200, 304],
    {"type": "string", "pattern": '^(W/)?"[0-9a-f]{32}"$'},
    "The entity tag of this page.",
)
LINK = response_header(
    "Link",
    [200],
    {
        "type": "string",
        "pattern": '^<[^<>]+>; rel="next"$',
        "examples": ['</api/user123/tasks?limit=50&cursor=AAZKJ…>; rel="next"'],
    },
    "The URL of the next page (RFC 8288). The last page has no `Link`.",
    required=False,
)
REPLAYED = response_header(
    "Idempotent-Replayed",
    [201],
    {"type": "string", "enum": ["true"]},
    "Present if the task existed already and this request created nothing.",
    required=False,
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": KEY_LENGTH, "pattern": KEY_PATTERN.pattern},
    OpenApiParameter.HEADER,
    description="A unique key for this task, visible ASCII. Repeat the request with the same key "
    "until you get a response: one task is created.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": rf'^(\*|"[^"]*"(, *"[^"]*"){{0,{MAX_ENTITY_TAGS - 1}}})$'},
    OpenApiParameter.HEADER,
    description=f"Execute the request only if one of these at most {MAX_ENTITY_TAGS} entity tags "
    "is current: a task's is its `updated_at` in quotes. `*` matches any.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    {"type": "string", "pattern": rf"^[^,]*(,[^,]*){{0,{MAX_ENTITY_TAGS - 1}}}$"},
    OpenApiParameter.HEADER,
    description=f"The `ETag` that you have, or at most {MAX_ENTITY_TAGS}: if one still matches, "
    "the response is a 304.",
)
NOT_MODIFIED = {304: OpenApiResponse(description="Your copy is still current.")}


class PreconditionFailedSerializer(ProblemSerializer):
    """A problem (RFC 9457) with the task that does not meet the precondition."""

    type = serializers.ChoiceField(
        [PRECONDITION_FAILED.uri], help_text="The problem type: the URL of a page about it."
    )
    current = TaskSerializer(required=False, help_text="The current task.")


class DeletedSerializer(serializers.Serializer[Any]):
    """The result of a delete by filter."""

    deleted = serializers.IntegerField(min_value=0, help_text="The number of tasks deleted.")


def _task(description: str, name: str = "A task", **changes: Any) -> OpenApiResponse:
    """Return the response with the task of all examples after these changes."""
    example = OPEN_TASK | changes | ({"updated_at": CHANGED_AT} if changes else {})
    return OpenApiResponse(
        TaskSerializer, description, [OpenApiExample(name, example, response_only=True)]
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
            NOT_ACCEPTABLE,
            HTTPS_REQUIRED,
            *AUTHENTICATION_PROBLEMS,
            *problem_types,
            DATABASE_UNAVAILABLE,
            OVERLOADED,
            serializers={PRECONDITION_FAILED: PreconditionFailedSerializer},
        ),
        **options,
    )


def _edit(operation_id: str, summary: str, *headers: OpenApiParameter) -> Callable[[F], F]:
    return _operation(
        operation_id,
        summary,
        "Changes the fields sent and no others; `{}` changes none. Only PATCH returns an `ETag`.",
        {200: _task("The current task.", "A changed task", title="Buy oat milk")},
        NOT_FOUND,
        PRECONDITION_FAILED,
        *BODY_PROBLEMS,
        parameters=[TASK_ID, IF_MATCH, *headers],
        request=TaskUpdateSerializer,
        examples=[OpenApiExample("A new title", {"title": "Buy oat milk"}, request_only=True)],
    )


list_tasks = _operation(
    "listTasks",
    "List the user's tasks",
    "Newest first: by `created_at`, then by `id`, both descending. A page has at most `limit` "
    "tasks, and fewer if their texts are long. If there are more tasks, the response has a `Link` "
    "to the next page. Following the links visits every task that exists throughout exactly once, "
    "whatever is created, edited or deleted meanwhile. A parameter that is unknown, empty or "
    "repeated is rejected.",
    {
        200: OpenApiResponse(
            TaskSerializer(many=True),
            "One page of tasks, compressed if the client accepts gzip.",
            [OpenApiExample("One task", OPEN_TASK)],  # becomes an array
        ),
        **NOT_MODIFIED,
    },
    PRECONDITION_FAILED,
    parameters=[ListParametersSerializer, IF_MATCH, IF_NONE_MATCH, LIST_ETAG, LINK],
)
create_task = _operation(
    "createTask",
    "Create a task",
    "Only `title` is required. With an `Idempotency-Key` the request is safe to repeat: the "
    "task is created once, and the response to a repeated request is the current task.",
    {201: _task("The task, with its URL in `Location`.")},
    IDEMPOTENCY_KEY_REUSED,
    *BODY_PROBLEMS,
    parameters=[IDEMPOTENCY_KEY, LOCATION, ETAG, REPLAYED],
    request=TaskCreateSerializer,
    examples=[
        OpenApiExample("Only a title", {"title": "Buy milk"}, request_only=True),
        OpenApiExample("Everything", ALL_FIELDS, request_only=True),
    ],
)
delete_tasks = _operation(
    "deleteTasks",
    "Delete the completed or the open tasks",
    "Requires `completed` and accepts no other parameter. Several tasks have no entity tag, so "
    "`If-Match` must be `*`.",
    {
        200: OpenApiResponse(
            DeletedSerializer,
            "The tasks are deleted.",
            [OpenApiExample("Three", {"deleted": 3}, response_only=True)],
        )
    },
    PRECONDITION_FAILED,
    parameters=[DeleteParametersSerializer, IF_MATCH],
)
read_task = _operation(
    "readTask",
    "Read a task",
    "The response for a task of another user is the same as for a missing task.",
    {200: _task("The task."), **NOT_MODIFIED},
    NOT_FOUND,
    PRECONDITION_FAILED,
    parameters=[TASK_ID, IF_MATCH, IF_NONE_MATCH, ETAG],
)
replace_task = _edit("replaceTask", "Change a task, as PATCH does")
update_task = _edit("updateTask", "Change a task", ETAG)
delete_task = _operation(
    "deleteTask",
    "Delete a task",
    "The task cannot be restored.",
    {204: OpenApiResponse(description="The task is deleted.")},
    NOT_FOUND,
    PRECONDITION_FAILED,
    parameters=[TASK_ID, IF_MATCH],
)
complete_task = _operation(
    "completeTask",
    "Complete or reopen a task",
    "Without a body, or with `null` or `{}`, toggles `completed`. With `completed` it sets the "
    "value, which is safe to repeat.",
    {200: _task("The current task.", "A completed task", completed=True)},
    NOT_FOUND,
    PRECONDITION_FAILED,
    *BODY_PROBLEMS,
    parameters=[TASK_ID, IF_MATCH, ETAG],
    request=TaskCompletionSerializer,
    extensions={OPTIONAL_BODY: True},
    examples=[
        OpenApiExample("Toggle", {}, request_only=True),
        OpenApiExample("Set", {"completed": True}, request_only=True),
    ],
)
