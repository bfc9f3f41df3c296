"""What every operation of the OpenAPI document has in common: problems, headers, paths."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from todo_project.problems import (
    BAD_REQUEST,
    DATABASE_UNAVAILABLE,
    INTERNAL_ERROR,
    NOT_ACCEPTABLE,
    REGISTRY,
    RETRY_AFTER,
    ProblemType,
)
from todo_project.rendering import PROBLEM_JSON

BODY_IS_OPTIONAL = "x-body-is-optional"
"""An extension that marks an operation for `closed_requests`; it is not published."""

LINKS = "x-links"
"""An extension with the links of an operation, by status, for `linked_responses`; it is not
published."""

EVERYWHERE = (BAD_REQUEST, NOT_ACCEPTABLE, INTERNAL_ERROR)
"""The problems that any request can meet, also one that never asks the database."""


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One thing that is wrong, and where: one of pointer, parameter and header."""

    pointer = serializers.CharField(
        required=False, help_text="A field of the body, as a JSON Pointer in a URI fragment."
    )
    parameter = serializers.CharField(
        required=False, help_text="A parameter of the path or of the query."
    )
    header = serializers.CharField(required=False, help_text="A header of the request.")
    code = serializers.CharField(help_text="The rule that was broken, for programs.")
    detail = serializers.CharField(help_text="The rule that was broken, for people.")


class ProblemSerializer(serializers.Serializer[Any]):
    """A failure (RFC 9457)."""

    # A type with members of its own has a schema of its own, so that `type` tells them apart.
    type = serializers.ChoiceField(
        [problem_type.uri for problem_type in REGISTRY.values() if not problem_type.members],
        help_text="The kind of failure; the address of a page about it.",
    )
    title = serializers.CharField(help_text="The kind of failure, for people.")
    status = serializers.IntegerField(help_text="The HTTP status.", min_value=400, max_value=599)
    detail = serializers.CharField(help_text="What is wrong this time, for people.")
    request_id = serializers.CharField(help_text="Under which the request is logged.")
    errors = ProblemErrorSerializer(
        many=True, required=False, help_text="Each thing that is wrong with the request."
    )  # type: ignore[assignment]


def response_header(
    name: str,
    statuses: Iterable[int] | None,
    schema: Any,
    description: str,
    *,
    required: bool = True,
) -> OpenApiParameter:
    """Describe a header of the responses with these statuses, or of all."""
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
    """Describe the problems of an operation: those given and those of every request.

    `serializers` are those of problems with members of their own.
    """
    by_status: dict[int, list[ProblemType]] = {}
    for problem_type in (*specific, *EVERYWHERE):
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
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
        "The request's id: yours, if you sent one.",
    ),
    response_header(
        "Cache-Control",
        None,
        {"type": "string", "const": "private, no-cache"},
        "You may keep the answer, but ask before you use it again.",
    ),
    response_header(
        "Retry-After",
        [DATABASE_UNAVAILABLE.status],
        {"type": "integer", "examples": [RETRY_AFTER]},
        "Seconds to wait before the request is repeated.",
    ),
]
REQUEST_ID_PARAMETER = OpenApiParameter(
    "X-Request-ID",
    str,
    OpenApiParameter.HEADER,
    description="An id for this request in the log: 1 to 128 of `A-Z a-z 0-9 . _ -`. Without it, "
    "or with any other, the server chooses one.",
)


class ChallengeScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describe any authentication class by the challenge that its 401 carries (RFC 9110 §11.6.1).

    drf-spectacular's own extensions for known classes come first.
    """

    target_class = "rest_framework.authentication.BaseAuthentication"
    match_subclasses = True
    priority = -2
    name = "credentials"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the scheme."""
        challenge = self.target.authenticate_header(auto_schema.view.request) or "Bearer"
        return {"type": "http", "scheme": challenge.split()[0].lower()}


def only_canonical_paths(endpoints: list[tuple[str, Any, str, Any]]) -> list[Any]:
    """Leave the paths with a slash at their end out of the document: they mean the same."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def closed_requests(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of each request body that it must come, and that it takes no other fields."""
    for path in result["paths"].values():
        for operation in path.values():
            if body := operation.get("requestBody"):
                body["required"] = not operation.pop(BODY_IS_OPTIONAL, False)
                for media in body["content"].values():
                    name = media["schema"]["$ref"].rpartition("/")[2]
                    result["components"]["schemas"][name]["additionalProperties"] = False
    return result


def linked_responses(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of each response where a client can go from there."""
    for path in result["paths"].values():
        for operation in path.values():
            for status, links in operation.pop(LINKS, {}).items():
                operation["responses"][str(status)]["links"] = links
    return result


def anonymous_by_default(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say that an operation asks who calls only where it says so."""
    return result | {"security": []}
