"""Tests of GET and HEAD on a task, of HEAD on the list, and of trailing slashes."""

from datetime import UTC, datetime

import pytest

from tasks.models import Task
from tests.support.client import API, TASKS, task_url
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db


def test_response_equals_that_of_the_create(api: API) -> None:
    created = api.send(201, "POST", TASKS, {"title": "Buy milk", "description": "Two\r\n"})
    response = api.send(200, "GET", created["Location"])
    assert response.content == created.content
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "private, no-cache"


def test_task_id_in_upper_case_is_accepted(api: API, task: Task) -> None:
    response = api.send(200, "GET", f"{TASKS}/{str(task.id).upper()}")
    assert response.json()["id"] == str(task.id)


@pytest.mark.parametrize("slash", ["", "/"])
def test_trailing_slash_is_optional(api: API, task: Task, slash: str) -> None:
    assert len(api.send(200, "GET", f"{TASKS}{slash}").json()) == 1
    assert api.send(200, "GET", f"{task_url(task)}{slash}").json()["id"] == str(task.id)
    assert api.send(200, "PATCH", f"{task_url(task)}/complete{slash}").json()["completed"] is True


def test_time_has_six_digits_after_the_second_or_none_on_a_whole_second(api: API) -> None:
    whole, half = (datetime(2026, 2, 6, 10, 30, 0, each, tzinfo=UTC) for each in (0, 500_000))
    task = TaskFactory.create(created_at=whole, updated_at=half)
    times = '"created_at":"2026-02-06T10:30:00Z","updated_at":"2026-02-06T10:30:00.500000Z"'
    for path in (TASKS, task_url(task)):
        assert times in api.send(200, "GET", path).content.decode()
    Task.objects.update(updated_at=whole)
    etag = api.send(200, "GET", task_url(task))["ETag"]
    assert etag == '"2026-02-06T10:30:00Z"'
    api.send(200, "PATCH", task_url(task), {"title": "a"}, if_match=etag)


def test_head_returns_the_headers_of_get(api: API, task: Task) -> None:
    for path in (TASKS, task_url(task)):
        get, head = api.send(200, "GET", path), api.send(200, "HEAD", path)
        get_headers, head_headers = dict(get.headers), dict(head.headers)
        assert get_headers.pop("X-Request-ID") != head_headers.pop("X-Request-ID")
        assert head_headers == get_headers
        assert head.content == b""
