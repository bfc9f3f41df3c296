"""What stands in the URL: the user in the path, the filters in the query."""

import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from tasks.models import USER_ID_LENGTH
from tasks.paging import LIMIT
from tasks.serializers import StrictCharField, StrictSerializer
from todo_project.problems import InvalidParameters

USER_ID = re.compile(rf"[^/\x00-\x1f\x7f]{{1,{USER_ID_LENGTH}}}")
SEARCH_LENGTH = 200


def valid_user_id(user_id: str) -> str:
    """Return the user id; raise InvalidParameters where it is none."""
    if not USER_ID.fullmatch(user_id):
        rule = f"Must be 1 to {USER_ID_LENGTH} characters without slash and control characters."
        raise InvalidParameters({"user_id": [ErrorDetail(rule, "invalid")]})
    return user_id


@extend_schema_field({"type": "boolean"})
class FlagField(serializers.Field[bool, str, bool, Any]):
    """`true` or `false`, in exactly these letters."""

    default_error_messages = {"invalid": "Must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """Return the boolean."""
        if data not in {"true", "false"}:
            self.fail("invalid")
        return bool(data == "true")


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": LIMIT, "default": LIMIT})
class LimitField(serializers.Field[int, str, int, Any]):
    """An integer, in digits without sign or leading zero."""

    default_error_messages = {"invalid": f"Must be an integer from 1 to {LIMIT}."}

    def to_internal_value(self, data: Any) -> int:
        """Return the integer."""
        if not re.fullmatch("[1-9][0-9]{0,4}", data) or int(data) > LIMIT:
            self.fail("invalid")
        return int(data)


@extend_schema_field(
    {"type": "string", "minLength": 1, "maxLength": SEARCH_LENGTH, "pattern": r"^[^\u0000]+$"}
)
class SearchField(StrictCharField):
    """1 to 200 code points."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=SEARCH_LENGTH, trim_whitespace=False, **options)


@extend_schema_field({"type": "string", "pattern": "^[A-Za-z0-9_-]{40}$"})
class CursorField(StrictCharField):
    """What a `Link` holds; `tasks.paging` tells whether it is one of ours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)


class ListParametersSerializer(StrictSerializer):
    """The query parameters of a list."""

    unknown_message = "There is no such parameter."

    completed = FlagField(
        required=False, help_text="`true`: only the completed tasks; `false`: only the open ones."
    )
    search = SearchField(
        required=False,
        help_text="Only the tasks with this text in title or description, whatever its case.",
    )
    limit = LimitField(required=False, help_text="The most tasks to answer.")
    cursor = CursorField(required=False, help_text="Where the page starts, as given in a `Link`.")


class ClearParametersSerializer(StrictSerializer):
    """The query parameters of a deletion by filter."""

    unknown_message = ListParametersSerializer.unknown_message

    completed = FlagField(help_text="`true`: delete the completed tasks; `false`: the open ones.")


LIST = ListParametersSerializer()
CLEAR = ClearParametersSerializer()


def query(request: HttpRequest, rules: StrictSerializer) -> dict[str, Any]:
    """Return the validated query parameters.

    Raises InvalidParameters, which names each one that is unknown, malformed or repeated.
    """
    sent = request.META.get("QUERY_STRING", "")
    # A byte that is no UTF-8 becomes a lone surrogate, which no rule lets pass.
    pairs = parse_qsl(sent, keep_blank_values=True, errors="surrogateescape")
    repeated = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
    if repeated:
        raise InvalidParameters(
            {name: [ErrorDetail("May be given only once.", "repeated")] for name in repeated}
        )
    try:
        validated: dict[str, Any] = rules.run_validation(dict(pairs))
        return validated
    except ValidationError as error:
        raise InvalidParameters(error.detail) from error
