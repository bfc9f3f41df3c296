"""ETag, If-Match and If-None-Match (RFC 9110 §8.8 and §13)."""

from datetime import timedelta
from typing import Any

import pytest

from tasks.models import Task
from tasks.queries import NO_TIMESTAMP, Precondition
from tests.support.client import API, STRANGER, TASKS, task_url

pytestmark = pytest.mark.django_db

WRITES = [
    ("PUT", "", {"title": "New"}, 200),
    ("PUT", "", {}, 200),
    ("PATCH", "", {"title": "New"}, 200),
    ("PATCH", "", {}, 200),
    ("PATCH", "/complete", None, 200),
    ("PATCH", "/complete", {"completed": True}, 200),
    ("DELETE", "", None, 204),
]
every_write = pytest.mark.parametrize(("method", "end", "body", "status"), WRITES)


def etag(api: API, task: Task) -> str:
    return f'"{api.send(200, "GET", task_url(task)).json()["updated_at"]}"'


def test_the_etag_of_a_task_is_its_updated_at_in_quotes(api: API) -> None:
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


def test_a_put_has_no_etag(api: API, task: Task) -> None:
    assert "ETag" not in api.send(200, "PUT", task_url(task), {"title": "b"})


@every_write
@pytest.mark.parametrize("if_match", ["{}", "*", " * ", '"x", {}', '{}, "x"', "W/{}, {}", ",{},,"])
def test_the_validator_alone_or_in_a_list_and_a_star_match(
    api: API, task: Task, if_match: str, method: str, end: str, body: object, status: int
) -> None:
    if_match = if_match.format(*[etag(api, task)] * 2)
    api.send(status, method, task_url(task) + end, body, if_match=if_match)


def test_any_number_of_validators_is_served_by_few_statements(api: API, task: Task) -> None:
    moments = [task.updated_at + timedelta(microseconds=number) for number in range(100)]
    shapes = set()
    for number in range(1, 101):
        bound = {*Precondition((), moments[:number]).values.values()}
        assert bound == {NO_TIMESTAMP, *moments[:number]}
        shapes.add(len(Precondition(moments[:number]).parameters[0]))
    assert shapes == {1, 2, 4, 8, 16, 32, 64, 128}
    others = ", ".join(f'"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"' for moment in moments[1:])
    api.problem(412, "PATCH", task_url(task), {"title": "a"}, if_match=others)
    last = f"{others}, {etag(api, task)}"
    api.send(200, "PATCH", task_url(task), {"title": "a"}, if_match=last)


@every_write
@pytest.mark.parametrize(
    "if_match",
    [
        '"2026-02-06T10:30:00.123456Z"',
        "W/{tag}",
        "{bare}",
        "'{bare}'",
        '"{bare}',
        "",
        " ",
        ",",
        '""',
        '"*"',
        "null",
        '"{bare} "',
        '"{offset}"',
        '"{naive}"',
        '"{spaced}"',
    ],
)
def test_another_state_is_refused_with_the_task_as_it_is(
    api: API, task: Task, if_match: str, method: str, end: str, body: object, status: int
) -> None:
    current = api.send(200, "GET", task_url(task)).json()
    bare = current["updated_at"]
    sent = if_match.format(
        tag=f'"{bare}"',
        bare=bare,
        offset=bare.replace("Z", "+00:00"),
        naive=bare.removesuffix("Z"),
        spaced=bare.replace("T", " "),
    )
    problem = api.problem(412, method, task_url(task) + end, body, if_match=sent)
    assert problem == {
        "type": "/problems/precondition-failed",
        "title": "Precondition failed",
        "status": 412,
        "detail": "The task does not meet the condition in If-Match or If-None-Match.",
        "current": current,
    }


@every_write
@pytest.mark.parametrize("if_match", ["*", '"2026-02-06T10:30:00Z"', ""])
def test_a_missing_task_stays_missing(
    api: API,
    task: Task,
    missing_url: str,
    if_match: str,
    method: str,
    end: str,
    body: object,
    status: int,
) -> None:
    for path in (missing_url, f"/api/{STRANGER}/tasks/{task.id}"):
        problem = api.problem(404, method, path + end, body, if_match=if_match)
        assert problem["type"] == "/problems/not-found"


