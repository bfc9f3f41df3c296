"""ETag, If-Match and If-None-Match (RFC 9110 §8.8, §13), as a `Precondition` of the query."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from django.utils.http import parse_etags
from rest_framework.exceptions import ErrorDetail, NotFound
from rest_framework.request import Request

from tasks.api.problems import PRECONDITION_FAILED
from tasks.models import Task
from tasks.queries import NO_PRECONDITION, Precondition, TaskRow, UserTasks
from todo_project.http.json import dumps
from todo_project.problems.exceptions import InvalidHeaders, Problem

CONDITIONS = {"If-Match": "HTTP_IF_MATCH", "If-None-Match": "HTTP_IF_NONE_MATCH"}
"""The headers with entity tags. `request.headers` would copy all headers of every request."""

MAX_ENTITY_TAGS = 64
"""The maximum number of entity tags in a header; each number is a statement of its own."""


def task_etag(task: TaskRow) -> str:
    """Return the entity tag of a task: its `updated_at` as serialized, quotes included."""
    return dumps(task["updated_at"]).decode()


def list_etag(parts: Iterable[bytes], link: str) -> str:
    """Return the entity tag of a page: a hash of its bytes and of its `Link`.

    SHA-256 is the fastest of hashlib on processors with instructions for it; 32 digits suffice.
    """
    digest = sha256()
    for part in (*parts, link.encode()):
        digest.update(part)
    return f'"{digest.hexdigest()[:32]}"'


def validate_preconditions(request: Request) -> None:
    """Raise InvalidHeaders if If-Match or If-None-Match has too many entity tags.

    They are counted by their commas: parsing a long header would take too much time.
    """
    headers = request.META
    too_long = [
        name
        for name, key in CONDITIONS.items()
        if key in headers and headers[key].count(",") >= MAX_ENTITY_TAGS
    ]
    if too_long:
        rule = f"Must contain no more than {MAX_ENTITY_TAGS} entity tags."
        raise InvalidHeaders({name: [ErrorDetail(rule, "max_length")] for name in too_long})


def precondition_from(request: Request) -> Precondition:
    """Return the precondition for the task that the request names.

    A weak, malformed or empty entity tag in If-Match matches no task. If-None-Match is part of
    the precondition of a write only; for a read, see `is_not_modified`.
    """
    headers = request.META
    if_match: Iterable[datetime] | None = None
    if_none_match: Iterable[datetime] = ()
    if "HTTP_IF_MATCH" in headers:
        etags = parse_etags(headers["HTTP_IF_MATCH"])
        if_match = None if etags == ["*"] else _timestamps(etags)
    if "HTTP_IF_NONE_MATCH" in headers and request.method not in {"GET", "HEAD"}:
        etags = parse_etags(headers["HTTP_IF_NONE_MATCH"])
        if_match = () if etags == ["*"] else if_match
        if_none_match = _timestamps(etag.removeprefix("W/") for etag in etags)
    if if_match is None and not if_none_match:
        return NO_PRECONDITION
    return Precondition(if_match, if_none_match)


def _timestamps(etags: Iterable[str]) -> Iterator[datetime]:
    """Parse strong entity tags; skip those that no task can have.

    The tags of tasks are in UTC. The same time with an offset is a different tag, and may lie
    outside the years that a conversion to UTC can represent.
    """
    for etag in etags:
        with suppress(ValueError):
            timestamp = datetime.fromisoformat(etag.strip('"'))
            if timestamp.tzinfo == UTC and dumps(timestamp) == etag.encode():
                yield timestamp


def not_found_or_precondition_failed(
    request: Request, tasks: UserTasks, task_id: UUID
) -> NotFound | Problem:
    """Return 404 for a missing task, 412 for one that does not meet the precondition.

    Only a failed conditional request needs this second statement.
    """
    if precondition_from(request) is not NO_PRECONDITION:
        with suppress(Task.DoesNotExist):
            current = tasks.get(task_id)
            return Problem(PRECONDITION_FAILED, _if_match_error(request), current=current)
    return NotFound("There is no such task.")


def _if_match_error(request: Request) -> str:
    """Return why no task can match If-Match; an empty string if one can, or without the header."""
    if "HTTP_IF_MATCH" not in request.META:
        return ""
    etags = parse_etags(request.META["HTTP_IF_MATCH"])
    if etags == ["*"] or any(_timestamps(etags)):
        return ""
    if not etags:
        reason = "contains no entity tag in double quotes"
    elif all(etag.startswith("W/") for etag in etags):
        reason = "contains only weak entity tags (W/), which never match"
    else:
        reason = "contains no entity tag that a task can have"
    return (
        f"If-Match {reason}. Send the ETag header of the task, or its updated_at in double quotes."
    )


def check_if_match(request: Request, etag: str) -> None:
    """Raise Problem if If-Match excludes the entity tag of a list (strong comparison)."""
    if "HTTP_IF_MATCH" in request.META:
        etags = parse_etags(request.META["HTTP_IF_MATCH"])
        if etags != ["*"] and etag not in etags:
            raise Problem(PRECONDITION_FAILED, "The list does not match If-Match.")


def is_not_modified(request: Request, etag: str) -> bool:
    """Return whether If-None-Match contains the entity tag (weak comparison)."""
    if "HTTP_IF_NONE_MATCH" not in request.META:
        return False
    etags = parse_etags(request.META["HTTP_IF_NONE_MATCH"])
    return etags == ["*"] or etag in {each.removeprefix("W/") for each in etags}
