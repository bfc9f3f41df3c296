"""A stranger sees, changes and deletes nothing of another user."""

import pytest

from tasks.models import Task
from tests.support.client import API, STRANGER

VERBS = [
    ("GET", "", None),
    ("PUT", "", {"title": "Mine"}),
    ("PUT", "", {}),
    ("PATCH", "", {"title": "Mine"}),
    ("PATCH", "", {}),
    ("DELETE", "", None),
    ("PATCH", "/complete", None),
    ("PATCH", "/complete", {"completed": True}),
]


@pytest.mark.parametrize(("method", "end", "body"), VERBS)
def test_a_strangers_answer_is_that_of_a_task_that_does_not_exist(
    api: API, task: Task, missing_url: str, method: str, end: str, body: object
) -> None:
    theirs = f"/api/{STRANGER}/tasks/{task.id}{end}"
    for path in (theirs, f"{missing_url}{end}"):
        problem = api.problem(404, method, path, body, x_request_id="same")
        assert problem["detail"] == "There is no such task."
    answers = [
        api.send(404, method, path, body, x_request_id="same")
        for path in (theirs, f"{missing_url}{end}")
    ]
    assert answers[0].content == answers[1].content
    assert dict(answers[0].headers) == dict(answers[1].headers)
