"""What the OpenAPI document says of each operation on tasks."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
)

from tasks.models import USER_ID_LENGTH
from tasks.parameters import ListParametersSerializer
from tasks.serializers import (
    TaskCompletionSerializer,
    TaskCreateSerializer,
    TaskSerializer,
    TaskUpdateSerializer,
)
from todo_project.openapi import (
    COMMON_HEADERS,
    REQUEST_ID_PARAMETER,
    problem_responses,
    response_header,
)
from todo_project.problems import (
    CONTENT_TOO_LARGE,
    MALFORMED_JSON,
    NOT_FOUND,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION_ERROR,
    ProblemType,
)
from todo_project.rendering import JSON

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


USER_ID = OpenApiParameter(
    "user_id",
    {
        "type": "string",
        "minLength": 1,
        "maxLength": USER_ID_LENGTH,
        "pattern": r"^[^/\u0000-\u001f\u007f]+$",
        "examples": ["user123"],
    },
    OpenApiParameter.PATH,
    description="The user: any characters but `/` and control characters.",
)
TASK_ID = OpenApiParameter(
    "task_id",
    {"type": "string", "format": "uuid", "examples": [OPEN_TASK["id"]]},
    OpenApiParameter.PATH,
    description="The task's `id`, in any letter case.",
)
LOCATION = response_header(
    "Location", [201], {"type": "string", "format": "uri-reference"}, "The task's address."
)


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
        responses=responses | problem_responses(VALIDATION_ERROR, *problem_types),
        **options,
    )


def _edit(operation_id: str, summary: str) -> Callable[[F], F]:
    return _operation(
        operation_id,
        summary,
        "Writes the members sent and leaves the others as they are; `{}` changes nothing. "
        "PUT and PATCH do the same.",
        {200: _task("The task as it is now.", CHANGED_TASK)},
        NOT_FOUND,
        *BODY,
        parameters=[TASK_ID],
        request=TaskUpdateSerializer,
        examples=[OpenApiExample("A new title", {"title": "Buy oat milk"}, request_only=True)],
    )


list_tasks = _operation(
    "listTasks",
    "List the user's tasks",
    "Newest first: by `created_at`, then by `id`, both descending.",
    {
        200: OpenApiResponse(
            TaskSerializer(many=True),
            "The tasks.",
            [OpenApiExample("One task", OPEN_TASK)],  # becomes an array,
        )
    },
    parameters=[ListParametersSerializer],
)
create_task = _operation(
    "createTask",
    "Create a task",
    "Only `title` is required.",
    {201: _task("The task, with its address in `Location`.", OPEN_TASK)},
    *BODY,
    parameters=[LOCATION],
    request=TaskCreateSerializer,
    examples=[
        OpenApiExample("Only a title", {"title": "Buy milk"}, request_only=True),
        OpenApiExample(
            "Everything",
            {"title": "Buy milk", "description": "Two bottles", "completed": True},
            request_only=True,
        ),
    ],
)
read_task = _operation(
    "readTask",
    "Read a task",
    "A task of another user looks the same as none.",
    {200: _task("The task.", OPEN_TASK)},
    NOT_FOUND,
    parameters=[TASK_ID],
)
replace_task = _edit("replaceTask", "Change a task (PUT)")
update_task = _edit("updateTask", "Change a task (PATCH)")
delete_task = _operation(
    "deleteTask",
    "Delete a task",
    "For good: it cannot be brought back.",
    {204: OpenApiResponse(description="The task is gone.")},
    NOT_FOUND,
    parameters=[TASK_ID],
)
complete_task = _operation(
    "completeTask",
    "Complete or reopen a task",
    "Without a body, or with `{}`, flips `completed`. With `completed` it sets the value, "
    "which is safe to repeat.",
    {200: _task("The task as it is now.", COMPLETED_TASK)},
    NOT_FOUND,
    *BODY,
    parameters=[TASK_ID],
    request={JSON: OpenApiRequest(TaskCompletionSerializer)},
    examples=[
        OpenApiExample("Flip", {}, request_only=True),
        OpenApiExample("Set", {"completed": True}, request_only=True),
    ],
)
