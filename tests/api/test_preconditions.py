"""Tests of ETag, and of If-Match and If-None-Match on writes (RFC 9110 §8.8 and §13)."""

from datetime import timedelta

import pytest

from tasks.models import Task
from tasks.queries import NO_TIMESTAMP, Precondition
from tests.support.client import API, STRANGER, TASKS, task_url
from tests.support.writes import SUCCESS_STATUS, WRITES

pytestmark = pytest.mark.django_db

each_write = pytest.mark.parametrize(("method", "end", "body"), WRITES)


def etag(api: API, task: Task) -> str:
    return f'"{api.send(200, "GET", task_url(task)).json()["updated_at"]}"'


def test_etag_is_updated_at_in_quotes(api: API) -> None:
    created = api.send(201, "POST", TASKS, {"title": "a"})
    path = created["Location"]
    for response in (
        created,
        api.send(200, "GET", path),
        api.send(200, "PATCH", path, {"title": "b"}),
        api.send(200, "PATCH", path, {}),
        api.send(200, "PATCH", f"{path}/complete"),
    ):
        assert response["ETag"] == f'"{response.json()["updated_at"]}"'
    assert api.send(200, "HEAD", path)["ETag"] == etag(api, Task.objects.get())


def test_response_to_put_has_no_etag(api: API, task: Task) -> None:
    assert "ETag" not in api.send(200, "PUT", task_url(task), {"title": "b"})


@each_write
@pytest.mark.parametrize("if_match", ["{}", "*", " * ", '"x", {}', '{}, "x"', "W/{}, {}", ",{},,"])
def test_matching_if_match_allows_the_write(
    api: API, task: Task, if_match: str, method: str, end: str, body: object
) -> None:
    if_match = if_match.format(*[etag(api, task)] * 2)
    api.send(SUCCESS_STATUS[method], method, task_url(task) + end, body, if_match=if_match)


@each_write
@pytest.mark.parametrize(
    "if_match",
    [
        '"2026-02-06T10:30:00.123456Z"',
        "W/{etag}",
        "{unquoted}",
        "'{unquoted}'",
        '"{unquoted}',
        "",
        " ",
        ",",
        '""',
        '"*"',
        "null",
        '"{unquoted} "',
        '"{with_offset}"',
        '"{without_zone}"',
        '"{with_space}"',
    ],
)
def test_other_if_match_returns_412_with_the_current_task(
    api: API, task: Task, if_match: str, method: str, end: str, body: object
) -> None:
    current = api.send(200, "GET", task_url(task)).json()
    updated_at = current["updated_at"]
    if_match = if_match.format(
        etag=f'"{updated_at}"',
        unquoted=updated_at,
        with_offset=updated_at.replace("Z", "+00:00"),
        without_zone=updated_at.removesuffix("Z"),
        with_space=updated_at.replace("T", " "),
    )
    problem = api.problem(412, method, task_url(task) + end, body, if_match=if_match)
    assert problem == {
        "type": "/problems/precondition-failed",
        "title": "Precondition failed",
        "status": 412,
        "detail": "The task does not meet the condition in If-Match or If-None-Match.",
        "current": current,
    }


@each_write
@pytest.mark.parametrize("if_match", ["*", '"2026-02-06T10:30:00Z"', ""])
def test_if_match_on_a_missing_task_returns_404(
    api: API,
    task: Task,
    missing_url: str,
    if_match: str,
    method: str,
    end: str,
    body: object,
) -> None:
    for path in (missing_url, f"/api/{STRANGER}/tasks/{task.id}"):
        problem = api.problem(404, method, path + end, body, if_match=if_match)
        assert problem["type"] == "/problems/not-found"


@each_write
def test_matching_if_none_match_on_a_write_returns_412(
    api: API, task: Task, method: str, end: str, body: object
) -> None:
    tag = etag(api, task)
    for if_none_match in ("*", tag, f"W/{tag}", f'"x", {tag}'):
        path = task_url(task) + end
        problem = api.problem(412, method, path, body, if_none_match=if_none_match)
        assert problem["current"]["id"] == str(task.id)
    api.send(SUCCESS_STATUS[method], method, task_url(task) + end, body, if_none_match='"x"')


def test_number_of_bind_parameters_is_a_power_of_two(task: Task) -> None:
    timestamps = [task.updated_at + timedelta(microseconds=number) for number in range(100)]
    sizes = set()
    for count in range(1, 101):
        bound = set(Precondition((), timestamps[:count]).values.values())
        assert bound == {NO_TIMESTAMP, *timestamps[:count]}
        sizes.add(len(Precondition(timestamps[:count]).parameters[0]))
    assert sizes == {1, 2, 4, 8, 16, 32, 64, 128}


def test_if_match_with_100_entity_tags_is_accepted(api: API, task: Task) -> None:
    timestamps = [task.updated_at + timedelta(microseconds=number) for number in range(1, 100)]
    others = ", ".join(f'"{timestamp:%Y-%m-%dT%H:%M:%S.%fZ}"' for timestamp in timestamps)
    api.problem(412, "PATCH", task_url(task), {"title": "a"}, if_match=others)
    if_match = f"{others}, {etag(api, task)}"
    api.send(200, "PATCH", task_url(task), {"title": "a"}, if_match=if_match)
