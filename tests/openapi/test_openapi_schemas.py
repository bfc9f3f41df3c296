"""Tests that the schemas of the OpenAPI document describe what the service accepts and returns."""

import re
import sys
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from tasks.api.preconditions import MAX_ENTITY_TAGS
from tasks.models import COLUMNS
from tests.support.client import API, TASKS
from tests.support.openapi import DOCUMENT, PATTERNS, SCHEMAS, operations

pytestmark = pytest.mark.once


def test_task_has_all_members() -> None:
    assert tuple(SCHEMAS["Task"]["properties"]) == COLUMNS
    assert SCHEMAS["Task"]["required"] == sorted(COLUMNS)


def test_request_bodies_have_the_writable_and_the_ignored_members() -> None:
    for name, required in (("TaskCreate", ["title"]), ("TaskUpdate", None)):
        assert set(SCHEMAS[name]["properties"]) == set(COLUMNS)
        assert SCHEMAS[name].get("required") == required
        assert SCHEMAS[name]["additionalProperties"] is False
    assert list(SCHEMAS["TaskCompletion"]["properties"]) == ["completed"]


def test_examples_are_valid() -> None:
    contents = [
        content
        for _, _, operation in operations()
        for described in (operation.get("requestBody", {}), *operation["responses"].values())
        for content in described.get("content", {}).values()
    ]
    for content in contents:
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        for example in content.get("examples", {}).values():
            Draft202012Validator(schema).validate(example["value"])


def test_title_pattern_rejects_white_space_and_nul() -> None:
    pattern = SCHEMAS["TaskCreate"]["properties"]["title"]["pattern"]
    characters = [chr(code_point) for code_point in range(sys.maxunicode + 1)]
    rejected = {character for character in characters if not re.search(pattern, character)}
    assert rejected == {"\0", *filter(str.isspace, characters)}


def parameter_schema(name: str) -> Any:
    """Return the schema of the parameter with this name, which is the same everywhere."""
    return DOCUMENT["components"]["parameters"][name]["schema"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "status"),
    [(" ", 200), ("a" * 200, 200), ("", 400), ("a" * 201, 400), ("a\0", 400)],
    ids=["space", "longest", "empty", "too long", "NUL"],
)
def test_search_is_valid_in_the_document_if_the_service_accepts_it(
    api: API, text: str, status: int
) -> None:
    assert Draft202012Validator(parameter_schema("search")).is_valid(text) == (status == 200)
    api.send(status, "GET", f"{TASKS}?search={quote(text)}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("user_id", "status"),
    [
        *(
            (user_id, 200)
            for user_id in ("a", "a.", ".a", "..a", "...", "....", ".a.", "\x80", " ")
        ),
        *((user_id, 400) for user_id in (".", "..", "", "\0", ".\n", "..\x7f", "a" * 256)),
    ],
)
def test_user_id_is_valid_in_the_document_if_the_service_accepts_it(
    api: API, user_id: str, status: int
) -> None:
    assert Draft202012Validator(parameter_schema("user_id")).is_valid(user_id) == (status == 200)
    api.send(status, "GET", f"/api/{quote(user_id)}/tasks")


def assert_valid(name: str, body: object) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(body)


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("*", True),
        ('"a"', True),
        ('"a", "b","c"', True),
        (", ".join(['"a"'] * MAX_ENTITY_TAGS), True),
        (", ".join(['"a"'] * (MAX_ENTITY_TAGS + 1)), False),
        *((value, False) for value in ("", "a", 'W/"a"', '"a",', '*, "a"', '"a" "b"')),
    ],
)
def test_if_match_is_any_or_a_list_of_strong_entity_tags(value: str, *, valid: bool) -> None:
    assert Draft202012Validator(parameter_schema("If-Match")).is_valid(value) == valid


@pytest.mark.django_db
@pytest.mark.parametrize(("count", "status"), [(MAX_ENTITY_TAGS, 200), (MAX_ENTITY_TAGS + 1, 400)])
def test_if_none_match_is_valid_in_the_document_if_the_service_accepts_it(
    api: API, count: int, status: int
) -> None:
    value = ", ".join(['W/"a"'] * count)
    schema = parameter_schema("If-None-Match")
    assert Draft202012Validator(schema).is_valid(value) == (status == 200)
    api.send(status, "GET", TASKS, if_none_match=value)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pattern_has_only_escapes_and_groups_of_all_engines(pattern: str) -> None:
    """PCRE has no `\\u`, RE2 no lookarounds; `make generators` compiles them with each engine."""
    unescaped = re.sub(r"\\(x[0-9a-f]{2}|[s.*-])", "_", pattern)
    assert not re.search(r"\\|\(\?|[^ -~]", unescaped)


@pytest.mark.django_db
def test_responses_are_valid(api: API) -> None:
    assert_valid("Task", api.send(201, "POST", TASKS, {"title": "a"}).json())
    assert_valid("Task", api.send(200, "GET", TASKS).json()[0])
    assert_valid("Problem", api.send(400, "POST", TASKS, {}).json())
    assert_valid("Problem", api.send(404, "GET", "/nowhere").json())
