"""Hooks of Schemathesis for what a schema cannot express: rules that depend on existing tasks."""

from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

KEY = "Idempotency-Key"
sent_keys: set[str] = set()
"""The keys of valid requests."""


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Remove from a valid request what would cause it to be rejected early."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    # A cursor comes from the `Link` of a list; no runtime expression can extract it.
    case.query.pop("cursor", None)
    # One key with several bodies is a 422 from the second on.
    if (key := case.headers.get(KEY, "")) and key not in sent_keys:
        case.headers[KEY] = f"{len(sent_keys)}-{key}"[:255]
        sent_keys.add(case.headers[KEY])


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: Case[Any], response: Response
) -> bool:
    """Return whether to report the failure: not if the existing tasks explain the response."""
    explained = {
        412: "If-Match",  # the task does not have the entity tag, or has changed
        422: KEY,  # another body was sent with the key
    }
    rejected = isinstance(failure, RejectedPositiveData)
    return not (rejected and explained.get(response.status_code, "") in case.headers)
