"""GET and HEAD on the list and on a task."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks.models import Task
from tests.support.client import API, OWNER, STRANGER, TASKS, task_url
from tests.support.factories import TaskFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)


def titles(api: API, query: str = "") -> list[str]:
    return [task["title"] for task in api.send(200, "GET", f"{TASKS}{query}").json()]


def test_a_task_reads_as_it_was_created(api: API) -> None:
    created = api.send(201, "POST", TASKS, {"title": "Buy milk", "description": "Two\r\n"})
    response = api.send(200, "GET", created["Location"])
    assert response.content == created.content
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "private, no-cache"


def test_the_id_may_be_in_upper_case(api: API, task: Task) -> None:
    response = api.send(200, "GET", f"{TASKS}/{str(task.id).upper()}")
    assert response.json()["id"] == str(task.id)


def test_times_are_in_utc_with_all_their_microseconds(api: API) -> None:
    TaskFactory.create(created_at=NOON + timedelta(microseconds=7), updated_at=NOON)
    [task] = api.send(200, "GET", TASKS).json()
    assert task["created_at"] == "2026-02-06T12:00:00.000007Z"
    assert task["updated_at"] == "2026-02-06T12:00:00Z"


def test_the_list_is_a_plain_array_of_tasks(api: API, task: Task) -> None:
    response = api.send(200, "GET", TASKS)
    assert response.json() == [api.send(200, "GET", task_url(task)).json()]
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "private, no-cache"


def test_a_user_without_tasks_has_an_empty_list(api: API) -> None:
    assert api.send(200, "GET", TASKS).content == b"[]"


def test_the_newest_comes_first_and_the_greater_id_breaks_ties(api: API) -> None:
    for minute in (1, 0, 2):
        TaskFactory.create(title=str(minute), created_at=NOON + timedelta(minutes=minute))
    tied = [
        TaskFactory.create(title="tied", created_at=NOON + timedelta(hours=1)) for _ in range(9)
    ]
    expected = sorted((str(task.id) for task in tied), reverse=True)
    tasks = api.send(200, "GET", TASKS).json()
    assert [task["id"] for task in tasks[:9]] == expected
    assert [task["title"] for task in tasks[9:]] == ["2", "1", "0"]


def test_completed_filters(api: API) -> None:
    TaskFactory.create(title="done", completed=True)
    TaskFactory.create(title="open")
    assert titles(api, "?completed=true") == ["done"]
    assert titles(api, "?completed=false") == ["open"]


@pytest.mark.parametrize("end", ["", "/"])
def test_a_slash_at_the_end_changes_nothing(api: API, task: Task, end: str) -> None:
    assert len(api.send(200, "GET", f"{TASKS}{end}").json()) == 1
    assert api.send(200, "GET", f"{task_url(task)}{end}").json()["id"] == str(task.id)
    assert api.send(200, "PATCH", f"{task_url(task)}/complete{end}").json()["completed"] is True


def test_head_is_get_without_the_body(api: API, task: Task) -> None:
    for path in (TASKS, task_url(task)):
        get, head = api.send(200, "GET", path), api.send(200, "HEAD", path)
        get_headers, head_headers = dict(get.headers), dict(head.headers)
        assert get_headers.pop("X-Request-ID") != head_headers.pop("X-Request-ID")
        assert head_headers == get_headers
        assert head.content == b""


def test_users_do_not_see_each_other(api: API, task: Task) -> None:
    theirs = api.send(201, "POST", f"/api/{STRANGER}/tasks", {"title": "Theirs"}).json()
    assert [each["id"] for each in api.send(200, "GET", TASKS).json()] == [str(task.id)]
    assert api.send(200, "GET", f"/api/{STRANGER}/tasks").json() == [theirs]


@pytest.mark.parametrize("user_id", ["Alice", "alice ", "%61lice%20", "ALICE", "alic", "alice2"])
def test_user_ids_are_compared_exactly(api: API, task: Task, user_id: str) -> None:
    assert task.user_id == OWNER
    assert api.send(200, "GET", f"/api/{user_id}/tasks").json() == []
