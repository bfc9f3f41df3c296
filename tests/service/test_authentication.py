"""Tests of the authentication and permission classes shown in docs/authentication.md."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any

import jwt
import pytest

from tests.support.client import OWNER, STRANGER, TASKS
from tests.support.documentation import code_blocks
from tests.support.openapi import DOCUMENT, SCHEMAS, resolve
from tests.support.servers.gunicorn import serve
from todo_project.environment import BASE_DIR

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

KEY = "a key that is only for the tests of the documentation"


@pytest.fixture(scope="module")
def base_url(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the service with the documented classes."""
    [module] = code_blocks(BASE_DIR / "docs" / "authentication.md", "python")
    directory = tmp_path_factory.mktemp("service")
    (directory / "auth.py").write_text(module)
    with serve(
        directory / "log",
        PYTHONPATH=str(directory),
        JWT_KEY=KEY,
        API_AUTHENTICATION_CLASSES="auth.BearerToken",
        API_PERMISSION_CLASSES="auth.OwnPath",
    ) as base_url:
        yield base_url


def token(user_id: str, *, minutes: int = 5, key: str = KEY) -> str:
    expiry = datetime.now(UTC) + timedelta(minutes=minutes)
    return jwt.encode({"sub": user_id, "exp": expiry}, key, algorithm="HS256")


def send(
    base_url: str, authorization: str = "", path: str = TASKS, body: str = ""
) -> tuple[int, Any, str | None]:
    """GET, or POST the body; return the status, the body and the challenge of the response."""
    headers = {"Authorization": authorization} if authorization else {}
    if body:
        headers["Content-Type"] = "application/json"
    with closing(HTTPConnection(base_url.removeprefix("http://"), timeout=10)) as client:
        client.request("POST" if body else "GET", path, body or None, headers)
        response = client.getresponse()
        return response.status, json.loads(response.read()), response.headers["WWW-Authenticate"]


def test_token_of_the_user_permits_requests(base_url: str) -> None:
    status, created, _ = send(base_url, f"Bearer {token(OWNER)}", body='{"title": "Buy milk"}')
    assert (status, created["user_id"]) == (201, OWNER)
    assert send(base_url, f"bearer {token(OWNER)}") == (200, [created], None)


@pytest.mark.parametrize("body", ["", '{"title": "Other"}', "not JSON"])
def test_token_of_another_user_returns_403(base_url: str, body: str) -> None:
    status, problem, challenge = send(base_url, f"Bearer {token(STRANGER)}", body=body)
    assert (status, problem["type"], challenge) == (403, "/problems/forbidden", None)
    assert send(base_url, f"Bearer {token(OWNER)}") == (200, [], None)


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        pytest.param("", "Authentication credentials were not provided.", id="none"),
        pytest.param(
            "Basic YWxpY2U6", "Authentication credentials were not provided.", id="other scheme"
        ),
        pytest.param("Bearer x", "Not enough segments", id="malformed"),
        pytest.param(f"Bearer {token(OWNER, minutes=-1)}", "Signature has expired", id="expired"),
        pytest.param(
            f"Bearer {token(OWNER, key=KEY.upper())}", "Signature verification failed", id="forged"
        ),
    ],
)
def test_invalid_token_returns_401(base_url: str, authorization: str, detail: str) -> None:
    status, problem, challenge = send(base_url, authorization)
    assert (status, problem["type"]) == (401, "/problems/unauthorized")
    assert problem["detail"] == detail
    assert challenge == "Bearer"


def test_public_urls_need_no_token(base_url: str) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert send(base_url, path=path)[0] == 200
    assert send(base_url, path="/nowhere")[0] == 404


def test_document_declares_the_scheme_and_is_otherwise_the_same(base_url: str) -> None:
    _, document, _ = send(base_url, path="/openapi.json")
    assert document["components"]["securitySchemes"] == {
        "credentials": {"type": "http", "scheme": "bearer"}
    }
    assert document["components"]["schemas"] == SCHEMAS
    paths, default_paths = resolve(document["paths"], document), resolve(DOCUMENT["paths"])
    for path, operations in paths.items():
        for method, operation in operations.items():
            if "tasks" not in operation["tags"]:
                continue
            assert operation.pop("security") == [{"credentials": []}]
            del default_paths[path][method]["responses"]["403"]  # without `forbidden`
            for status in ("401", "403", "429"):
                response = operation["responses"].pop(status)
                assert ("Retry-After" in response["headers"]) == (status == "429")
                if method == "head":
                    assert "content" not in response
                    continue
                [(media_type, content)] = response["content"].items()
                assert media_type == "application/problem+json"
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert paths == default_paths
    compared = {"paths", "components"}
    assert document.keys() == DOCUMENT.keys()
    assert all(document[key] == DOCUMENT[key] for key in DOCUMENT.keys() - compared)
