"""The parameters in the query string of a list and of a delete by filter."""

import re
from collections import Counter
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from tasks.api.pagination import CURSOR_PATTERN, MAX_PAGE_SIZE
from tasks.api.serializers import StrictCharField, StrictSerializer
from todo_project.problems.exceptions import MAX_ERRORS, InvalidParameters

SEARCH_LENGTH = 200


@extend_schema_field({"type": "boolean"})
class BooleanParameter(serializers.Field[bool, str, bool, Any]):
    """`true` or `false`, in lower case."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """Return the boolean."""
        if data not in {"true", "false"}:
            self.fail("invalid")
        return bool(data == "true")


@extend_schema_field(
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": MAX_PAGE_SIZE}
)
class LimitParameter(serializers.Field[int, str, int, Any]):
    """An integer in decimal digits, without sign or leading zero."""

    default_error_messages = {"invalid": f"Must be an integer from 1 to {MAX_PAGE_SIZE}."}

    def to_internal_value(self, data: Any) -> int:
        """Return the integer."""
        if not re.fullmatch("[1-9][0-9]{0,4}", data) or int(data) > MAX_PAGE_SIZE:
            self.fail("invalid")
        return int(data)


@extend_schema_field(
    {"type": "string", "minLength": 1, "maxLength": SEARCH_LENGTH, "pattern": r"^[^\x00]+$"}
)
class SearchParameter(StrictCharField):
    """1 to 200 code points."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=SEARCH_LENGTH, trim_whitespace=False, **options)


@extend_schema_field({"type": "string", "pattern": CURSOR_PATTERN.pattern})
class CursorParameter(StrictCharField):
    """A cursor from a `Link`; `tasks.api.pagination` validates it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)


class QueryParametersSerializer(StrictSerializer):
    """The base of the serializers for query parameters."""

    def unknown_message(self, name: str) -> str:
        """Return the error of an undeclared parameter."""
        return "There is no such parameter."


class ListParametersSerializer(QueryParametersSerializer):
    """The query parameters of a list."""

    completed = BooleanParameter(
        required=False, help_text="`true`: only completed tasks; `false`: only open tasks."
    )
    search = SearchParameter(
        required=False,
        help_text="Only tasks with this text in title or description; letter case is ignored.",
    )
    limit = LimitParameter(required=False, help_text="The maximum number of tasks in the page.")
    cursor = CursorParameter(required=False, help_text="The start of the page, from a `Link`.")

    def unknown_message(self, name: str) -> str:
        """Say how to page if the name is one that other APIs use for it."""
        message = super().unknown_message(name)
        if re.search("page|offset|size|skip", name, re.IGNORECASE):
            return f"{message} Page with limit, and with the cursor in the Link of each response."
        return message


class DeleteParametersSerializer(QueryParametersSerializer):
    """The query parameters of a delete by filter."""

    completed = BooleanParameter(
        help_text="`true`: delete the completed tasks; `false`: delete the open tasks."
    )


LIST_PARAMETERS = ListParametersSerializer()
DELETE_PARAMETERS = DeleteParametersSerializer()


def parse_query(request: HttpRequest, serializer: StrictSerializer) -> dict[str, Any]:
    """Return the validated query parameters.

    Raises InvalidParameters, which names each unknown, malformed or repeated parameter.
    """
    query = request.META.get("QUERY_STRING", "")
    # A byte that is not UTF-8 becomes a lone surrogate, which every field rejects.
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    counts = Counter(name for name, _ in pairs)
    repeated = islice((name for name, count in counts.items() if count > 1), MAX_ERRORS + 1)
    if errors := {name: [ErrorDetail("May be given only once.", "repeated")] for name in repeated}:
        raise InvalidParameters(errors)
    try:
        validated: dict[str, Any] = serializer.run_validation(dict(pairs))
        return validated
    except ValidationError as error:
        raise InvalidParameters(error.detail) from error
