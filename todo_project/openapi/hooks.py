"""Hooks of drf-spectacular, for what its decorators cannot express."""

from copy import deepcopy
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

OPTIONAL_BODY = "x-optional-body"
"""An extension that marks an operation with an optional body; `add_request_rules` removes it."""


class ChallengeScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describe any authentication class by the challenge of its 401 (RFC 9110 §11.6.1).

    drf-spectacular's own extensions for known classes take precedence.
    """

    target_class = "rest_framework.authentication.BaseAuthentication"
    match_subclasses = True
    priority = -2
    name = "credentials"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the security scheme."""
        challenge = self.target.authenticate_header(auto_schema.view.request) or "Bearer"
        return {"type": "http", "scheme": challenge.split()[0].lower()}


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all operations of the document."""
    return [operation for path in document["paths"].values() for operation in path.values()]


def exclude_trailing_slashes(endpoints: list[tuple[str, Any, str, Any]]) -> list[Any]:
    """Exclude the paths with a trailing slash, which are aliases."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def add_request_rules(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Mark request bodies as required, unless they are optional, and forbid unknown fields.

    An optional body may be null, which clients for Java and Go send if a program omits it.
    """
    for operation in operations(result):
        if body := operation.get("requestBody"):
            optional = operation.pop(OPTIONAL_BODY, False)
            body["required"] = not optional
            for media in body["content"].values():
                name = media["schema"]["$ref"].rpartition("/")[2]
                result["components"]["schemas"][name]["additionalProperties"] = False
                if optional:
                    media["schema"] = {"oneOf": [media["schema"], {"type": "null"}]}
    return result


def add_head(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add HEAD to each path with GET: the same request and headers, no body (RFC 9110 §9.3.2).

    DRF answers HEAD wherever it answers GET, but leaves it out of schemas.
    """
    for path, methods in result["paths"].items():
        if get := methods.get("get"):
            name = get["operationId"]
            head = {
                **deepcopy(get),
                "operationId": f"head{name[0].upper()}{name[1:]}",
                "summary": f"{get['summary']}, headers only",
                "description": "The response to GET without its body.",
            }
            for response in head["responses"].values():
                response.pop("content", None)
            get["description"] += " HEAD returns the same without the body."
            result["paths"][path] = {"get": get, "head": head, **methods}
    return result


def remove_enum_ids(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Remove the ids of enums, which are for a hook of drf-spectacular that is not used here."""
    for schema in result["components"]["schemas"].values():
        for member in schema.get("properties", {}).values():
            member.pop("x-spec-enum-id", None)
    return result


def no_security_by_default(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Declare that an operation needs no credentials unless it says so."""
    return result | {"security": []}
