"""Tests of the list: order, filter, response and compression."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from tasks.models import Task
from tests.support.client import API, TASKS, task_url
from tests.support.factories import TaskFactory
from tests.support.pages import titles

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)


def test_response_is_an_array_of_tasks(api: API, task: Task) -> None:
    response = api.send(200, "GET", TASKS)
    assert response.json() == [api.send(200, "GET", task_url(task)).json()]
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "private, no-cache"


def test_user_without_tasks_gets_an_empty_array(api: API) -> None:
    assert api.send(200, "GET", TASKS).content == b"[]"


def test_timestamps_are_utc_with_microseconds(api: API) -> None:
    TaskFactory.create(created_at=NOON + timedelta(microseconds=7), updated_at=NOON)
    [task] = api.send(200, "GET", TASKS).json()
    assert task["created_at"] == "2026-02-06T12:00:00.000007Z"
    assert task["updated_at"] == "2026-02-06T12:00:00Z"


def test_order_is_newest_first_then_greatest_id_first(api: API) -> None:
    for minute in (1, 0, 2):
        TaskFactory.create(title=str(minute), created_at=NOON + timedelta(minutes=minute))
    tied = TaskFactory.create_batch(9, title="tied", created_at=NOON + timedelta(hours=1))
    expected = sorted((str(task.id) for task in tied), reverse=True)
    response = api.send(200, "GET", TASKS)
    assert [task["id"] for task in response.json()[:9]] == expected
    assert titles(response)[9:] == ["2", "1", "0"]


def test_completed_filters_the_list(api: API) -> None:
    TaskFactory.create(title="done", completed=True)
    TaskFactory.create(title="open")
    assert titles(api.send(200, "GET", f"{TASKS}?completed=true")) == ["done"]
    assert titles(api.send(200, "GET", f"{TASKS}?completed=false")) == ["open"]


@pytest.mark.parametrize(
    ("accept_encoding", "compressed"),
    [
        *((accepted, True) for accepted in ("gzip", "gzip, br", "br;q=1, GZIP;q=0.5", "*")),
        *(
            (other, False)
            for other in ("", "identity", "gzip;q=0", "gzip;q=0, *", "*;q=0", "xgzip")
        ),
    ],
)
def test_list_is_compressed_if_the_client_accepts_gzip(
    api: API, task: Task, accept_encoding: str, *, compressed: bool
) -> None:
    plain = api.send(200, "GET", TASKS)
    response = api.send(200, "GET", TASKS, accept_encoding=accept_encoding)
    assert response["Vary"] == plain["Vary"] == "Accept-Encoding, origin"
    assert response.get("Content-Encoding") == ("gzip" if compressed else None)
    assert response["Content-Length"] == str(len(response.content))
    body = gzip.decompress(response.content) if compressed else response.content
    assert json.loads(body) == plain.json()
    assert response["ETag"] == ("W/" if compressed else "") + plain["ETag"]


def test_single_task_is_not_compressed(api: API, task: Task) -> None:
    response = api.send(200, "GET", task_url(task), accept_encoding="gzip")
    assert "Content-Encoding" not in response
