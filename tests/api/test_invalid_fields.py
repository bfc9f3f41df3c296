"""Tests of invalid members in the body of POST, PUT and PATCH."""

import json

import pytest

from tasks.models import Task
from tests.support.client import API, TASKS, task_url

pytestmark = pytest.mark.django_db

NULL = "null", "This field may not be null."
BLANK = "blank", "This field may not be blank."
NO_STRING = "invalid", "Not a valid string."
NO_BOOLEAN = "invalid", "Must be a valid boolean."
NUL = "null_characters_not_allowed", "Null characters are not allowed."
SURROGATE = "surrogate_characters_not_allowed", "Surrogate characters are not allowed: U+D800."
INVALID: list[tuple[str, object, tuple[str, str]]] = [
    ("title", None, NULL),
    *(("title", blank, BLANK) for blank in ("", " \u2003\x1f\n", "\ufeff", " \ufeff\x85\ufeff ")),
    *(("title", value, NO_STRING) for value in (123, True, ["a"])),
    ("title", "x" * 201, ("max_length", "Ensure this field has no more than 200 characters.")),
    ("title", "a\0b", NUL),
    ("title", "a\ud800", SURROGATE),
    ("description", 5, NO_STRING),
    ("description", [], NO_STRING),
    (
        "description",
        "x" * 1001,
        ("max_length", "Ensure this field has no more than 1000 characters."),
    ),
    *(("completed", value, NO_BOOLEAN) for value in ("true", "false", 1)),
    ("completed", None, NULL),
    ("titel", "b", ("unknown", "There is no such field.")),
]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize(("name", "value", "error"), INVALID)
def test_invalid_field_returns_400(
    api: API, task: Task, method: str, name: str, value: object, error: tuple[str, str]
) -> None:
    path = TASKS if method == "POST" else task_url(task)
    code, detail = error
    assert api.problem(400, method, path, {"title": "a", name: value}) == {
        "type": "/problems/validation-error",
        "title": "The request is not valid",
        "status": 400,
        "detail": f"{name}: {detail}",
        "errors": [{"pointer": f"#/{name}", "code": code, "detail": detail}],
    }


def test_all_errors_are_reported_together(api: API) -> None:
    problem = api.problem(400, "POST", TASKS, {"completed": 0, "": 1})
    assert problem["detail"] == (
        "title: This field is required.; completed: Must be a valid boolean.; "
        ": There is no such field."
    )
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        *(("#/title", "required"), ("#/completed", "invalid"), ("#/", "unknown"))
    ]


@pytest.mark.parametrize(("unknown", "more"), [(98, ""), (99, "; there are more errors.")])
def test_at_most_100_errors_are_reported(api: API, unknown: int, more: str) -> None:
    body = {f"field{number}": 1 for number in range(unknown)}
    problem = api.problem(400, "POST", TASKS, {"completed": 0} | body)
    expected = ["title", "completed", *body][:100]
    assert [error["pointer"] for error in problem["errors"]] == [f"#/{name}" for name in expected]
    last = f"{expected[-1]}: There is no such field."
    assert problem["detail"].endswith(last + more)
    assert problem["detail"].count(";") == 99 + bool(more)


@pytest.mark.parametrize(
    "name",
    ["{}", "{}" + "x" * 60, "{}" + "x" * 600, "{}" + "\U0001f95b" * 600, "{}" + "\x01" * 600],
)
def test_problem_is_at_most_32_kib(api: API, name: str) -> None:
    size = len(json.dumps({name.format("12345"): 1}, ensure_ascii=False).encode())
    names = (name.format(f"{number:05}") for number in range(64 * 1024 // size))
    body = json.dumps(dict.fromkeys(names, 1), ensure_ascii=False).encode()
    response = api.send(400, "POST", TASKS, body)
    assert len(response.content) <= 32 * 1024
    assert response.json()["detail"].endswith("; there are more errors.")


def test_long_name_is_cut_off(api: API) -> None:
    problem = api.problem(400, "POST", TASKS, {"title": "a", "x" * 60_000: 1})
    shown = "x" * 500
    assert problem["detail"] == f"{shown}…: There is no such field."
    assert [error["pointer"] for error in problem["errors"]] == [f"#/{shown}%E2%80%A6"]


@pytest.mark.parametrize(
    ("name", "pointer"),
    [("a/b~c", "a~1b~0c"), ('ä "%', "%C3%A4%20%22%25"), ("\ud800", "?"), ("\0", "%00")],
)
def test_a_pointer_is_a_uri_fragment(api: API, name: str, pointer: str) -> None:
    problem = api.problem(400, "POST", TASKS, {"title": "a", name: 1})
    assert [error["pointer"] for error in problem["errors"]] == [f"#/{pointer}"]
