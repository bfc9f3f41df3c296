"""What stands in the URL: the user in the path, the filters in the query."""

import re
from typing import Any, TypedDict
from urllib.parse import parse_qsl

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from tasks.models import USER_ID_LENGTH
from tasks.serializers import StrictSerializer
from todo_project.problems import InvalidParameters

USER_ID = re.compile(rf"[^/\x00-\x1f\x7f]{{1,{USER_ID_LENGTH}}}")


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


class Filters(TypedDict, total=False):
    """The columns to filter by."""

    completed: bool


class ListParametersSerializer(StrictSerializer):
    """The query parameters of a list."""

    unknown_message = "There is no such parameter."

    completed = FlagField(
        required=False, help_text="Only the completed tasks, or only the open ones."
    )


LIST = ListParametersSerializer()


def query(request: HttpRequest, rules: StrictSerializer) -> dict[str, Any]:
    """Return the validated query parameters.

    Raises InvalidParameters, which names each one that is unknown, malformed or repeated.
    """
    # A byte that is no UTF-8 becomes a lone surrogate, which no rule lets pass.
    pairs = parse_qsl(
        request.META.get("QUERY_STRING", ""), keep_blank_values=True, errors="surrogateescape"
    )
    names = [name for name, _ in pairs]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise InvalidParameters(
            {name: [ErrorDetail("May be given only once.", "repeated")] for name in repeated}
        )
    try:
        validated: dict[str, Any] = rules.run_validation(dict(pairs))
        return validated
    except ValidationError as error:
        raise InvalidParameters(error.detail) from error
