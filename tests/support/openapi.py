"""The committed OpenAPI document."""

import json
import re
from typing import Any

from todo_project.environment import BASE_DIR

DOCUMENT: Any = json.loads((BASE_DIR / "openapi.json").read_text())
SCHEMAS: Any = DOCUMENT["components"]["schemas"]
PATTERNS: list[str] = sorted(
    set(map(json.loads, re.findall(r'"pattern": (".*")', json.dumps(DOCUMENT, indent=1))))
)
"""The regular expressions of all schemas."""


def resolve(value: Any, document: Any = DOCUMENT) -> Any:
    """Return the value with each reference to a component, except to a schema, replaced by it."""
    if isinstance(value, list):
        return [resolve(each, document) for each in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref", "")
    if reference and not reference.startswith("#/components/schemas/"):
        _, _, kind, name = reference.split("/")
        return resolve(document["components"][kind][name], document)
    return {key: resolve(each, document) for key, each in value.items()}


def operations() -> list[tuple[str, str, Any]]:
    """Return the path, the method and the description of each operation, without references."""
    return [
        (path, method, resolve(operation))
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]
