"""Keyset pagination: the cursor, and the `Link` to the next page (RFC 8288).

A cursor holds the position of the last task of a page, so the next page starts after it,
whatever is created, edited or deleted meanwhile. It is valid for the user and the filters of
the list it was issued for.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from struct import pack, unpack
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from rest_framework.exceptions import ErrorDetail

from tasks.queries import Position, UserTasks, position
from todo_project.http.json import dumps
from todo_project.problems.exceptions import InvalidParameters

MAX_PAGE_SIZE = 10_000
"""The maximum and default number of tasks in a page."""

MAX_PAGE_BYTES = 4 * 1024 * 1024
"""Bytes of JSON after which a page ends. 10,000 tasks with short texts have less."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR_FORMAT = ">q16s"  # microseconds since the epoch, and the id
DIGEST_SIZE = 6  # bytes; with the position 30 bytes, which are 40 base64 characters
CURSOR_PATTERN = re.compile(r"^[A-Za-z0-9_\-]{40}$")


def list_page(
    tasks: UserTasks, limit: int = MAX_PAGE_SIZE, cursor: str | None = None, **filters: Any
) -> tuple[list[bytes], str | None]:
    """Return one page of tasks as JSON, and the cursor of the next page, or None on the last page.

    It ends after `limit` tasks, or after the chunk with which it has more than `MAX_PAGE_BYTES`.
    `filters` are `completed` and `search`. Raises InvalidParameters. One statement.
    """
    scope = urlencode({"user_id": tasks.user_id, **filters}).encode()
    after = None if cursor is None else _decode(cursor, scope)
    parts: list[bytes] = []
    size, has_more = 0, False
    with closing(tasks.list(limit + 1, after=after, **filters)) as chunks:
        for chunk in chunks:
            page = chunk[:limit] if size <= MAX_PAGE_BYTES else []
            if page:
                body = dumps(page)
                if parts:
                    parts[-1], body = parts[-1][:-1], b"," + body[1:]
                parts.append(body)
                size += len(body)
                limit -= len(page)
                last = page[-1]
            if has_more := len(page) < len(chunk):
                break
    return parts or [b"[]"], _encode(position(last), scope) if has_more else None


def next_link(path: str, parameters: Mapping[str, Any], cursor: str) -> str:
    """Return the value of `Link` for the next page; it repeats the other parameters."""
    repeated = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in parameters.items()
    }
    return f'<{path}?{urlencode({**repeated, "cursor": cursor})}>; rel="next"'


def _encode(end: Position, scope: bytes) -> str:
    position = pack(CURSOR_FORMAT, (end.created_at - EPOCH) // MICROSECOND, end.id.bytes)
    return urlsafe_b64encode(position + _digest(position, scope)).decode()


def _decode(cursor: str, scope: bytes) -> Position:
    if not CURSOR_PATTERN.fullmatch(cursor):
        raise _invalid_cursor()
    decoded = urlsafe_b64decode(cursor)
    position, digest = decoded[:-DIGEST_SIZE], decoded[-DIGEST_SIZE:]
    if digest != _digest(position, scope):
        raise _invalid_cursor()
    microseconds, task_id = unpack(CURSOR_FORMAT, position)
    try:
        return Position(EPOCH + microseconds * MICROSECOND, UUID(bytes=task_id))
    except OverflowError as error:  # the digest has no key, so anybody can compute it
        raise _invalid_cursor() from error


def _invalid_cursor() -> InvalidParameters:
    rule = "Must come from the Link of the same user's list with the same filters."
    return InvalidParameters({"cursor": [ErrorDetail(rule, "invalid")]})


def _digest(position: bytes, scope: bytes) -> bytes:
    return blake2b(position + scope, digest_size=DIGEST_SIZE).digest()
