"""The parameters in the path: `user_id` and `task_id`."""

import re

from django.urls.converters import StringConverter, UUIDConverter
from rest_framework.exceptions import ErrorDetail

from tasks.models import USER_ID_LENGTH
from todo_project.problems.exceptions import InvalidParameters

_EXCLUDED = r"\x2f\x00-\x1f\x7f"
USER_ID_PATTERN = re.compile(rf"^(\.?[^.{_EXCLUDED}]|\.\.[^{_EXCLUDED}])[^{_EXCLUDED}]*$")
"""Any characters but `/` and control characters; not the dot segments `.` and `..`, which clients
and gateways remove from a path (RFC 3986 §5.2.4). The OpenAPI document contains the pattern: not
every engine that reads it has lookaheads, or accepts a slash in a class."""


class UserIdConverter(StringConverter):
    """Any text without a slash, even an empty one: `validate_user_id` reports what is wrong."""

    regex = "[^/]*"


class TaskIdConverter(UUIDConverter):
    """A UUID as 8-4-4-4-12 hexadecimal digits, in any letter case."""

    regex = UUIDConverter.regex.replace("a-f", "A-Fa-f")


def validate_user_id(user_id: str) -> str:
    """Return the user id if it is valid, else raise InvalidParameters."""
    if len(user_id) > USER_ID_LENGTH or not USER_ID_PATTERN.fullmatch(user_id):
        rule = (
            f'Must be 1 to {USER_ID_LENGTH} characters, neither "." nor "..", without slash and '
            "control characters."
        )
        raise InvalidParameters({"user_id": [ErrorDetail(rule, "invalid")]})
    return user_id
