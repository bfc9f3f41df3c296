"""The door for authentication: two classes of the README's, named in the environment."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.support.client import OWNER, STRANGER, TASKS
from tests.support.servers.gunicorn import serve
from todo_project.environment import BASE_DIR

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

KEY = "a key that is only for the tests of the README"
[AUTH] = re.findall(r"```python\n(.*?)```", (BASE_DIR / "README.md").read_text(), re.DOTALL)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Run the service as the README says, and yield its address."""
    (tmp_path / "auth.py").write_text(AUTH)
    with serve(
        tmp_path / "log",
        PYTHONPATH=str(tmp_path),
        JWT_KEY=KEY,
        API_AUTHENTICATION_CLASSES="auth.BearerToken",
        API_PERMISSION_CLASSES="auth.OwnPath",
    ) as address:
        yield address


def token(user_id: str, *, minutes: int = 5, key: str = KEY) -> str:
    expiry = datetime.now(UTC) + timedelta(minutes=minutes)
    return jwt.encode({"sub": user_id, "exp": expiry}, key, algorithm="HS256")


def send(
    address: str, credentials: str = "", path: str = TASKS, body: str = ""
) -> tuple[int, Any, str | None]:
    """GET, or POST the body; return the status, the body and the challenge of the answer."""
    client = HTTPConnection(address.removeprefix("http://"), timeout=10)
    headers = {"Authorization": credentials} if credentials else {}
    if body:
        headers["Content-Type"] = "application/json"
    client.request("POST" if body else "GET", path, body or None, headers)
    response = client.getresponse()
    answer = json.loads(response.read())
    client.close()
    return response.status, answer, response.headers["WWW-Authenticate"]


def test_the_tokens_subject_must_be_the_paths_user(address: str) -> None:
    status, created, _ = send(address, f"Bearer {token(OWNER)}", body='{"title": "Buy milk"}')
    assert (status, created["user_id"]) == (201, OWNER)
    assert send(address, f"bearer {token(OWNER)}") == (200, [created], None)

    for body in ("", '{"title": "Not mine"}', "nonsense"):
        status, problem, challenge = send(address, f"Bearer {token(STRANGER)}", body=body)
        assert (status, problem["type"], challenge) == (403, "/problems/forbidden", None)
    assert send(address, f"Bearer {token(OWNER)}") == (200, [created], None)


@pytest.mark.parametrize(
    ("credentials", "detail"),
    [
        ("", "Authentication credentials were not provided."),
        ("Basic YWxpY2U6", "Authentication credentials were not provided."),
        ("Bearer nonsense", "Not enough segments"),
        (f"Bearer {token(OWNER, minutes=-1)}", "Signature has expired"),
        (f"Bearer {token(OWNER, key=KEY.upper())}", "Signature verification failed"),
    ],
    ids=["none", "another scheme", "nonsense", "expired", "forged"],
)
def test_without_a_valid_token_nobody_gets_in(address: str, credentials: str, detail: str) -> None:
    status, problem, challenge = send(address, credentials)
    assert (status, problem["type"]) == (401, "/problems/unauthorized")
    assert problem["detail"] == detail
    assert challenge == "Bearer"


def test_the_rest_stays_open(address: str) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert send(address, path=path)[0] == 200
    assert send(address, path="/nowhere")[0] == 404


def test_the_document_says_it_and_nothing_else_changes(address: str) -> None:
    _, document, _ = send(address, path="/openapi.json")
    before = json.loads((BASE_DIR / "openapi.json").read_text())
    assert document["components"].pop("securitySchemes") == {
        "credentials": {"type": "http", "scheme": "bearer"}
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "tasks" not in operation["tags"]:
                continue
            assert operation.pop("security") == [{"credentials": []}]
            for status in ("401", "403"):
                refusal = operation["responses"].pop(status)
                [(media_type, content)] = refusal["content"].items()
                assert media_type == "application/problem+json"
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            before["paths"][path][method].pop("security", None)
    assert document == before
