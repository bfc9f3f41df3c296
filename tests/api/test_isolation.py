"""Tests that a user can neither read, change nor delete the tasks of another user."""

import pytest

from tasks.models import Task
from tests.support.client import API, OWNER, STRANGER, TASKS
from tests.support.writes import WRITES


@pytest.mark.parametrize(("method", "end", "body"), [("GET", "", None), *WRITES])
def test_other_user_gets_the_404_of_a_missing_task(
    api: API, task: Task, missing_url: str, method: str, end: str, body: object
) -> None:
    other_user_url = f"/api/{STRANGER}/tasks/{task.id}"
    paths = [f"{url}{end}" for url in (other_user_url, missing_url)]
    for path in paths:
        problem = api.problem(404, method, path, body)
        assert problem["detail"] == "There is no such task."
    other, missing = (api.send(404, method, path, body, x_request_id="same") for path in paths)
    assert other.content == missing.content
    assert dict(other.headers) == dict(missing.headers)


def test_list_contains_only_the_tasks_of_the_user(api: API, task: Task) -> None:
    other = api.send(201, "POST", f"/api/{STRANGER}/tasks", {"title": "Other"}).json()
    assert [each["id"] for each in api.send(200, "GET", TASKS).json()] == [str(task.id)]
    assert api.send(200, "GET", f"/api/{STRANGER}/tasks").json() == [other]


@pytest.mark.parametrize("user_id", ["Alice", "alice ", "%61lice%20", "ALICE", "alic", "alice2"])
def test_user_ids_are_compared_exactly(api: API, task: Task, user_id: str) -> None:
    assert task.user_id == OWNER
    assert api.send(200, "GET", f"/api/{user_id}/tasks").json() == []
