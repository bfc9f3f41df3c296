"""The rules for the fields of a body and for query parameters."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tasks.api.examples import ALL_FIELDS
from tasks.models import DEFAULTS

Task = dict[str, Any]
Body = dict[str, Any]
Parameters = Mapping[str, str]

OUTER_SPACE = re.compile(r"\A[\s\ufeff]+|[\s\ufeff]+\Z")
"""The white space around a title. Python's `\\s` lacks U+FEFF, which JavaScript's has."""


def is_text(value: object, max_length: int) -> bool:
    return isinstance(value, str) and len(value) <= max_length and "\0" not in value


def trim(title: str) -> str:
    return OUTER_SPACE.sub("", title)


FIELD_RULES: dict[str, Callable[[Any], bool]] = {
    **{name: (DEFAULTS.get(name), value).__contains__ for name, value in ALL_FIELDS.items()},
    "title": lambda value: is_text(value, 10**6) and 1 <= len(trim(value)) <= 200,
    "description": lambda value: value is None or is_text(value, 1000),
    "completed": lambda value: isinstance(value, bool),
}
IGNORED_FIELDS = {"id", "user_id", "created_at", "updated_at"}
PARAMETER_RULES: dict[str, Callable[[str], bool]] = {
    "completed": lambda value: value in {"true", "false"},
    "search": lambda value: value != "" and is_text(value, 200),
    "limit": lambda value: value in map(str, range(1, 10_001)),
}


def is_valid(values: Mapping[str, Any], rules: Mapping[str, Callable[[Any], bool]]) -> bool:
    return all(name in rules and rules[name](value) for name, value in values.items())


def validated_fields(body: Body) -> Body | None:
    """Return the fields of a task that the body sets, or None if the body is invalid."""
    fields = {name: value for name, value in body.items() if name not in IGNORED_FIELDS}
    if not is_valid(fields, FIELD_RULES):
        return None
    return fields | ({"title": trim(fields["title"])} if "title" in fields else {})
