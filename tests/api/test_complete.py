"""Tests of PATCH /api/{user_id}/tasks/{task_id}/complete."""

from datetime import datetime

import pytest

from tasks.models import Task
from tests.support.client import API, task_url

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("body", [None, b"", {}, b"null", b"\xef\xbb\xbfnull\n"])
def test_empty_body_toggles_completed(api: API, task: Task, body: object) -> None:
    path = f"{task_url(task)}/complete"
    before = api.send(200, "GET", task_url(task)).json()
    for expected in (True, False, True):
        after = api.send(200, "PATCH", path, body).json()
        assert after == before | {"completed": expected, "updated_at": after["updated_at"]}
        assert datetime.fromisoformat(after["updated_at"]) > datetime.fromisoformat(
            before["updated_at"]
        )
        assert api.send(200, "GET", task_url(task)).json() == after
        before = after


@pytest.mark.parametrize("value", [True, False])
def test_completed_in_the_body_is_set(api: API, task: Task, *, value: bool) -> None:
    for _ in range(2):
        response = api.send(200, "PATCH", f"{task_url(task)}/complete", {"completed": value})
        assert response.json()["completed"] is value


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        ({"completed": None}, "completed", "null"),
        ({"completed": "true"}, "completed", "invalid"),
        ({"completed": 1}, "completed", "invalid"),
        ({"title": "a"}, "title", "unknown"),
        ({"id": "a"}, "id", "unknown"),
    ],
)
def test_invalid_body_returns_400(
    api: API, task: Task, body: object, name: str, code: str
) -> None:
    problem = api.problem(400, "PATCH", f"{task_url(task)}/complete", body)
    assert problem["type"] == "/problems/validation-error"
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        (f"#/{name}", code)
    ]
