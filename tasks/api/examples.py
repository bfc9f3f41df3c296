"""The tasks in the examples of the OpenAPI document and of the pages under `/problems/`."""

from typing import Any

from tasks.models import COLUMNS, DEFAULTS

ALL_FIELDS: dict[str, Any] = {
    "title": "Buy milk",
    "description": "Two bottles",
    "completed": True,
}
"""A valid value of each column that a client may set, other than its default."""

CREATED_AT, CHANGED_AT = "2026-02-06T10:30:00.123456Z", "2026-02-06T11:00:00.654321Z"

_members = DEFAULTS | {
    "id": "0198f5c2-6a1e-4c3a-9d1b-3f1f6c1b2a44",
    "user_id": "user123",
    "title": ALL_FIELDS["title"],
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
}
OPEN_TASK: dict[str, Any] = {name: _members[name] for name in COLUMNS}
"""The task of all examples, as it was created with nothing but a title."""
