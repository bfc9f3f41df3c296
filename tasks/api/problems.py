"""The problem types that only tasks have, as data, and an example of each registered type.

The examples appear on the pages under `/problems/` and in the OpenAPI document.
"""

from tasks.api.examples import CHANGED_AT, OPEN_TASK
from todo_project.problems.registry import (
    BAD_REQUEST,
    CONTENT_TOO_LARGE,
    DATABASE_UNAVAILABLE,
    FORBIDDEN,
    HTTPS_REQUIRED,
    INTERNAL_ERROR,
    MALFORMED_JSON,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    OVERLOADED,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION_ERROR,
    Example,
    ExampleRequest,
    ProblemType,
    register,
)

LIST = f"/api/{OPEN_TASK['user_id']}/tasks"
DETAIL = f"{LIST}/{OPEN_TASK['id']}"
JSON = {"Content-Type": "application/json"}
GET_LIST = ExampleRequest("GET", LIST)

REUSED_KEY_ERROR = {
    "header": "Idempotency-Key",
    "code": "reused",
    "detail": "Use a new key for a new task.",
}


def _post(body: str, **headers: str) -> ExampleRequest:
    return ExampleRequest("POST", LIST, headers | JSON, body)


PRECONDITION_FAILED = register(
    ProblemType(
        slug="precondition-failed",
        status=412,
        title="Precondition failed",
        meaning="The task does not meet the condition in `If-Match` or `If-None-Match`.",
        remedy="Merge your change into `current`, the task as it is, and send it again with "
        "the new entity tag: the `updated_at` of `current` in quotes.",
    ),
    Example(
        ExampleRequest(
            "PATCH",
            DETAIL,
            {"If-Match": f'"{OPEN_TASK["updated_at"]}"', **JSON},
            '{"title": "Buy oat milk"}',
        ),
        members={"current": OPEN_TASK | {"title": "Buy milk and bread", "updated_at": CHANGED_AT}},
    ),
)
IDEMPOTENCY_KEY_REUSED = register(
    ProblemType(
        slug="idempotency-key-reused",
        status=422,
        title="The idempotency key was used before",
        meaning="A different request with this `Idempotency-Key` has created a task.",
        remedy="Use a new key for each new task, and the same key only to repeat a request.",
    ),
    Example(
        _post('{"title": "Bread"}', **{"Idempotency-Key": "a-key-used-for-milk"}),
        errors=(REUSED_KEY_ERROR,),
    ),
)
BLANK = "This field may not be blank."
for problem_type, example in {
    BAD_REQUEST: Example(ExampleRequest("GET", LIST, {"Host": "elsewhere.example"})),
    MALFORMED_JSON: Example(_post('["Buy milk"]'), detail="The body must be a JSON object."),
    VALIDATION_ERROR: Example(
        _post('{"title": ""}'),
        detail=f"title: {BLANK}",
        errors=({"pointer": "#/title", "code": "blank", "detail": BLANK},),
    ),
    UNAUTHORIZED: Example(GET_LIST, detail="Authentication credentials were not provided."),
    FORBIDDEN: Example(
        ExampleRequest("GET", LIST, {"Authorization": "Bearer a-token-of-another-user"}),
        detail="You do not have permission to perform this action.",
    ),
    HTTPS_REQUIRED: Example(_post('{"title": "Buy milk"}')),
    NOT_FOUND: Example(ExampleRequest("GET", DETAIL), detail="There is no such task."),
    METHOD_NOT_ALLOWED: Example(ExampleRequest("PUT", LIST), detail='Method "PUT" not allowed.'),
    NOT_ACCEPTABLE: Example(
        ExampleRequest("GET", LIST, {"Accept": "text/html"}),
        detail="This URL serves application/json only.",
    ),
    CONTENT_TOO_LARGE: Example(
        ExampleRequest("POST", LIST, {**JSON, "Content-Length": "70000"}, '{"title": "Buy milk, …')
    ),
    UNSUPPORTED_MEDIA_TYPE: Example(
        ExampleRequest("POST", LIST, {"Content-Type": "text/plain"}, "Buy milk"),
        detail="Send the body as Content-Type: application/json.",
    ),
    TOO_MANY_REQUESTS: Example(
        GET_LIST, detail="Request was throttled. Expected available in 30 seconds."
    ),
    INTERNAL_ERROR: Example(GET_LIST),
    DATABASE_UNAVAILABLE: Example(GET_LIST),
    OVERLOADED: Example(GET_LIST),
}.items():
    register(problem_type, example)
