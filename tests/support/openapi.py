"""The committed OpenAPI document."""

import json
from typing import Any

from todo_project.environment import BASE_DIR

DOCUMENT: Any = json.loads((BASE_DIR / "openapi.json").read_text())
SCHEMAS: Any = DOCUMENT["components"]["schemas"]


def operations() -> list[tuple[str, str, Any]]:
    """Return the path, the method and the description of each operation."""
    return [
        (path, method, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]
