"""Idempotent creation: the Idempotency-Key header.

No table of keys is needed: the key and the user determine the id of the task (RFC 9562 §5.5),
so the primary key makes a repeated create a no-op.
"""

import re
from typing import Any
from uuid import UUID, uuid5

from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from tasks.api.problems import IDEMPOTENCY_KEY_REUSED, REUSED_KEY_ERROR
from tasks.models import DEFAULTS
from tasks.queries import TaskRow
from todo_project.problems.exceptions import InvalidHeaders, Problem

KEY_LENGTH = 255
KEY_PATTERN = re.compile(r"^[\x21-\x7e]+$")
"""Visible ASCII characters."""

NAMESPACE = UUID("afa95c54-6fe2-42b5-87a5-ea46bad15668")
"""The namespace of the ids that are derived from keys. A different one would orphan them all."""


def task_id_from_key(request: Request, user_id: str) -> UUID | None:
    """Return the task id that the Idempotency-Key determines, or None without the header.

    Raises InvalidHeaders.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if len(key) > KEY_LENGTH or not KEY_PATTERN.fullmatch(key):
        rule = f"Must be 1 to {KEY_LENGTH} visible ASCII characters."
        raise InvalidHeaders({"Idempotency-Key": [ErrorDetail(rule, "invalid")]})
    return uuid5(NAMESPACE, f"{user_id}/{key}")  # unambiguous: no user id contains a slash


def check_same_request(fields: dict[str, Any], task: TaskRow) -> None:
    """Raise Problem if the task is as it was created, and was created with other fields.

    Once it has changed, its original fields are unknown.
    """
    is_unchanged = task["updated_at"] == task["created_at"]
    if is_unchanged and not (DEFAULTS | fields).items() <= task.items():
        raise Problem(IDEMPOTENCY_KEY_REUSED, errors=[REUSED_KEY_ERROR])
