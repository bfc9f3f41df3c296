"""The OpenAPI document: complete, committed, and true."""

import json
import re
import sys
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from tests.support.client import API, TASKS
from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

OPERATIONS = {
    "/api/{user_id}/tasks": {"get", "post", "delete"},
    "/api/{user_id}/tasks/{task_id}": {"get", "put", "patch", "delete"},
    "/api/{user_id}/tasks/{task_id}/complete": {"patch"},
    "/healthz": {"get"},
    "/readyz": {"get"},
}
MEMBERS = ["id", "user_id", "title", "description", "completed", "created_at", "updated_at"]


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads((BASE_DIR / "openapi.json").read_text())


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_committed_document_is_what_the_code_says(document: Any) -> None:
    generated = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert json.loads(json.dumps(generated)) == document, "run `make schema`"


def test_the_served_document_is_the_committed_one(api: API, document: Any) -> None:
    assert json.loads(api.send(200, "GET", "/openapi.json").content) == document
    yaml = api.send(200, "GET", "/openapi.yaml").content.decode()
    assert yaml.startswith("openapi: 3.1.0\ninfo:\n  title: Todo API\n")


def test_it_is_valid_openapi(document: Any) -> None:
    validate(document)


def test_it_has_every_operation_and_no_other(document: Any) -> None:
    assert {path: set(methods) for path, methods in document["paths"].items()} == OPERATIONS


def test_every_operation_introduces_itself(document: Any) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for _, _, operation in operations(document):
        assert operation["summary"]
        assert operation["tags"] in (["tasks"], ["health"])


def test_it_opens_with_what_a_reader_needs(document: Any) -> None:
    info = document["info"]
    assert info["title"] == "Todo API"
    assert info["version"] == "1.0.0"
    assert info["contact"]["email"] == settings.CONTACT_EMAIL
    assert "Start here" in info["description"]
    assert [tag["name"] for tag in document["tags"]] == ["tasks", "health"]


def test_a_task_has_all_its_members(document: Any) -> None:
    schema = document["components"]["schemas"]["Task"]
    assert list(schema["properties"]) == MEMBERS
    assert sorted(schema["required"]) == sorted(MEMBERS)


def test_requests_say_what_they_take(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for name, required in (("TaskCreate", ["title"]), ("TaskUpdate", None)):
        assert set(schemas[name]["properties"]) == set(MEMBERS)
        assert schemas[name].get("required") == required
        assert schemas[name]["additionalProperties"] is False
    assert list(schemas["TaskCompletion"]["properties"]) == ["completed"]


def test_every_status_has_its_body_headers_and_examples(document: Any) -> None:
    for path, _, operation in operations(document):
        if not path.startswith("/api/"):
            continue
        for status, response in operation["responses"].items():
            assert response["description"]
            assert {"X-Request-ID", "Cache-Control"} <= set(response["headers"])
            assert ("Location" in response["headers"]) == (status == "201")
            assert ("Retry-After" in response["headers"]) == (status == "503")
            if status in {"204", "304"}:
                assert "content" not in response
                continue
            kind = "application/json" if status < "300" else "application/problem+json"
            assert list(response["content"]) == [kind]
            assert response["content"][kind]["examples"]


def test_the_examples_obey_their_schemas(document: Any) -> None:
    bodies = [
        content
        for _, _, operation in operations(document)
        for place in (operation.get("requestBody", {}), *operation["responses"].values())
        for content in place.get("content", {}).values()
    ]
    for body in bodies:
        validator = Draft202012Validator({**body["schema"], "components": document["components"]})
        for example in body.get("examples", {}).values():
            validator.validate(example["value"])


def test_a_title_is_blank_in_the_document_where_it_is_in_the_service(document: Any) -> None:
    pattern = document["components"]["schemas"]["TaskCreate"]["properties"]["title"]["pattern"]
    characters = map(chr, range(sys.maxunicode + 1))
    refused = {each for each in characters if not re.search(pattern, each)}
    assert refused == {"\0", *filter(str.isspace, map(chr, range(sys.maxunicode + 1)))}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "status"),
    [(" ", 200), ("a" * 200, 200), ("", 400), ("a" * 201, 400), ("a\0", 400)],
    ids=["space", "longest", "empty", "too long", "NUL"],
)
def test_a_search_is_refused_by_the_document_where_it_is_by_the_service(
    api: API, document: Any, text: str, status: int
) -> None:
    parameters = document["paths"]["/api/{user_id}/tasks"]["get"]["parameters"]
    [schema] = [each["schema"] for each in parameters if each["name"] == "search"]
    assert Draft202012Validator(schema).is_valid(text) == (status == 200)
    api.send(status, "GET", f"{TASKS}?search={quote(text)}")


@pytest.mark.django_db
def test_the_answers_obey_their_schemas(api: API, document: Any) -> None:
    def validate_answer(name: str, answer: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator(schema).validate(answer)

    validate_answer("Task", api.send(201, "POST", TASKS, {"title": "a"}).json())
    validate_answer("Task", api.send(200, "GET", TASKS).json()[0])
    validate_answer("Problem", api.send(400, "POST", TASKS, {}).json())
    validate_answer("Problem", api.send(404, "GET", "/nowhere").json())


def test_swagger_ui_loads_nothing_from_elsewhere(api: API) -> None:
    page = api.send(200, "GET", "/docs", accept="text/html").content.decode()
    script = api.send(200, "GET", "/docs?script=", accept="*/*").content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in page
    assert "//" not in page.replace("<!--", "").replace("-->", "").replace("w3.org", "")
    assert '"/openapi.json"' in script
