"""The exceptions that views raise to return a problem."""

from collections.abc import Iterable, Mapping

from rest_framework import exceptions

from todo_project.problems.registry import ProblemType, plain

MAX_ERRORS = 100
"""The maximum number of entries in the member `errors`. A search for more of them can stop."""


class Problem(Exception):
    """A problem response. `detail` defaults to the meaning of the problem type.

    `errors` are the entries of the member `errors`; `members` are additional members.
    """

    def __init__(
        self,
        problem_type: ProblemType,
        detail: str = "",
        *,
        errors: Iterable[Mapping[str, str]] = (),
        **members: object,
    ) -> None:
        self.type = problem_type
        self.detail = detail or plain(problem_type.meaning)
        super().__init__(self.detail)
        self.errors = list(errors)
        self.members = members


class InvalidHeaders(exceptions.ValidationError):
    """Invalid request headers: a mapping of names to lists of errors."""


class InvalidParameters(exceptions.ValidationError):
    """Invalid path or query parameters: a mapping of names to lists of errors."""
