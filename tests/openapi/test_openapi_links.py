"""Tests of the links in the OpenAPI document: target, parameters and the values they take."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.openapi import operations

pytestmark = pytest.mark.once

OPERATIONS = {
    operation["operationId"]: operation
    for _, method, operation in operations()
    if method != "head"  # without a body there is nothing to follow
}
RUNTIME_EXPRESSION = re.compile(r"\$(request|response)\.(?:path\.|header\.|body#)([\w/-]+)")


def links() -> Iterator[Any]:
    for source, operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for name, link in response.get("links", {}).items():
                yield pytest.param(operation, response, link, id=f"{source}-{status}-{name}")


@pytest.mark.parametrize(("operation", "response", "link"), list(links()))
def test_link_passes_existing_values_to_existing_parameters(
    operation: Any, response: Any, link: Any
) -> None:
    target = {parameter["name"] for parameter in OPERATIONS[link["operationId"]]["parameters"]}
    assert link["parameters"].keys() <= target
    for expression in link["parameters"].values():
        [(source, name)] = RUNTIME_EXPRESSION.findall(expression)
        if name.startswith("/"):
            assert value_in_example(response, name)
        elif source == "response":
            assert name in response["headers"]
        else:
            assert name in {parameter["name"] for parameter in operation["parameters"]}


def value_in_example(response: Any, pointer: str) -> object:
    """Return the value at a JSON Pointer in the first example of the response."""
    [content] = response["content"].values()
    value = next(iter(content["examples"].values()))["value"]
    for token in pointer.split("/")[1:]:
        value = value[int(token) if isinstance(value, list) else token]
    return value


def test_every_operation_on_tasks_except_delete_by_filter_is_linked() -> None:
    targets = {link.values[2]["operationId"] for link in links()}
    on_tasks = {name for name, operation in OPERATIONS.items() if operation["tags"] == ["tasks"]}
    assert on_tasks - targets == {"deleteTasks"}
