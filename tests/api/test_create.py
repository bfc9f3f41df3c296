"""Tests of POST /api/{user_id}/tasks."""

import json
from datetime import UTC, datetime

import pytest

from tasks.api.examples import ALL_FIELDS
from tasks.api.serializers import WRITABLE
from tasks.models import COLUMNS, DEFAULTS, Task
from tests.support.client import API, OWNER, TASKS, stored_rows, task_url
from todo_project.http.json import dumps

pytestmark = pytest.mark.django_db


def rfc3339(timestamp: datetime) -> str:
    return timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z")


def test_response_is_the_stored_task(api: API) -> None:
    response = api.send(201, "POST", TASKS, {"title": "Buy milk"})
    task = Task.objects.get()
    members = DEFAULTS | {
        "id": str(task.id),
        "user_id": OWNER,
        "title": "Buy milk",
        "description": None,
        "completed": False,
        "created_at": rfc3339(task.created_at),
        "updated_at": rfc3339(task.created_at),
    }
    assert list(response.json().items()) == [(name, members[name]) for name in COLUMNS]
    assert task.updated_at == task.created_at
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Location"] == task_url(task)


def test_all_fields_are_stored(api: API) -> None:
    created = api.send(201, "POST", TASKS, ALL_FIELDS)
    assert created.json() == created.json() | ALL_FIELDS
    assert json.loads(dumps(stored_rows())) == api.send(200, "GET", TASKS).json()
    assert api.send(200, "GET", created["Location"]).content == created.content


def test_examples_are_of_every_field_and_no_defaults() -> None:
    assert tuple(ALL_FIELDS) == WRITABLE
    assert [name for name in DEFAULTS if ALL_FIELDS[name] == DEFAULTS[name]] == []


@pytest.mark.parametrize("space", ["\u3000 ", "\ufeff", "\t\ufeff\n", "\x1c\x1d\x1e\x1f\x85"])
def test_title_is_trimmed(api: API, space: str) -> None:
    title = f"{space}Buy \ufeff milk{space}"
    created = api.send(201, "POST", TASKS, {"title": title}).json()
    assert created["title"] == Task.objects.get().title == "Buy \ufeff milk"
    api.send(200, "PATCH", f"{TASKS}/{created['id']}", {"title": f"{space}b{space}"})
    assert Task.objects.get().title == "b"


def test_lengths_are_counted_in_code_points_after_trimming(api: API) -> None:
    body = {"title": "\ufeff" + "🥛" * 200 + " ", "description": "é" * 1000}
    response = api.send(201, "POST", TASKS, body)
    assert response.json()["title"] == "🥛" * 200


@pytest.mark.parametrize("description", ["", None, " b\n"])
def test_description_is_stored_unchanged(api: API, description: str | None) -> None:
    response = api.send(201, "POST", TASKS, {"title": "a", "description": description})
    assert response.json()["description"] == description


def test_fields_set_by_the_server_are_ignored(api: API, task: Task) -> None:
    sent = {
        "id": str(task.id),
        "user_id": "mallory",
        "title": "New",
        "created_at": [],
        "updated_at": 7,
    }
    created = api.send(201, "POST", TASKS, sent).json()
    assert created["id"] != str(task.id)
    assert created["user_id"] == OWNER
    assert Task.objects.count() == 2


def test_location_is_escaped(api: API) -> None:
    response = api.send(201, "POST", "/api/%C3%A4%20%25%3F%23%5C;%2B@x/tasks/", {"title": "a"})
    assert response.json()["user_id"] == "ä %?#\\;+@x"
    assert api.send(200, "GET", response["Location"]).json() == response.json()
