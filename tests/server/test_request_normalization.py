"""Tests of WSGI requests that Django alone would misread or fail on."""

from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from tasks.models import Task
from tests.support.client import OWNER, TASKS, stored_rows, task_url
from tests.support.factories import TaskFactory
from todo_project.wsgi import application

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def call(method: str, path: str, body: bytes = b"", **environ: Any) -> tuple[int, bytes]:
    """Call the WSGI application; return the status and the body of the response."""
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": path}
    for name, value in {"wsgi.input": BytesIO(body), "HTTP_HOST": "localhost"}.items():
        environ.setdefault(name, value)
    setup_testing_defaults(environ)
    environ = {name: value for name, value in environ.items() if value is not None}
    statuses: list[str] = []
    response = application(environ, lambda status, headers: statuses.append(status))
    content = b"".join(response)
    response.close()
    [status] = statuses
    return int(status.split()[0]), content


@pytest.mark.parametrize(
    "path", ["/api/a\xffb/tasks", "/api/\xed\xa0\x80/tasks", "/api/\xc3/tasks"]
)
def test_user_id_that_is_not_utf8_returns_400(path: str) -> None:
    status, content = call("GET", path)
    assert status == 400
    assert b'"parameter":"user_id"' in content


def test_request_target_asterisk_returns_404() -> None:
    status, content = call("OPTIONS", "*")
    assert status == 404
    assert b'"/problems/not-found"' in content


def test_user_id_is_decoded_as_utf8() -> None:
    path = TASKS.replace("alice", "ä🥛").encode().decode("latin-1")
    body = b'{"title": "a"}'
    assert call("POST", path, body, CONTENT_TYPE="application/json", CONTENT_LENGTH="14")[0] == 201
    assert Task.objects.get().user_id == "ä🥛"


def test_content_type_with_unknown_charset_returns_415() -> None:
    body = b'{"title": "a"}'
    content_type = "application/json; x*=nonsense''y"
    assert call("POST", TASKS, body, CONTENT_TYPE=content_type, CONTENT_LENGTH="14")[0] == 415


@pytest.mark.parametrize(
    ("refused", "slug"),
    [
        (400, "bad-request"),
        (413, "content-too-large"),
        (503, "overloaded"),
    ],
)
def test_request_that_the_server_refuses_is_not_executed(refused: int, slug: str) -> None:
    """todo_project/server describes when it does."""
    task = TaskFactory.create(user_id=OWNER)
    before = stored_rows()
    for method, path in [("DELETE", task_url(task)), ("GET", "/docs"), ("GET", "/nowhere")]:
        environ: dict[str, Any] = {"gunicorn.refused": refused}
        status, content = call(method, path, **environ)
        assert status == refused
        assert f'"/problems/{slug}"'.encode() in content
    assert stored_rows() == before


def test_connection_error_while_reading_body_returns_400() -> None:
    class BrokenInput(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("connection lost")

    environ: dict[str, Any] = {
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "14",
        "wsgi.input": BrokenInput(),
    }
    status, content = call("POST", TASKS, **environ)
    assert status == 400
    assert b'"/problems/bad-request"' in content


@pytest.mark.parametrize("body", [b"", b'{"title": "a"}'])
def test_body_shorter_than_content_length_returns_400(body: bytes) -> None:
    """The body is incomplete (RFC 9112 §8). An empty one would otherwise toggle a task."""
    task = TaskFactory.create(user_id=OWNER)
    for method, path in [("POST", TASKS), ("PATCH", f"{task_url(task)}/complete")]:
        before = stored_rows()
        environ = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "15"}
        status, content = call(method, path, body, **environ)
        assert status == 400
        assert b'"/problems/bad-request"' in content
        assert stored_rows() == before


@pytest.mark.parametrize(("protocol", "status"), [("HTTP/1.1", 400), ("HTTP/1.0", 200)])
def test_missing_host_returns_400_with_http_1_1(protocol: str, status: int) -> None:
    """HTTP/1.1 requires Host (RFC 9112 §3.2)."""
    assert call("GET", TASKS, SERVER_PROTOCOL=protocol, HTTP_HOST=None)[0] == status


CHARSETS = ["hex", "rot13", "zip", "punycode", "undefined", "utf-16", "latin-1", "x", "UTF-8"]


@pytest.mark.parametrize("charset", CHARSETS)
def test_charset_of_content_type_is_ignored(charset: str) -> None:
    body = '{"title": "ä"}'.encode()
    headers: dict[str, Any] = {
        "CONTENT_TYPE": f"application/json; charset={charset}",
        "CONTENT_LENGTH": str(len(body)),
    }
    assert call("GET", TASKS, QUERY_STRING="search=%C3%A4", **headers)[0] == 200
    assert call("POST", TASKS, body, **headers)[0] == 201
    assert Task.objects.get().title == "ä"


@pytest.mark.parametrize(
    ("path", "environ", "status"),
    [
        ("/api/a/b/tasks", {"RAW_URI": "/x%2Fy/api/a%2Fb/tasks", "SCRIPT_NAME": "/x/y"}, 400),
        ("/api/a/b/tasks", {"RAW_URI": "/todo/api/a%2fb/tasks?%2F", "SCRIPT_NAME": "/todo"}, 400),
        ("/api/a/b/tasks", {}, 404),  # as from runserver, which has only the decoded path
        ("", {"RAW_URI": "http://localhost?a=%2F"}, 302),
        ("/api/\xc3\xa4/b/tasks", {"RAW_URI": "/api/%C3%A4%2Fb/tasks"}, 400),
    ],
)
def test_encoded_slash_is_found_in_the_raw_target(
    path: str, environ: dict[str, Any], status: int
) -> None:
    assert call("GET", path, **environ)[0] == status


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"http://localhost{TASKS}", 200),
        (f"HTTPS://localhost:8000{TASKS}?limit=1", 200),
        (f"http://evil.example{TASKS}", 400),
        (f"http://{TASKS}", 400),
        ("http://evil.example?", 400),
        (f"http://personal:title@localhost{TASKS}", 400),
        ("http://personal title", 400),
        (f"{TASKS}?search=http://evil.example", 200),
    ],
)
def test_host_of_an_absolute_target_is_checked(
    caplog: pytest.LogCaptureFixture, target: str, status: int
) -> None:
    """RFC 9112 §3.2.2: it takes precedence over the Host header."""
    assert call("GET", TASKS, RAW_URI=target)[0] == status
    absolute = not target.startswith("/")
    overridden = call("GET", TASKS, RAW_URI=target, HTTP_HOST="evil.example")[0]
    assert overridden == (status if absolute else 400)
    assert "personal" not in caplog.text
