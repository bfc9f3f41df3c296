"""The links of the OpenAPI document: each leads on, with values that are there."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from todo_project.environment import BASE_DIR

pytestmark = pytest.mark.once

DOCUMENT = json.loads((BASE_DIR / "openapi.json").read_text())
OPERATIONS = {
    operation["operationId"]: operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
}
EXPRESSION = re.compile(r"\$(request|response)\.(?:path\.|header\.|body#)([\w/-]+)")


def links() -> Iterator[Any]:
    for source, operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for name, link in response.get("links", {}).items():
                yield pytest.param(operation, response, link, id=f"{source}-{status}-{name}")


@pytest.mark.parametrize(("operation", "response", "link"), list(links()))
def test_a_link_gives_values_that_are_there_to_parameters_that_are(
    operation: Any, response: Any, link: Any
) -> None:
    target = {parameter["name"] for parameter in OPERATIONS[link["operationId"]]["parameters"]}
    assert link["parameters"].keys() <= target
    for expression in link["parameters"].values():
        [(place, name)] = EXPRESSION.findall(expression)
        if name.startswith("/"):
            assert value_in_example(response, name)
        elif place == "response":
            assert name in response["headers"]
        else:
            assert name in {parameter["name"] for parameter in operation["parameters"]}


def value_in_example(response: Any, pointer: str) -> object:
    """Return what a JSON Pointer finds in the example of the response."""
    [content] = response["content"].values()
    found = next(iter(content["examples"].values()))["value"]
    for token in pointer.split("/")[1:]:
        found = found[int(token) if isinstance(found, list) else token]
    return found


def test_each_operation_on_tasks_but_the_deletion_by_filter_can_be_reached() -> None:
    reached = {link.values[2]["operationId"] for link in links()}
    on_tasks = {name for name, each in OPERATIONS.items() if each["tags"] == ["tasks"]}
    assert on_tasks - reached == {"deleteTasks"}
