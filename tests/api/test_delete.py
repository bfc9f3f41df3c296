"""Tests of DELETE on a task, and on the list with a filter."""

import pytest

from tasks.models import Task
from tests.support.client import API, STRANGER, TASKS, stored_rows, task_url
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db


def test_only_the_named_task_is_deleted(api: API, task: Task) -> None:
    other = TaskFactory.create()
    response = api.send(204, "DELETE", task_url(task))
    assert response.content == b""
    assert "Content-Type" not in response
    assert [row["id"] for row in stored_rows()] == [other.id]


def test_second_delete_returns_404(api: API, task: Task) -> None:
    api.send(204, "DELETE", task_url(task))
    assert api.problem(404, "DELETE", task_url(task))["detail"] == "There is no such task."


def test_update_of_deleted_task_returns_404(api: API, task: Task) -> None:
    api.send(204, "DELETE", task_url(task))
    for method, path in (("PUT", ""), ("PATCH", ""), ("PATCH", "/complete")):
        api.problem(404, method, task_url(task) + path, {"completed": True})


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("completed", [True, False])
def test_delete_by_filter_deletes_the_matching_tasks(
    api: API, slash: str, *, completed: bool
) -> None:
    TaskFactory.create_batch(3, completed=completed)
    kept = [TaskFactory.create(completed=not completed)]
    kept += [TaskFactory.create(completed=completed, user_id=STRANGER)]
    path = f"{TASKS}{slash}?completed={str(completed).lower()}"
    assert api.send(200, "DELETE", path).json() == {"deleted": 3}
    assert {row["id"] for row in stored_rows()} == {task.id for task in kept}
    assert api.send(200, "DELETE", path).json() == {"deleted": 0}


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
def test_delete_by_invalid_filter_returns_400(api: API, query: str, name: str, code: str) -> None:
    TaskFactory.create(completed=True)
    problem = api.problem(400, "DELETE", f"{TASKS}{query}")
    assert [(error["parameter"], error["code"]) for error in problem["errors"]] == [(name, code)]


@pytest.mark.parametrize("if_match", ['"x"', "", '"2026-02-06T10:30:00Z"'])
def test_delete_by_filter_with_entity_tag_returns_412(api: API, if_match: str) -> None:
    TaskFactory.create(completed=True)
    problem = api.problem(412, "DELETE", f"{TASKS}?completed=true", if_match=if_match)
    assert "current" not in problem


def test_delete_by_filter_with_if_match_star_is_accepted(api: API) -> None:
    TaskFactory.create(completed=True)
    response = api.send(200, "DELETE", f"{TASKS}?completed=true", if_match="*")
    assert response.json() == {"deleted": 1}
