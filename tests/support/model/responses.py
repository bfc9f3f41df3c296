"""The parts of a response that the contract determines."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support.model.validation import Parameters

PROBLEM_SLUGS = {
    400: "validation-error",
    404: "not-found",
    412: "precondition-failed",
    422: "idempotency-key-reused",
}


@dataclass(frozen=True)
class Cursor:
    """The end of a page: the user and the filters of the list, and the last task's position."""

    user: str
    filters: Parameters
    after: tuple[datetime, str]


@dataclass(frozen=True)
class ExpectedResponse:
    """The response that the contract requires. `next_cursor` is None on the last page."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    next_cursor: Cursor | None = None


def problem(status: int, **members: Any) -> ExpectedResponse:
    return ExpectedResponse(status, {"type": f"/problems/{PROBLEM_SLUGS[status]}"} | members)
