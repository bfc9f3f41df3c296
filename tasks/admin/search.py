"""The search of the admin's list, and the sentence above the list that says what it has found.

A search finds tasks of one user only: the index of the list starts with the user id.
"""

from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from tasks.bidi import FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE, isolate, remove_isolate
from tasks.functions import CaseFold
from tasks.models import Task


class Search(NamedTuple):
    """What a search term asks for: `<task id>`, `<user id>` or `<user id>/<part of a title>`."""

    user_id: str
    title_part: str
    task_id: UUID | None

    @classmethod
    def parse(cls, term: str) -> "Search | None":
        """Return the search, or None for all tasks. No user id contains a slash."""
        user_id, slash, title_part = term.partition("/")
        if "\0" in term:  # Django reports that the term is not valid, and lists all tasks
            return None
        if slash:
            return cls(remove_isolate(user_id), remove_isolate(title_part.strip()), None)
        user_id = remove_isolate(user_id.strip())
        return cls(user_id, "", _parse_uuid(user_id)) if user_id else None


def term_for_user(user_id: str) -> str:
    """Return the search term for the tasks of a user."""
    copied = remove_isolate(user_id) != user_id
    return (
        f"{FIRST_STRONG_ISOLATE}{user_id}{POP_DIRECTIONAL_ISOLATE}/" if copied else f"{user_id}/"
    )


def _parse_uuid(text: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(text)
    return None


def search_tasks(tasks: QuerySet[Task], term: str) -> QuerySet[Task]:
    """Return the tasks that match a search term; all tasks for an empty term.

    For a term that looks like a task id, one statement checks whether it is one.
    """
    search = Search.parse(term)
    if not search:
        return tasks
    if search.task_id:
        task = tasks.filter(id=search.task_id)
        if task.exists():
            return task
    of_user = tasks.filter(user_id=search.user_id)
    if not search.title_part:
        return of_user
    position = StrIndex(CaseFold("title"), CaseFold(Value(search.title_part)))
    return of_user.filter(GreaterThan(position, 0))


def describe_results(
    count: str, search: Search | None, *, user_exists: bool, filtered: bool
) -> str:
    """Return what is listed, and in which order."""
    if not search:
        return f"{count} of all users, ordered by user id, then newest first."
    if not user_exists:
        return f"{count}, found by its id."
    title = f" with “{isolate(search.title_part)}” in the title" if search.title_part else ""
    return f"{count} of {isolate(search.user_id)}{title}{', filtered' * filtered}, newest first."


def describe_no_results(search: Search | None, *, user_exists: bool, filtered: bool) -> str:
    """Return why nothing is listed, and how to find something."""
    if not search:
        return "There are no tasks."
    if not search.user_id:
        return "Write a user id before the slash, as in alice/milk."
    user = isolate(search.user_id)
    if user_exists:
        title = [f"has “{isolate(search.title_part)}” in its title"] if search.title_part else []
        conditions = title + ["matches the filter"] * filtered
        return f"No task of {user} {' and '.join(conditions)}."
    if search.task_id:
        return f"No task has the id {user}, and no user of this name has tasks."
    reason = f"No user “{user}” has tasks."
    if search.title_part:
        return reason
    return (
        f"{reason} To search titles for “{user}”, write a user id and a slash before it, as in"
        f" alice/{user}."
    )
