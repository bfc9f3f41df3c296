"""Tests of the hook that makes components of the repeated parts of the OpenAPI document."""

from copy import deepcopy
from typing import Any

import pytest
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings

from tests.support.openapi import DOCUMENT, resolve
from todo_project.openapi.references import reference_repeated_parts

pytestmark = pytest.mark.once

ONE, TWO = {"schema": {"const": 1}}, {"schema": {"const": 2}}


def document(*operations: dict[str, Any]) -> dict[str, Any]:
    """Return a document with copies of these operations, each at a path of its own."""
    paths = {f"/{index}": {"get": deepcopy(each)} for index, each in enumerate(operations)}
    return {"paths": paths, "components": {"schemas": {}}}


def operation(status: str, **response: Any) -> dict[str, Any]:
    return {"responses": {status: response}}


def referenced(*operations: dict[str, Any]) -> tuple[list[Any], Any]:
    """Return the operations and the components of their document after the hook."""
    result = reference_repeated_parts(document(*operations))
    components = {kind: parts for kind, parts in result["components"].items() if parts}
    return [path["get"] for path in result["paths"].values()], components


def test_repeated_parameter_becomes_a_component_named_after_it() -> None:
    limit = {"name": "limit", "in": "query", **ONE}
    reference = {"$ref": "#/components/parameters/limit"}
    operations, components = referenced(*[{"parameters": [limit], "responses": {}}] * 2)
    assert [each["parameters"] for each in operations] == [[reference]] * 2
    assert components == {"parameters": {"limit": limit}}


def test_repeated_header_becomes_a_component_named_after_it() -> None:
    headers = {"Same": ONE}
    statuses = (operation(status, headers=headers) for status in ("200", "201"))
    assert referenced(*statuses)[1] == {"headers": headers}


def test_part_that_is_not_repeated_stays() -> None:
    described = operation("200", headers={"One": ONE, "Two": TWO})
    assert referenced(described) == ([described], {})


def test_most_frequent_of_different_parts_with_one_name_becomes_the_component() -> None:
    operations, components = referenced(
        *(
            operation(str(200 + status), headers={"ETag": header})
            for status, header in enumerate((ONE, ONE, TWO, TWO, TWO))
        )
    )
    assert components == {"headers": {"ETag": TWO}}
    headers = [next(iter(each["responses"].values()))["headers"]["ETag"] for each in operations]
    assert headers == [ONE, ONE, *[{"$ref": "#/components/headers/ETag"}] * 3]


@pytest.mark.parametrize(
    ("status", "examples", "name"),
    [
        ("404", ["Not-found"], "NotFound"),
        ("400", ["Validation-error", "Bad-request"], "ValidationErrorOrBadRequest"),
        ("304", [], "NotModified"),
        ("404", [], "NotFoundWithoutBody"),
    ],
)
def test_response_is_named_after_its_examples_or_its_status(
    status: str, examples: list[str], name: str
) -> None:
    content = {"text/plain": {"examples": dict.fromkeys(examples, ONE)}} if examples else {}
    operations, components = referenced(*[operation(status, content=content)] * 2)
    assert components == {"responses": {name: {"content": content}}}
    reference = {"$ref": f"#/components/responses/{name}"}
    assert operations == [{"responses": {status: reference}}] * 2


def test_example_in_a_component_and_in_a_request_is_one_component() -> None:
    content = {"text/plain": {"examples": {"A-word": ONE}}}
    described = {"requestBody": {"content": content}, **operation("200", content=content)}
    [first, second], components = referenced(described, described)
    reference = {"text/plain": {"examples": {"A-word": {"$ref": "#/components/examples/AWord"}}}}
    assert first == second
    assert first["requestBody"]["content"] == reference
    assert components == {
        "responses": {"AWord": {"content": reference}},
        "examples": {"AWord": ONE},
    }


def test_hook_changes_only_the_place_of_parts() -> None:
    hooks = settings.SPECTACULAR_SETTINGS["POSTPROCESSING_HOOKS"]
    assert hooks[-1] == "todo_project.openapi.references.reference_repeated_parts"
    with patched_settings({"POSTPROCESSING_HOOKS": hooks[:-1]}):
        before = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert resolve(DOCUMENT["paths"]) == before["paths"]


def test_every_component_is_used_at_least_twice() -> None:
    text = str(DOCUMENT)
    for kind, components in DOCUMENT["components"].items():
        if kind != "schemas":
            for name in components:
                assert text.count(f"'#/components/{kind}/{name}'") >= 2
