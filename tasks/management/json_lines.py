"""The format of `export_tasks` and `import_tasks`: one task a line, as the API serializes it."""

import re
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from tasks.api.path_parameters import TaskIdConverter, validate_user_id
from tasks.api.serializers import StrictCharField, TaskSerializer, TitleField
from tasks.models import END_TIME, FIRST_TIME, Task
from tasks.queries import TaskRow
from todo_project.http.json import dumps

BATCH_SIZE = 1000
"""The number of tasks in memory, and per statement on PostgreSQL."""

MAX_LINE_LENGTH = 64 * 1024
"""The maximum number of bytes of a line. A task with every character escaped has 18,000."""


class IdField(serializers.Field[UUID, str, str, Any]):
    """A UUID, as in the path of a task."""

    default_error_messages = {"invalid": "Must be a UUID as 8-4-4-4-12 hexadecimal digits."}

    def to_internal_value(self, data: Any) -> UUID:
        """Parse the UUID."""
        if not (isinstance(data, str) and re.fullmatch(TaskIdConverter.regex, data)):
            self.fail("invalid")
        return UUID(data)


class TrimmedTitleField(TitleField):
    """A title without surrounding white space: to trim it would change a stored task."""

    default_error_messages = {"untrimmed": "Must not start or end with white space."}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Reject what the API would change."""
        title = super().run_validation(data)
        if title != data:
            self.fail("untrimmed")
        return title


class TimeField(serializers.Field[datetime, str, str, Any]):
    """A time with at most six decimals, so that it is stored exactly."""

    default_error_messages = {
        "invalid": "Must be a UTC time from the year 1 to 9998, as 2026-02-06T10:30:00.123456Z."
    }

    def to_internal_value(self, data: Any) -> datetime:
        """Parse the time; `fromisoformat` alone accepts more than RFC 3339."""
        time = None
        rfc3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"
        if isinstance(data, str) and re.fullmatch(rfc3339, data, re.ASCII):
            with suppress(ValueError):  # no such day or hour
                time = datetime.fromisoformat(data)
        if time is None or not FIRST_TIME <= time < END_TIME:
            self.fail("invalid")
        return time


class StoredTaskSerializer(TaskSerializer):
    """All members of a task, as they are stored."""

    id = IdField()
    user_id = StrictCharField(trim_whitespace=False)
    title = TrimmedTitleField()
    created_at = TimeField()
    updated_at = TimeField()


STORED_TASK = StoredTaskSerializer()


def format_line(row: TaskRow) -> bytes:
    """Return the line of a task, in the bytes of an API response."""
    return dumps(row) + b"\n"


def parse_line(line: bytes) -> Task:
    """Return the task of a line, not yet stored; raise ValidationError if the line is invalid."""
    if len(line) > MAX_LINE_LENGTH:
        raise ValidationError(f"The line is longer than {MAX_LINE_LENGTH} bytes.")
    try:
        members = orjson.loads(line.removesuffix(b"\n"))
    except orjson.JSONDecodeError as error:
        raise ValidationError(f"Not JSON: {error.msg} at column {error.colno}.") from error
    if not isinstance(members, dict):
        raise ValidationError("Not a JSON object.")
    fields = STORED_TASK.run_validation(members)
    validate_user_id(fields["user_id"])
    return Task(**fields)
