"""Pages of a list: the cursor, and the `Link` to the next page (RFC 8288).

A cursor names the last task of a page, so that the next page starts after it, whatever was
created, edited or deleted meanwhile. It is bound to the user and the filters it was given for.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from struct import pack, unpack
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from rest_framework.exceptions import ErrorDetail

from tasks.verbs import TaskRow, UserTasks
from todo_project.problems import InvalidParameters

LIMIT = 10_000
"""The most tasks in a page, and their number where the client does not say."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PLACE = ">q16s"  # microseconds since the epoch, and the id
DIGEST_SIZE = 6  # with the place 30 bytes: 40 characters of base64 without padding


def page(
    tasks: UserTasks, limit: int = LIMIT, cursor: str | None = None, **filters: Any
) -> tuple[list[TaskRow], str | None]:
    """Read one page of the user's tasks; return it with the cursor of the next, if there is one.

    `filters` are `completed` and `search`. Raises InvalidParameters.
    """
    scope = urlencode({"user_id": tasks.user_id, **filters}).encode()
    after = None if cursor is None else _decode(cursor, scope)
    rows = tasks.newest(limit + 1, after=after, **filters)
    more = len(rows) > limit
    return rows[:limit], _encode(rows[limit - 1], scope) if more else None


def next_link(path: str, parameters: Mapping[str, Any], cursor: str) -> str:
    """Return the `Link` to the page after this one, with its other parameters repeated."""
    repeated = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in parameters.items()
    }
    return f'<{path}?{urlencode({**repeated, "cursor": cursor})}>; rel="next"'


def _encode(last: TaskRow, scope: bytes) -> str:
    microseconds = (last["created_at"] - EPOCH) // MICROSECOND
    place = pack(PLACE, microseconds, UUID(str(last["id"])).bytes)
    return urlsafe_b64encode(place + _digest(place, scope)).decode()


def _decode(cursor: str, scope: bytes) -> tuple[datetime, UUID]:
    """Return `created_at` and `id` of the task before the page."""
    try:
        decoded = urlsafe_b64decode(cursor.encode())
    except ValueError as error:
        raise _foreign() from error
    place = decoded[:-DIGEST_SIZE]
    if urlsafe_b64encode(place + _digest(place, scope)) != cursor.encode():
        raise _foreign()
    microseconds, task_id = unpack(PLACE, place)
    try:
        return EPOCH + microseconds * MICROSECOND, UUID(bytes=task_id)
    except OverflowError as error:  # the digest has no key: anybody can compute it
        raise _foreign() from error


def _foreign() -> InvalidParameters:
    rule = "Must come from the Link of the same user's list with the same filters."
    return InvalidParameters({"cursor": [ErrorDetail(rule, "invalid")]})


def _digest(place: bytes, scope: bytes) -> bytes:
    return blake2b(place + scope, digest_size=DIGEST_SIZE).digest()