@every_write
def test_a_write_under_if_none_match_wants_another_state(
    api: API, task: Task, method: str, end: str, body: object, status: int
) -> None:
    tag = etag(api, task)
    for sent in ("*", tag, f"W/{tag}", f'"x", {tag}'):
        problem = api.problem(412, method, task_url(task) + end, body, if_none_match=sent)
        assert problem["current"]["id"] == str(task.id)
    api.send(status, method, task_url(task) + end, body, if_none_match='"x"')


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("if_none_match", ["{}", "W/{}", '"x", {}', "*"])
def test_what_the_client_has_is_not_sent_again(
    api: API, task: Task, method: str, if_none_match: str
) -> None:
    for path in (task_url(task), TASKS):
        full = api.send(200, "GET", path)
        tag = full["ETag"]
        response = api.send(304, method, path, if_none_match=if_none_match.format(tag))
        assert response.content == b""
        kept = {"ETag", "Cache-Control", "Vary"} & set(full.headers)
        assert {name: response[name] for name in kept} == {name: full[name] for name in kept}
        assert not {"Content-Type", "Content-Length", "Content-Encoding"} & set(response.headers)


@pytest.mark.parametrize("if_none_match", ['"x"', "", "{bare}", "nonsense"])
def test_what_the_client_has_not_is_sent(api: API, task: Task, if_none_match: str) -> None:
    for path in (task_url(task), TASKS):
        tag = api.send(200, "GET", path)["ETag"]
        api.send(200, "GET", path, if_none_match=if_none_match.format(bare=tag.strip('"')))


def test_a_changed_task_is_sent_again(api: API, task: Task) -> None:
    tags = {path: api.send(200, "GET", path)["ETag"] for path in (task_url(task), TASKS)}
    api.send(200, "PATCH", f"{task_url(task)}/complete")
    for path, tag in tags.items():
        assert api.send(200, "GET", path, if_none_match=tag)["ETag"] != tag


def test_a_compressed_list_is_not_sent_again_either(api: API, task: Task) -> None:
    full = api.send(200, "GET", TASKS, accept_encoding="gzip")
    again: dict[str, Any] = {"if_none_match": full["ETag"], "accept_encoding": "gzip"}
    response = api.send(304, "GET", TASKS, **again)
    assert response["ETag"] == full["ETag"]
    assert response["Vary"] == full["Vary"]
    assert "Content-Encoding" not in response


def test_a_page_that_lost_its_link_is_another_page(api: API) -> None:
    last = api.send(201, "POST", TASKS, {"title": "a"})["Location"]
    api.send(201, "POST", TASKS, {"title": "b"})
    page = api.send(200, "GET", f"{TASKS}?limit=1")
    api.send(204, "DELETE", last)
    again = api.send(200, "GET", f"{TASKS}?limit=1", if_none_match=page["ETag"])
    assert again.content == page.content
    assert "Link" not in again


def test_a_read_honours_if_match(api: API, task: Task) -> None:
    tag = etag(api, task)
    api.send(200, "GET", task_url(task), if_match=tag)
    api.send(304, "GET", task_url(task), if_match=tag, if_none_match=tag)
    assert (
        api.problem(412, "GET", task_url(task), if_match='"x"')["current"]["title"] == "Buy milk"
    )


def test_a_read_of_the_list_honours_if_match(api: API, task: Task) -> None:
    tag = api.send(200, "GET", TASKS)["ETag"]
    for matching in (tag, "*", f'"x", {tag}'):
        api.send(200, "GET", TASKS, if_match=matching)
    api.send(304, "GET", TASKS, if_match=tag, if_none_match=tag)
    for another in ('"x"', f"W/{tag}", "", "x"):
        problem = api.problem(412, "GET", TASKS, if_match=another, if_none_match=tag)
        assert problem["detail"] == "The list does not match If-Match."
        assert "current" not in problem
