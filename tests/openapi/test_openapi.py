"""Tests of the OpenAPI document: it is generated from the code, valid and complete."""

import gzip
import json
import re

import pytest
import yaml
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import validate

from tasks.models import Task
from tests.support.client import API
from tests.support.openapi import DOCUMENT, operations

pytestmark = pytest.mark.once

OPERATIONS = {
    "/api/{user_id}/tasks": {"get", "head", "post", "delete"},
    "/api/{user_id}/tasks/{task_id}": {"get", "head", "put", "patch", "delete"},
    "/api/{user_id}/tasks/{task_id}/complete": {"patch"},
    "/healthz": {"get", "head"},
    "/readyz": {"get", "head"},
}


def test_committed_document_is_generated_from_the_code() -> None:
    generated = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert json.loads(json.dumps(generated)) == DOCUMENT, "run `make schema`"


def test_served_document_is_the_committed_one(api: API) -> None:
    served = api.send(200, "GET", "/openapi.json")
    assert served["Content-Type"] == "application/json"
    assert served.content.decode() == json.dumps(
        DOCUMENT, ensure_ascii=False, separators=(",", ":")
    )
    assert len(served.content) < 60_000
    served = api.send(200, "GET", "/openapi.yaml")
    assert served["Content-Type"] == "application/yaml"  # RFC 9512
    assert yaml.safe_load(served.content) == DOCUMENT


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])
def test_document_is_made_once_a_process(
    api: API, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = api.send(200, "GET", path).content
    monkeypatch.delattr(SchemaGenerator, "get_schema")
    assert api.send(200, "GET", path).content == first


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])
def test_served_document_is_compressed_and_revalidated(api: API, path: str) -> None:
    plain = api.send(200, "GET", path)
    assert plain["Cache-Control"] == "no-cache"
    compressed = api.send(200, "GET", path, accept_encoding="gzip")
    assert gzip.decompress(compressed.content) == plain.content
    assert compressed["ETag"] == f"W/{plain['ETag']}"
    assert compressed["Vary"] == plain["Vary"] == "Accept-Encoding, origin"
    for etag in (plain["ETag"], compressed["ETag"]):
        for method in ("GET", "HEAD"):
            unchanged = api.send(304, method, path, accept_encoding="gzip", if_none_match=etag)
            assert unchanged.content == b""
            assert unchanged["ETag"] == compressed["ETag"]


def test_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_document_has_exactly_the_operations_of_the_api() -> None:
    assert {path: set(methods) for path, methods in DOCUMENT["paths"].items()} == OPERATIONS


def test_document_has_no_extensions() -> None:
    assert re.findall('"(x-[^"]*)":', json.dumps(DOCUMENT)) == []


def test_document_has_title_version_and_tags_but_no_contact_by_default() -> None:
    info = DOCUMENT["info"]
    assert info["title"] == "Todo API"
    assert info["version"] == "1.0.0"
    assert "contact" not in info
    assert "Start here" in info["description"]
    assert [tag["name"] for tag in DOCUMENT["tags"]] == ["tasks", "health"]


def test_operation_has_unique_id_summary_and_tag() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(ids)) == len(ids)
    for _, _, operation in operations():
        assert operation["summary"]
        assert operation["tags"] in (["tasks"], ["health"])


def test_response_of_the_api_has_body_headers_and_examples() -> None:
    for path, method, operation in operations():
        if not path.startswith("/api/"):
            continue
        for status, response in operation["responses"].items():
            assert response["description"]
            assert {"X-Request-ID", "Cache-Control"} <= set(response["headers"])
            assert ("Location" in response["headers"]) == (status == "201")
            assert ("Retry-After" in response["headers"]) == (status == "503")
            if status in {"204", "304"} or method == "head":
                assert "content" not in response
                continue
            media_type = "application/json" if status < "300" else "application/problem+json"
            assert list(response["content"]) == [media_type]
            assert response["content"][media_type]["examples"]


@pytest.mark.django_db
def test_if_match_and_412_are_described_where_if_match_causes_a_412(api: API, task: Task) -> None:
    for path, method, operation in operations():
        url = path.format(user_id=task.user_id, task_id=task.id)
        url += "?completed=true" if operation["operationId"] == "deleteTasks" else ""
        body: object = {} if "requestBody" in operation else None
        causes_412 = api.call(method.upper(), url, body, if_match='"x"').status_code == 412
        parameters = [parameter["name"] for parameter in operation.get("parameters", ())]
        assert ("If-Match" in parameters, "412" in operation["responses"]) == (causes_412,) * 2


def test_parameter_of_a_header_has_no_value_that_tools_would_send() -> None:
    """Bruno and Postman send an example or default with each request that they import."""
    for _, _, operation in operations():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "header":
                assert not {"example", "examples", "default", "const", "enum"} & {
                    *parameter,
                    *parameter["schema"],
                }


def test_head_has_the_request_and_the_headers_of_get() -> None:
    described = {(path, method): operation for path, method, operation in operations()}
    paths = [path for path, method in described if method == "head"]
    assert paths == [path for path, method in described if method == "get"]
    for path in paths:
        get, head = described[path, "get"], described[path, "head"]
        assert head.get("parameters") == get.get("parameters")
        assert get["description"].endswith(" HEAD returns the same without the body.")
        assert head["responses"] == {
            status: {key: value for key, value in response.items() if key != "content"}
            for status, response in get["responses"].items()
        }
