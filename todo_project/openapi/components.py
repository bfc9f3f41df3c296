"""Components of the OpenAPI document: problem responses, headers, and parameters."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from todo_project.http.headers import CACHE_CONTROL
from todo_project.http.json import PROBLEM_JSON
from todo_project.http.request_id import REQUEST_ID_PATTERN
from todo_project.problems.exceptions import MAX_ERRORS
from todo_project.problems.registry import (
    BAD_REQUEST,
    DATABASE_UNAVAILABLE,
    EXAMPLES,
    INTERNAL_ERROR,
    RETRY_AFTER,
    TOO_MANY_REQUESTS,
    ProblemType,
    registered_types,
)


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One error, and its location: one of pointer, parameter and header."""

    pointer = serializers.CharField(
        required=False, help_text="A field of the body, as a JSON Pointer in a URI fragment."
    )
    parameter = serializers.CharField(
        required=False, help_text="A parameter of the path or of the query."
    )
    header = serializers.CharField(required=False, help_text="A header of the request.")
    code = serializers.CharField(help_text="The violated rule, for programs.")
    detail = serializers.CharField(help_text="The violated rule, for people.")


class ProblemTypeField(serializers.ChoiceField):
    """The URIs of the registered types, except those that have a schema of their own."""

    def __init__(self, **options: Any) -> None:
        types = registered_types().values()
        uris = [each.uri for each in types if not EXAMPLES[each.slug].members]
        super().__init__(uris, **options)


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem (RFC 9457)."""

    type: serializers.ChoiceField = ProblemTypeField(
        help_text="The problem type: the URL of a page about it."
    )
    title = serializers.CharField(help_text="The problem type, for people.")
    status = serializers.IntegerField(help_text="The HTTP status.", min_value=400, max_value=599)
    detail = serializers.CharField(help_text="What is wrong in this case, for people.")
    request_id = serializers.CharField(help_text="The id with which the request is logged.")
    errors = serializers.ListField(
        child=ProblemErrorSerializer(),
        required=False,
        max_length=MAX_ERRORS,
        help_text="Each error of the request; `detail` says if there are more.",
    )  # type: ignore[assignment]


def response_header(
    name: str,
    statuses: Iterable[int] | None,
    schema: Any,
    description: str,
    *,
    required: bool = True,
) -> OpenApiParameter:
    """Return a header of the responses with these statuses, or of all responses for None."""
    return OpenApiParameter(
        name,
        schema,
        OpenApiParameter.HEADER,
        description=description,
        required=required,
        response=True if statuses is None else [str(status) for status in statuses],
    )


def problem_responses(
    *specific: ProblemType, serializers: Mapping[ProblemType, Any] = MappingProxyType({})
) -> dict[Any, OpenApiResponse]:
    """Return the problem responses of an operation: the given types, and those of any request.

    `serializers`: those of the types that have a schema of their own.
    """
    by_status: dict[int, list[ProblemType]] = {}
    for problem_type in (*specific, BAD_REQUEST, INTERNAL_ERROR):
        by_status.setdefault(problem_type.status, []).append(problem_type)
    return {
        (status, PROBLEM_JSON): OpenApiResponse(
            serializers.get(types[0], ProblemSerializer),
            description=_description(types),
            examples=[_example(problem_type) for problem_type in types],
        )
        for status, types in sorted(by_status.items())
    }


def _description(types: list[ProblemType]) -> str:
    if len(types) == 1:
        return types[0].meaning
    return "One of: " + ", ".join(f"`{each.slug}`" for each in types) + "."


def _example(problem_type: ProblemType) -> OpenApiExample:
    return OpenApiExample(
        problem_type.slug,
        problem_type.example,
        summary=problem_type.title,
        description=problem_type.remedy,
        media_type=PROBLEM_JSON,
        status_codes=[str(problem_type.status)],
    )


COMMON_HEADERS = [
    response_header(
        "X-Request-ID",
        None,
        {"type": "string", "pattern": REQUEST_ID_PATTERN.pattern},
        "The id of the request: the client's, if it sent a valid one.",
    ),
    response_header(
        "Cache-Control",
        None,
        {"type": "string", "const": CACHE_CONTROL},
        "A browser may keep the response, but revalidates it.",
    ),
    response_header(
        "Retry-After",
        [DATABASE_UNAVAILABLE.status],
        {"type": "integer", "examples": [RETRY_AFTER]},
        "Seconds to wait before repeating the request.",
    ),
    response_header(
        "Retry-After",
        [TOO_MANY_REQUESTS.status],
        {"type": "integer", "minimum": 0},
        "Seconds to wait before repeating the request, if known.",
        required=False,
    ),
]
REQUEST_ID_PARAMETER = OpenApiParameter(
    "X-Request-ID",
    str,
    OpenApiParameter.HEADER,
    description="An id for the log: 1 to 128 of `A-Z a-z 0-9 . _ -`. Without a "
    "valid one the server chooses one.",
)
