"""What a schema cannot say of a good request, since it depends on the tasks that there are."""

from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

KEY = "Idempotency-Key"
sent: set[str] = set()
"""The keys of good requests; what sends one again followed the link to repeat."""


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Spare a good request what would have it refused before the rest of it is looked at."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    # A cursor comes from the `Link` of a list, out of which no runtime expression can take it.
    case.query.pop("cursor", None)
    # One key for many bodies, as of the example, would be a 422 for all but the first.
    if (key := case.headers.get(KEY, "")) and key not in sent:
        case.headers[KEY] = f"{len(sent)}-{key}"[:255]
        sent.add(case.headers[KEY])


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: Case[Any], response: Response
) -> bool:
    """Tell whether the failure counts: whether the state of a task does not excuse it."""
    excuses = {
        412: "If-Match",  # the task is not, or no longer, in the state that is demanded
        422: KEY,  # the body was changed on the way along the link to repeat
    }
    refused = isinstance(failure, RejectedPositiveData)
    return not (refused and excuses.get(response.status_code, "") in case.headers)
