"""Tests of invalid members in the body of POST, PUT and PATCH."""

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
        ": There is no such field.; title: This field is required.; "
        "completed: Must be a valid boolean."
    )
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        *(("#/", "unknown"), ("#/title", "required"), ("#/completed", "invalid"))
    ]


@pytest.mark.parametrize(
    ("name", "pointer"),
    [("a/b~c", "a~1b~0c"), ('ä "%', "%C3%A4%20%22%25"), ("\ud800", "?"), ("\0", "%00")],
)
def test_a_pointer_is_a_uri_fragment(api: API, name: str, pointer: str) -> None:
    problem = api.problem(400, "POST", TASKS, {"title": "a", name: 1})
    assert [error["pointer"] for error in problem["errors"]] == [f"#/{pointer}"]
