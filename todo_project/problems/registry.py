"""The registry of problem types (RFC 9457).

The responses, the pages under `/problems/`, the OpenAPI document and the test of each problem are
generated from it. An app registers its own types, and an example request for each type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import responses
from typing import Any

RETRY_AFTER = 2
"""Seconds after which a client may repeat a request that was answered with 503."""


def plain(text: str) -> str:
    """Return a meaning or a remedy as plain text, without backticks."""
    return text.replace("`", "")


@dataclass(frozen=True, eq=False, kw_only=True)
class ProblemType:
    """A kind of failure. Its page is `/problems/{slug}`; without a slug it has none.

    In the meaning and the remedy, code is in backticks, as in Markdown.
    """

    slug: str
    status: int
    title: str
    meaning: str
    remedy: str

    @property
    def uri(self) -> str:
        """The value of `type` in a problem: a reference relative to this service."""
        return f"/problems/{self.slug}" if self.slug else "about:blank"

    @property
    def example(self) -> dict[str, Any]:
        """The problem that the example request returns."""
        example = EXAMPLES[self.slug]
        return {
            "type": self.uri,
            "title": self.title,
            "status": self.status,
            "detail": example.detail or plain(self.meaning),
            "request_id": "0f8fad5bd9cb469fa16570867728950e",
            **({"errors": list(example.errors)} if example.errors else {}),
            **example.members,
        }


@dataclass(frozen=True)
class ExampleRequest:
    """A request that returns a problem."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def __str__(self) -> str:
        """Format the request as HTTP/1.1 does, without the version."""
        head = [f"{self.method} {self.path}", *map(": ".join, self.headers.items())]
        return "\n".join([*head, "", self.body] if self.body else head)


@dataclass(frozen=True)
class Example:
    """An example request, and the members of the problem that depend on it."""

    request: ExampleRequest
    detail: str = ""
    errors: tuple[Mapping[str, str], ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)


EXAMPLES: dict[str, Example] = {}
_TYPES: dict[str, ProblemType] = {}


def register(problem_type: ProblemType, example: Example) -> ProblemType:
    """Add a problem type and its example to the registry; return the type."""
    _TYPES[problem_type.slug] = problem_type
    EXAMPLES[problem_type.slug] = example
    return problem_type


def registered_types() -> dict[str, ProblemType]:
    """Return all problem types by slug, ordered by status."""
    return dict(sorted(_TYPES.items(), key=lambda item: item[1].status))


def about_blank(status: int) -> ProblemType:
    """Return the type of a failure that only its status describes (RFC 9457 §4.2.1).

    A client must treat an unknown 4xx as a 400 (RFC 9110 §15).
    """
    phrase = responses.get(status, responses[HTTPStatus.BAD_REQUEST])
    return ProblemType(slug="", status=status, title=phrase, meaning=phrase, remedy="")


BAD_REQUEST = ProblemType(
    slug="bad-request",
    status=400,
    title="The request cannot be served",
    meaning="The request violates HTTP or the configuration of this deployment.",
    remedy="Compare the `Host` header with the address of the service, and send a complete body.",
)
MALFORMED_JSON = ProblemType(
    slug="malformed-json",
    status=400,
    title="The body is not a JSON object",
    meaning="The body is not JSON, not UTF-8, nested too deeply, or not an object.",
    remedy="Send one JSON object in UTF-8; an empty one is written `{}`.",
)
VALIDATION_ERROR = ProblemType(
    slug="validation-error",
    status=400,
    title="The request is not valid",
    meaning="A field of the body, a parameter or a header is not valid.",
    remedy="Read `errors`: each entry says where, by `pointer`, `parameter` or `header`, and what "
    "is allowed. Show its `detail` beside the field.",
)
UNAUTHORIZED = ProblemType(
    slug="unauthorized",
    status=401,
    title="Authentication required",
    meaning="The request has no valid credentials, and this deployment requires them.",
    remedy="Send credentials of the kind that the `WWW-Authenticate` header names.",
)
FORBIDDEN = ProblemType(
    slug="forbidden",
    status=403,
    title="Permission denied",
    meaning="The credentials are valid, but do not permit this request.",
    remedy="Use the `user_id` that your credentials belong to.",
)
HTTPS_REQUIRED = ProblemType(
    slug="https-required",
    status=403,
    title="HTTPS is required",
    meaning="The request came over plain HTTP, and nothing was done. If the client used HTTPS, "
    "the proxy must set `X-Forwarded-Proto: https`. Without a proxy, set `BEHIND_PROXY=false`.",
    remedy="Send the request to the https URL. An operator can check "
    "`X-Forwarded-Proto` and `BEHIND_PROXY`.",
)
NOT_FOUND = ProblemType(
    slug="not-found",
    status=404,
    title="Not found",
    meaning="There is nothing at this URL, or it belongs to another user.",
    remedy="Check the URL. What belongs to another user cannot be told from what is missing.",
)
METHOD_NOT_ALLOWED = ProblemType(
    slug="method-not-allowed",
    status=405,
    title="The method is not allowed",
    meaning="The resource exists, but does not support this method.",
    remedy="Use one of the methods in the `Allow` header.",
)
NOT_ACCEPTABLE = ProblemType(
    slug="not-acceptable",
    status=406,
    title="No acceptable representation",
    meaning="The `Accept` header excludes JSON, the only format of this API.",
    remedy="Accept `application/json` or `application/problem+json`, or omit the header.",
)
CONTENT_TOO_LARGE = ProblemType(
    slug="content-too-large",
    status=413,
    title="The body is too large",
    meaning="The body is larger than 64 KiB.",
    remedy="Send a smaller body.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    slug="unsupported-media-type",
    status=415,
    title="The body's media type is not supported",
    meaning="The body's `Content-Type` is missing or is not `application/json`, or the body has a "
    "`Content-Encoding`.",
    remedy="Send `Content-Type: application/json`, and the body without compression.",
)
TOO_MANY_REQUESTS = ProblemType(
    slug="too-many-requests",
    status=429,
    title="Too many requests",
    meaning="The client has sent more requests than this deployment permits.",
    remedy="Repeat the request after the number of seconds in the `Retry-After` header.",
)
INTERNAL_ERROR = ProblemType(
    slug="internal-error",
    status=500,
    title="Internal error",
    meaning="The service failed because of a bug, which has been logged.",
    remedy="Report the `request_id` to the operators of the service.",
)
DATABASE_UNAVAILABLE = ProblemType(
    slug="database-unavailable",
    status=503,
    title="The database is unavailable",
    meaning="The database cannot be reached, is too slow, has no connection left, is not "
    "migrated, or denies access.",
    remedy="Repeat the request after the number of seconds in the `Retry-After` header. To repeat "
    "a `POST` without creating twice, send it with an `Idempotency-Key`.",
)
OVERLOADED = ProblemType(
    slug="overloaded",
    status=503,
    title="The service is overloaded",
    meaning="No thread was free in time, or there was no memory for the response. Nothing was "
    "changed.",
    remedy="Repeat the request after the number of seconds in the `Retry-After` header.",
)
