"""Problem details (RFC 9457): the registry of types, and the exceptions that name one.

The registry is the one place where a kind of failure is described: the responses, the pages
under `/problems/`, the OpenAPI document and the test that provokes each kind are made from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework import exceptions

RETRY_AFTER = 2
"""Seconds after which a client may try again when the database was unavailable."""

TASKS = "/api/user123/tasks"
TASK = f"{TASKS}/0198f5c2-6a1e-4c3a-9d1b-3f1f6c1b2a44"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class ExampleRequest:
    """A request that meets a problem."""

    method: str = "GET"
    path: str = TASKS
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def __str__(self) -> str:
        """Write it as HTTP does."""
        head = [f"{self.method} {self.path}", *map(": ".join, self.headers.items())]
        return "\n".join([*head, "", self.body] if self.body else head)


@dataclass(frozen=True, eq=False, kw_only=True)
class ProblemType:
    """A kind of failure. Its page is `/problems/{slug}`."""

    slug: str
    status: int
    title: str
    meaning: str
    remedy: str
    request: ExampleRequest
    detail: str = ""
    errors: tuple[Mapping[str, str], ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """The value of `type` in a problem: a reference relative to this service."""
        return f"/problems/{self.slug}"

    @property
    def example(self) -> dict[str, Any]:
        """The problem that the example request meets."""
        return {
            "type": self.uri,
            "title": self.title,
            "status": self.status,
            "detail": self.detail or self.meaning,
            "request_id": "0f8fad5bd9cb469fa16570867728950e",
            **({"errors": list(self.errors)} if self.errors else {}),
            **self.members,
        }


BAD_REQUEST = ProblemType(
    slug="bad-request",
    status=400,
    title="The request cannot be served",
    meaning="HTTP or this deployment's configuration forbids the request.",
    remedy="Compare the Host header with the address you were given, and send the whole body.",
    request=ExampleRequest(headers={"Host": "elsewhere.example"}),
)
MALFORMED_JSON = ProblemType(
    slug="malformed-json",
    status=400,
    title="The body is not a JSON object",
    meaning="The body is not JSON, not UTF-8, nested too deep, or not an object.",
    remedy="Send one JSON object in UTF-8; an empty one is written {}.",
    request=ExampleRequest("POST", headers=JSON, body='["Buy milk"]'),
    detail="The body must be a JSON object.",
)
VALIDATION_ERROR = ProblemType(
    slug="validation-error",
    status=400,
    title="The request is not valid",
    meaning="A field of the body, a parameter or a header breaks a rule.",
    remedy="Read errors: each entry says where, by pointer, parameter or header, and what is "
    "allowed. Show its detail beside the field.",
    request=ExampleRequest("POST", headers=JSON, body='{"title": ""}'),
    detail="title: This field may not be blank.",
    errors=({"pointer": "#/title", "code": "blank", "detail": "This field may not be blank."},),
)
UNAUTHORIZED = ProblemType(
    slug="unauthorized",
    status=401,
    title="Who are you?",
    meaning="This deployment demands credentials, and the request has none that are valid.",
    remedy="Send credentials of the kind that the WWW-Authenticate header names.",
    request=ExampleRequest(),
    detail="Authentication credentials were not provided.",
)
FORBIDDEN = ProblemType(
    slug="forbidden",
    status=403,
    title="This is not yours",
    meaning="The credentials are valid, but not for this user.",
    remedy="Use the user_id that your credentials name.",
    request=ExampleRequest(headers={"Authorization": "Bearer a-token-of-another-user"}),
    detail="You do not have permission to perform this action.",
)
NOT_FOUND = ProblemType(
    slug="not-found",
    status=404,
    title="Not found",
    meaning="There is no such task for this user, or no such URL.",
    remedy="Check the address. A task of another user looks the same as none.",
    request=ExampleRequest(path=TASK),
    detail="There is no such task.",
)
METHOD_NOT_ALLOWED = ProblemType(
    slug="method-not-allowed",
    status=405,
    title="The method is not allowed here",
    meaning="The resource exists, but does not do this.",
    remedy="Use one of the methods in the Allow header.",
    request=ExampleRequest("PUT"),
    detail='Method "PUT" not allowed.',
)
NOT_ACCEPTABLE = ProblemType(
    slug="not-acceptable",
    status=406,
    title="No acceptable representation",
    meaning="The Accept header rules out JSON, the only thing this API speaks.",
    remedy="Accept application/json, or leave the header out.",
    request=ExampleRequest(headers={"Accept": "text/html"}),
    detail="Every answer here is application/json; accept it.",
)
PRECONDITION_FAILED = ProblemType(
    slug="precondition-failed",
    status=412,
    title="The task has changed",
    meaning="The task is not in the state that If-Match or If-None-Match demands.",
    remedy="Merge your change into current, the task as it is, and send it again with the new "
    "validator: the updated_at of current in quotes.",
    request=ExampleRequest(
        "PATCH",
        TASK,
        {"If-Match": '"2026-02-06T10:30:00.123456Z"', **JSON},
        '{"title": "Buy oat milk"}',
    ),
    members={
        "current": {
            "id": "0198f5c2-6a1e-4c3a-9d1b-3f1f6c1b2a44",
            "user_id": "user123",
            "title": "Buy milk and bread",
            "description": None,
            "completed": False,
            "created_at": "2026-02-06T10:30:00.123456Z",
            "updated_at": "2026-02-06T11:00:00.654321Z",
        }
    },
)
CONTENT_TOO_LARGE = ProblemType(
    slug="content-too-large",
    status=413,
    title="The body is too large",
    meaning="The body has more than 64 KiB.",
    remedy="Send less; a task with the longest title and description fits easily.",
    request=ExampleRequest(
        "POST", headers={**JSON, "Content-Length": "70000"}, body='{"title": "Buy milk, …'
    ),
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    slug="unsupported-media-type",
    status=415,
    title="The body's media type is not supported",
    meaning="The body's Content-Type is missing or is not application/json.",
    remedy="Send Content-Type: application/json.",
    request=ExampleRequest("POST", headers={"Content-Type": "text/plain"}, body="Buy milk"),
    detail="Send the body as Content-Type: application/json.",
)
IDEMPOTENCY_KEY_REUSED = ProblemType(
    slug="idempotency-key-reused",
    status=422,
    title="The idempotency key was used before",
    meaning="This Idempotency-Key has created a task from another body.",
    remedy="Use a new key for each new task, and the same key only to repeat the same request.",
    request=ExampleRequest(
        "POST",
        headers={"Idempotency-Key": "a-key-used-for-milk", **JSON},
        body='{"title": "Bread"}',
    ),
    errors=(
        {
            "header": "Idempotency-Key",
            "code": "reused",
            "detail": "Use a new key for a new task.",
        },
    ),
)
INTERNAL_ERROR = ProblemType(
    slug="internal-error",
    status=500,
    title="Something went wrong here",
    meaning="A fault of the service, not of the request. It has been logged.",
    remedy="Report the request_id to the people who run the service.",
    request=ExampleRequest(),
)
DATABASE_UNAVAILABLE = ProblemType(
    slug="database-unavailable",
    status=503,
    title="The database is unavailable",
    meaning="The database cannot be reached, takes too long, or has no connection left.",
    remedy="Repeat the request after as many seconds as the Retry-After header says. To repeat a "
    "POST without creating two tasks, send it with an Idempotency-Key.",
    request=ExampleRequest(),
)
REGISTRY = {
    each.slug: each
    for each in (
        BAD_REQUEST,
        MALFORMED_JSON,
        VALIDATION_ERROR,
        UNAUTHORIZED,
        FORBIDDEN,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        NOT_ACCEPTABLE,
        PRECONDITION_FAILED,
        CONTENT_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        IDEMPOTENCY_KEY_REUSED,
        INTERNAL_ERROR,
        DATABASE_UNAVAILABLE,
    )
}


class Problem(Exception):
    """A failure as the client shall see it; without a `detail`, it says what its type means.

    `errors` are the entries of `errors[]`; `members` are further members of the problem.
    """

    def __init__(
        self,
        problem_type: ProblemType,
        detail: str = "",
        *,
        errors: Iterable[Mapping[str, str]] = (),
        **members: object,
    ) -> None:
        self.type = problem_type
        self.detail = detail or problem_type.meaning
        super().__init__(self.detail)
        self.errors = list(errors)
        self.members = members


class InvalidHeaders(exceptions.ValidationError):
    """Headers that break a rule, by name."""


class InvalidParameters(exceptions.ValidationError):
    """Parameters of the path or of the query that break a rule, by name."""
