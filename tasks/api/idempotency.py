"""Idempotent creation: the Idempotency-Key header.

No table of keys is needed: the key and the user determine the id of the task (RFC 9562 §5.5),
so the primary key makes a repeated create a no-op.
"""

import re
from typing import Any
from uuid import UUID, uuid5

from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from tasks.models import DEFAULTS
from tasks.queries import TaskRow
from todo_project.problems.exceptions import InvalidHeaders

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


def is_same_request(fields: dict[str, Any], task: TaskRow) -> bool:
    """Return whether a create with these fields may have created the task.

    Once the task has changed, its original fields are unknown, and any request may have.
    """
    changed: bool = task["updated_at"] != task["created_at"]
    return changed or (DEFAULTS | fields).items() <= task.items()
