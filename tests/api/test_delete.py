"""DELETE on a task."""

import pytest

from tasks.models import Task
from tests.support.client import API, STRANGER, TASKS, stored_rows, task_url
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db


def test_the_task_is_gone_and_no_other(api: API, task: Task) -> None:
    other = TaskFactory.create()
    response = api.send(204, "DELETE", task_url(task))
    assert response.content == b""
    assert "Content-Type" not in response
    assert [row["id"] for row in stored_rows()] == [other.id]


def test_a_second_time_it_is_not_found(api: API, task: Task) -> None:
    api.send(204, "DELETE", task_url(task))
    assert api.problem(404, "DELETE", task_url(task))["detail"] == "There is no such task."


def test_a_deleted_task_does_not_come_back(api: API, task: Task) -> None:
    api.send(204, "DELETE", task_url(task))
    for method, path in (("PUT", ""), ("PATCH", ""), ("PATCH", "/complete")):
        api.problem(404, method, task_url(task) + path, {"completed": True})


@pytest.mark.parametrize("completed", [True, False])
def test_a_filter_deletes_what_it_names(api: API, *, completed: bool) -> None:
    TaskFactory.create_batch(3, completed=completed)
    kept = [TaskFactory.create(completed=not completed)]
    kept += [TaskFactory.create(completed=completed, user_id=STRANGER)]
    path = f"{TASKS}?completed={str(completed).lower()}"
    response = api.send(200, "DELETE", path)
    assert response.json() == {"deleted": 3}
    assert {row["id"] for row in stored_rows()} == {task.id for task in kept}
    assert api.send(200, "DELETE", f"{TASKS}/?completed=true").json()["deleted"] in {0, 1}


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("", "completed", "required"),
        ("?completed=", "completed", "invalid"),
        ("?completed=yes", "completed", "invalid"),
        ("?completed=true&completed=true", "completed", "repeated"),
        ("?completed=true&search=a", "search", "unknown"),
        ("?completed=true&limit=1", "limit", "unknown"),
        ("?completed=true&cursor=a", "cursor", "unknown"),
    ],
)
def test_without_a_clear_filter_nothing_is_deleted(
    api: API, query: str, name: str, code: str
) -> None:
    TaskFactory.create(completed=True)
    problem = api.problem(400, "DELETE", f"{TASKS}{query}")
    assert [(error["parameter"], error["code"]) for error in problem["errors"]] == [(name, code)]


@pytest.mark.parametrize("if_match", ['"x"', "", '"2026-02-06T10:30:00Z"'])
def test_a_deletion_by_filter_cannot_be_tied_to_a_state(api: API, if_match: str) -> None:
    TaskFactory.create(completed=True)
    problem = api.problem(412, "DELETE", f"{TASKS}?completed=true", if_match=if_match)
    assert "current" not in problem
    assert api.send(200, "DELETE", f"{TASKS}?completed=true", if_match="*").json()["deleted"] == 1
