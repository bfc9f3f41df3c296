"""Validators and retries: ETag, If-Match, If-None-Match (RFC 9110 §13), Idempotency-Key."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import blake2b
from uuid import UUID, uuid5

from django.utils.http import parse_etags
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from tasks.verbs import ANY_STATE, State, TaskRow
from todo_project.problems import InvalidHeaders
from todo_project.rendering import dump

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
NAMESPACE = UUID("afa95c54-6fe2-42b5-87a5-ea46bad15668")
"""The namespace of the ids that are derived from idempotency keys (RFC 9562 §5.5)."""
SAFE_METHODS = ("GET", "HEAD")


def task_etag(task: TaskRow) -> str:
    """Return the validator of a task: `updated_at` as JSON writes it, quotes included."""
    return dump(task["updated_at"]).decode()


def list_etag(body: bytes, link: str) -> str:
    """Return the validator of a page: a hash of its bytes, and of its link to the next."""
    return f'"{blake2b(body + link.encode(), digest_size=16).hexdigest()}"'


def demanded_state(request: Request) -> State:
    """Return the states in which the request may touch a task.

    A weak, malformed or empty validator in If-Match matches no task. On a read, If-None-Match
    is not part of it: that is the matter of `is_unmodified`.
    """
    wanted: Iterable[datetime] | None = None
    unwanted: Iterable[datetime] = ()
    if "HTTP_IF_MATCH" in request.META:
        tags = parse_etags(request.META["HTTP_IF_MATCH"])
        wanted = None if tags == ["*"] else _moments(tags)
    if "HTTP_IF_NONE_MATCH" in request.META and request.method not in SAFE_METHODS:
        tags = parse_etags(request.META["HTTP_IF_NONE_MATCH"])
        wanted = () if tags == ["*"] else wanted
        unwanted = _moments(tag.removeprefix("W/") for tag in tags)
    return State(wanted, unwanted) if wanted is not None or unwanted else ANY_STATE


def _moments(tags: Iterable[str]) -> Iterator[datetime]:
    """Parse strong validators; drop those that no task can have."""
    for tag in tags:
        with suppress(ValueError):
            moment = datetime.fromisoformat(tag.strip('"'))
            if moment.tzinfo and dump(moment) == tag.encode():
                yield moment


def is_another(request: Request, etag: str) -> bool:
    """Tell whether the client wants another state than this, by If-Match (strong comparison)."""
    if "HTTP_IF_MATCH" not in request.META:
        return False
    tags = parse_etags(request.META["HTTP_IF_MATCH"])
    return tags != ["*"] and etag not in tags


def is_unmodified(request: Request, etag: str) -> bool:
    """Tell whether the client has this state already, by If-None-Match (weak comparison)."""
    if "HTTP_IF_NONE_MATCH" not in request.META:
        return False
    tags = parse_etags(request.META["HTTP_IF_NONE_MATCH"])
    return tags == ["*"] or etag in {tag.removeprefix("W/") for tag in tags}


def derived_id(request: Request, user_id: str) -> UUID | None:
    """Return the id that the Idempotency-Key and the user determine, or None without a key.

    Raises InvalidHeaders.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not IDEMPOTENCY_KEY.fullmatch(key):
        rule = "Must be 1 to 255 visible ASCII characters."
        raise InvalidHeaders({"Idempotency-Key": [ErrorDetail(rule, "invalid")]})
    return uuid5(NAMESPACE, f"{user_id}/{key}")  # no user id contains a slash
