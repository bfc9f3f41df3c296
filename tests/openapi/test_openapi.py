"""Tests of the OpenAPI document: it is generated from the code, valid and complete."""

import gzip
import json

import pytest
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import validate

from tests.support.client import API
from tests.support.openapi import DOCUMENT, operations

pytestmark = pytest.mark.once

OPERATIONS = {
    "/api/{user_id}/tasks": {"get", "post", "delete"},
    "/api/{user_id}/tasks/{task_id}": {"get", "put", "patch", "delete"},
    "/api/{user_id}/tasks/{task_id}/complete": {"patch"},
    "/healthz": {"get"},
    "/readyz": {"get"},
}


def test_committed_document_is_generated_from_the_code() -> None:
    generated = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert json.loads(json.dumps(generated)) == DOCUMENT, "run `make schema`"


def test_served_document_is_the_committed_one(api: API) -> None:
    assert json.loads(api.send(200, "GET", "/openapi.json").content) == DOCUMENT
    yaml = api.send(200, "GET", "/openapi.yaml").content.decode()
    assert yaml.startswith("openapi: 3.1.0\ninfo:\n  title: Todo API\n")


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])
def test_served_document_is_compressed_and_revalidated(api: API, path: str) -> None:
    plain = api.send(200, "GET", path)
    assert plain["Cache-Control"] == "no-cache"
    compressed = api.send(200, "GET", path, accept_encoding="gzip")
    assert gzip.decompress(compressed.content) == plain.content
    assert compressed["ETag"] == f"W/{plain['ETag']}"
    assert "Accept-Encoding" in compressed["Vary"].split(", ")
    for etag in (plain["ETag"], compressed["ETag"]):
        unchanged = api.send(304, "GET", path, accept_encoding="gzip", if_none_match=etag)
        assert unchanged.content == b""


def test_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_document_has_exactly_the_operations_of_the_api() -> None:
    assert {path: set(methods) for path, methods in DOCUMENT["paths"].items()} == OPERATIONS


def test_document_has_title_version_contact_and_tags() -> None:
    info = DOCUMENT["info"]
    assert info["title"] == "Todo API"
    assert info["version"] == "1.0.0"
    assert info["contact"]["email"] == settings.CONTACT_EMAIL
    assert "Start here" in info["description"]
    assert [tag["name"] for tag in DOCUMENT["tags"]] == ["tasks", "health"]


def test_operation_has_unique_id_summary_and_tag() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(ids)) == len(ids)
    for _, _, operation in operations():
        assert operation["summary"]
        assert operation["tags"] in (["tasks"], ["health"])


def test_response_of_the_api_has_body_headers_and_examples() -> None:
    for path, _, operation in operations():
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
            media_type = "application/json" if status < "300" else "application/problem+json"
            assert list(response["content"]) == [media_type]
            assert response["content"][media_type]["examples"]
