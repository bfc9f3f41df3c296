"""DELETE on a task."""

import pytest
from pytest_django import DjangoAssertNumQueries

from tasks.models import Task
from tests.conftest import API, address, stored
from tests.factories import TaskFactory

pytestmark = pytest.mark.django_db


def test_the_task_is_gone_and_no_other(
    api: API, task: Task, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = TaskFactory.create()
    with django_assert_num_queries(1) as queries:
        response = api.send(204, "DELETE", address(task))
    assert '"user_id" = ' in queries.captured_queries[0]["sql"]
    assert response.content == b""
    assert "Content-Type" not in response
    assert [row["id"] for row in stored()] == [other.id]


def test_a_second_time_it_is_not_found(api: API, task: Task) -> None:
    api.send(204, "DELETE", address(task))
    assert api.refused(404, "DELETE", address(task))["detail"] == "There is no such task."


def test_a_deleted_task_does_not_come_back(api: API, task: Task) -> None:
    api.send(204, "DELETE", address(task))
    for method, path in (("PUT", ""), ("PATCH", ""), ("PATCH", "/complete")):
        api.refused(404, method, address(task) + path, {"completed": True})
