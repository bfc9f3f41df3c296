"""A task as its user knows it.

A request without a response may have been executed, or may still be. Its effect is then possible,
not certain.
"""

from dataclasses import dataclass, field
from typing import Any

Task = dict[str, Any]
Change = dict[str, Any]
"""The fields that a request sets."""

FLIP: Change = {}
"""The change of a request to `/complete` without a body."""


@dataclass(slots=True)
class Entry:
    """A task as a response last showed it, and what requests without response may have done."""

    task: Task
    is_uncertain: bool = False
    may_be_deleted: bool = False
    possible: dict[str, set[Any]] = field(
        default_factory=lambda: {"title": set(), "completed": set()}
    )

    def add_possible(self, change: Change) -> None:
        """Record a change that had no response."""
        self.is_uncertain = True
        flipped = {"completed": not self.task["completed"]}
        for name, value in (flipped if change == FLIP else change).items():
            self.possible[name].add(value)

    def allows(self, seen: Task, change: Change | None = None) -> bool:
        """Return whether this may be the task, right after the change if one is given."""
        options = {name: {self.task[name], *more} for name, more in self.possible.items()}
        if change == FLIP:
            options["completed"] = {not value for value in options["completed"]}
        elif change:
            options |= {name: {value} for name, value in change.items()}
        free = {name: seen.get(name) for name in (*options, "updated_at")}
        return self.task | free == seen and all(
            seen[name] in values for name, values in options.items()
        )
