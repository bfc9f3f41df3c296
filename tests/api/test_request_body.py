"""Tests of request bodies: JSON syntax, media type and size."""

import gzip

import pytest

from tasks.models import Task
from tests.support.client import API, TASKS, stored_rows, task_url

pytestmark = pytest.mark.django_db

TOO_LARGE = b'{"title": "' + b"x" * 64 * 1024 + b'"}'


def nested_body(name: str, depth: int, opening: str = "[", closing: str = "]") -> bytes:
    """Return an object whose member `name` is nested `depth` levels deep."""
    return f'{{"{name}": {opening * depth}1{closing * depth}}}'.encode()


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "Input is a zero-length, empty document: line 1 column 1 (char 0)"),
        (b"{", "unexpected end of data: line 1 column 2 (char 1)"),
        (b'{"title": NaN}', "unexpected character, expected a JSON value: line 1 column 11"),
        ("{}".encode("utf-16-be"), "unexpected character"),
        (b'{"a": "\\ud800", "b": NaN}', "no low surrogate in string: line 1 column 8 (char 7)"),
        (b'{"a": "\\ud800"x}', "no low surrogate in string: line 1 column 8 (char 7)"),
        (
            b'{"a": "\\ud800", "b": 1' + b"0" * 5000 + b"}",
            "no low surrogate in string: line 1 column 8 (char 7)",
        ),
        (nested_body("title", 1024), "depth limit exceeded"),
        (nested_body("id", 1024, '{"a":', "}"), "depth limit exceeded"),
        (nested_body("title", 5000), "depth limit exceeded"),
        (
            b'{"a": "\\uD800", "b": ' + nested_body("title", 5000) + b"}",
            "no low surrogate in string: line 1 column 8 (char 7)",
        ),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_invalid_json_returns_400(
    api: API, task: Task, method: str, body: bytes, detail: str
) -> None:
    path = TASKS if method == "POST" else task_url(task)
    problem = api.problem(400, method, path, body)
    assert problem.pop("detail").startswith(f"The body is not JSON: {detail}")
    assert problem == {
        "type": "/problems/malformed-json",
        "title": "The body is not a JSON object",
        "status": 400,
    }


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=iso-8859-1"])
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ('{"title": "für"}'.encode("latin-1"), "invalid start byte at position 12"),
        ('{"title": "café"}'.encode("latin-1"), "invalid continuation byte at position 14"),
        (b'{"title": "\xed\xa0\x80"}', "invalid continuation byte at position 11"),
        (b'{"title": "\xf0\x9f', "unexpected end of data at position 11"),
        ("{}".encode("utf-16"), "invalid start byte at position 0"),
        (b'{"a": "\\ud800", "title": "\xff"}', "invalid start byte at position 26"),
    ],
)
def test_body_that_is_not_utf8_returns_400(
    api: API, charset: str, body: bytes, detail: str
) -> None:
    """A charset has no effect on JSON (RFC 8259 §11)."""
    content_type = f"application/json{charset}"
    problem = api.problem(400, "POST", TASKS, body, content_type=content_type)
    assert problem["type"] == "/problems/malformed-json"
    assert problem["detail"] == f"The body is not UTF-8: {detail}."


def test_byte_order_mark_is_ignored(api: API) -> None:
    body = '\ufeff{"title": "\ufeffä"}'.encode()
    assert api.send(201, "POST", TASKS, body).json()["title"] == "ä"


@pytest.mark.parametrize("depth", [900, 960, 1000, 1023])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
@pytest.mark.parametrize(
    ("end", "name", "code"),
    [
        ("", "title", "invalid"),
        ("", "description", "invalid"),
        ("", "completed", "invalid"),
        ("", "unknown", "unknown"),
        ("/complete", "completed", "invalid"),
    ],
)
def test_deeply_nested_value_returns_the_error_of_its_field(
    api: API, task: Task, end: str, name: str, code: str, brackets: tuple[str, str], depth: int
) -> None:
    body = nested_body(name, depth, *brackets)
    problem = api.problem(400, "PATCH", task_url(task) + end, body)
    assert problem["type"] == "/problems/validation-error"
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        (f"#/{name}", code)
    ]


