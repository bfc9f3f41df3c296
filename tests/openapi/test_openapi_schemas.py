"""Tests that the schemas of the OpenAPI document describe what the service accepts and returns."""

import re
import sys
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from tests.support.client import API, TASKS
from tests.support.openapi import DOCUMENT, SCHEMAS, operations

pytestmark = pytest.mark.once

MEMBERS = ["id", "user_id", "title", "description", "completed", "created_at", "updated_at"]


def test_task_has_all_members() -> None:
    assert list(SCHEMAS["Task"]["properties"]) == MEMBERS
    assert sorted(SCHEMAS["Task"]["required"]) == sorted(MEMBERS)


def test_request_bodies_have_the_writable_and_the_ignored_members() -> None:
    for name, required in (("TaskCreate", ["title"]), ("TaskUpdate", None)):
        assert set(SCHEMAS[name]["properties"]) == set(MEMBERS)
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
    assert rejected == {"\0", "\ufeff", *filter(str.isspace, characters)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "status"),
    [(" ", 200), ("a" * 200, 200), ("", 400), ("a" * 201, 400), ("a\0", 400)],
    ids=["space", "longest", "empty", "too long", "NUL"],
)
def test_search_is_valid_in_the_document_if_the_service_accepts_it(
    api: API, text: str, status: int
) -> None:
    parameters = DOCUMENT["paths"]["/api/{user_id}/tasks"]["get"]["parameters"]
    [schema] = [each["schema"] for each in parameters if each["name"] == "search"]
    assert Draft202012Validator(schema).is_valid(text) == (status == 200)
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
    [schema] = [
        parameter["schema"]
        for parameter in DOCUMENT["paths"]["/api/{user_id}/tasks"]["get"]["parameters"]
        if parameter["name"] == "user_id"
    ]
    assert Draft202012Validator(schema).is_valid(user_id) == (status == 200)
    api.send(status, "GET", f"/api/{quote(user_id)}/tasks")


def assert_valid(name: str, body: object) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(body)


@pytest.mark.django_db
def test_responses_are_valid(api: API) -> None:
    assert_valid("Task", api.send(201, "POST", TASKS, {"title": "a"}).json())
    assert_valid("Task", api.send(200, "GET", TASKS).json()[0])
    assert_valid("Problem", api.send(400, "POST", TASKS, {}).json())
    assert_valid("Problem", api.send(404, "GET", "/nowhere").json())
