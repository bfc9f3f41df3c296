"""The hook that replaces repeated parts of the OpenAPI document by references to components.

drf-spectacular makes components of schemas only. A generator of clients makes one type of a
component, but one for each copy of a part.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from todo_project.http.headers import BODILESS
from todo_project.openapi.hooks import operations

Node = dict[str, Any]
Place = tuple[Any, Any, str]
"""A container, the key in it under which a part stands, and the name of the part."""


def reference_repeated_parts(result: Node, **_: Any) -> Node:
    """Move repeated responses, and repeated parts of responses and requests, to components.

    A name has one component. If parts of the same name differ, the most frequent one becomes it,
    and the others stay where they are.
    """
    components = result["components"]
    for kind, places in PLACES.items():
        components[kind] = _reference_repeated(kind, list(places(result)))
    result["components"] = dict(sorted(components.items()))
    return result


def _reference_repeated(kind: str, places: list[Place]) -> Node:
    """Replace the repeated parts in these places by references; return the components."""
    counts = Counter((name, json.dumps(parent[key])) for parent, key, name in places)
    chosen: dict[str, str] = {}
    for (name, content), count in counts.most_common():
        if count > 1:
            chosen.setdefault(name, content)
    for parent, key, name in places:
        if json.dumps(parent[key]) == chosen.get(name):
            parent[key] = {"$ref": f"#/components/{kind}/{name}"}
    return {name: json.loads(content) for name, content in sorted(chosen.items())}


def _parameters(document: Node) -> Iterator[Place]:
    for operation in operations(document):
        for index, parameter in enumerate(operation.get("parameters", ())):
            yield operation["parameters"], index, parameter["name"]


def _responses(document: Node) -> Iterator[Place]:
    for operation in operations(document):
        for status, response in operation["responses"].items():
            yield operation["responses"], status, _response_name(int(status), response)


def _response_name(status: int, response: Node) -> str:
    """Return the names of the examples, or the phrase of the status if there is no body."""
    examples = [
        _pascal_case(name)
        for content in response.get("content", {}).values()
        for name in content.get("examples", {})
    ]
    if examples:
        return "Or".join(examples)
    phrase = HTTPStatus(status).phrase.replace(" ", "")
    return phrase if status in BODILESS else f"{phrase}WithoutBody"


def _headers(document: Node) -> Iterator[Place]:
    for response in _all_responses(document):
        for name in response.get("headers", ()):
            yield response["headers"], name, name


def _examples(document: Node) -> Iterator[Place]:
    bodies = [each["requestBody"] for each in operations(document) if "requestBody" in each]
    for described in (*bodies, *_all_responses(document)):
        for content in described.get("content", {}).values():
            for name in content.get("examples", ()):
                yield content["examples"], name, _pascal_case(name)


def _all_responses(document: Node) -> Iterator[Node]:
    yield from document["components"].get("responses", {}).values()
    for operation in operations(document):
        yield from operation["responses"].values()


def _pascal_case(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in name.split("-"))


PLACES: dict[str, Callable[[Node], Iterator[Place]]] = {
    "parameters": _parameters,
    "responses": _responses,  # before their parts: a part is counted once in a component
    "headers": _headers,
    "examples": _examples,
}