@pytest.mark.parametrize("depth", [960, 1023])
@pytest.mark.parametrize("name", ["id", "user_id", "created_at", "updated_at"])
def test_deeply_nested_value_of_a_field_set_by_the_server_is_ignored(
    api: API, task: Task, name: str, depth: int
) -> None:
    before = api.send(200, "GET", task_url(task)).json()
    body = nested_body(name, depth)
    assert api.send(200, "PATCH", task_url(task), body).json() == before


@pytest.mark.parametrize(
    ("end", "body"),
    [("", b"null"), *(("/complete", body) for body in (b"[]", b"false", b'"{}"', b"1"))],
)
def test_json_that_is_not_an_object_returns_400(
    api: API, task: Task, end: str, body: bytes
) -> None:
    problem = api.problem(400, "PATCH", task_url(task) + end, body)
    assert problem["type"] == "/problems/malformed-json"
    assert problem["detail"] == "The body must be a JSON object."


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/problem+json"],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "COMPLETE"])
def test_other_media_type_returns_415(
    api: API, task: Task, method: str, content_type: str
) -> None:
    path = {"POST": TASKS, "COMPLETE": f"{task_url(task)}/complete"}.get(method, task_url(task))
    method = method.replace("COMPLETE", "PATCH")
    assert api.problem(415, method, path, b"{}", content_type=content_type) == {
        "type": "/problems/unsupported-media-type",
        "title": "The body's media type is not supported",
        "status": 415,
        "detail": "Send the body as Content-Type: application/json.",
    }
    response = api.send(415, method, path, b"{}", content_type=content_type)
    accepted = "application/json" if method == "PATCH" else None
    assert response.get("Accept-Patch") == accepted  # RFC 5789 §2.2
    assert "Accept-Encoding" not in response  # RFC 9110 §12.5.3


@pytest.mark.parametrize("coding", ["gzip", "GZIP, identity", "br", "unknown"])
@pytest.mark.parametrize("body", [gzip.compress(b"{}", mtime=0), b"{}"])
def test_content_encoding_returns_415(api: API, task: Task, coding: str, body: bytes) -> None:
    before = stored_rows()
    for method, path in [
        ("POST", TASKS),
        ("PUT", task_url(task)),
        ("PATCH", task_url(task)),
        ("PATCH", f"{task_url(task)}/complete"),
    ]:
        response = api.send(415, method, path, body, content_encoding=coding)
        assert response["Accept-Encoding"] == "identity"  # RFC 9110 §15.5.16
        assert response.json()["detail"] == "Send the body without Content-Encoding."
    assert stored_rows() == before


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
def test_no_content_coding_is_accepted(api: API, task: Task, coding: str) -> None:
    """`identity` is none, although a client should not send it (RFC 9110 §8.4)."""
    api.send(200, "PATCH", task_url(task), {}, content_encoding=coding)


def test_content_encoding_of_no_body_is_ignored(api: API, task: Task) -> None:
    api.send(200, "PATCH", f"{task_url(task)}/complete", content_encoding="gzip")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;x"]
)
def test_case_and_parameters_of_the_media_type_are_ignored(api: API, content_type: str) -> None:
    api.send(201, "POST", TASKS, {"title": "a"}, content_type=content_type)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_body_over_64_kib_returns_413(api: API, task: Task, method: str) -> None:
    path = TASKS if method == "POST" else task_url(task)
    assert api.problem(413, method, path, TOO_LARGE) == {
        "type": "/problems/content-too-large",
        "title": "The body is too large",
        "status": 413,
        "detail": "The body is larger than 64 KiB.",
    }


def test_body_of_64_kib_is_accepted(api: API) -> None:
    body = b'{"title": "a"}'
    api.send(201, "POST", TASKS, body + b" " * (64 * 1024 - len(body)))


@pytest.mark.parametrize("text", [b'"\\ud83e\\udd5b"', '"🥛"'.encode()])
def test_surrogate_pair_is_one_character(api: API, text: bytes) -> None:
    assert api.send(201, "POST", TASKS, b'{"title": ' + text + b"}").json()["title"] == "🥛"
