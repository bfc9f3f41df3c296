"""Entity tags, If-Match and If-None-Match (RFC 9110 §13.1)."""

from dataclasses import dataclass

from tests.support.model.validation import Task


def etag(task: Task) -> str:
    return f'"{task["updated_at"]}"'


@dataclass(frozen=True)
class Precondition:
    """The entity tags in If-Match and If-None-Match; None if the header is absent."""

    if_match: tuple[str, ...] | None = None
    if_none_match: tuple[str, ...] | None = None

    def passes_if_match(self, task: Task) -> bool:
        """Return whether If-Match allows the request (strong comparison)."""
        return self.if_match is None or self.if_match == ("*",) or etag(task) in self.if_match

    def passes_if_none_match(self, task: Task) -> bool:
        """Return whether If-None-Match allows the request (weak comparison)."""
        etags = [each.removeprefix("W/") for each in self.if_none_match or ()]
        return etags != ["*"] and etag(task) not in etags
