"""Tests of If-None-Match and If-Match on GET and HEAD (RFC 9110 §13)."""

import pytest

from tasks.models import Task
from tests.support.client import API, TASKS, task_url

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("if_none_match", ["{}", "W/{}", '"x", {}', "*"])
def test_matching_if_none_match_returns_304(
    api: API, task: Task, method: str, if_none_match: str
) -> None:
    for path in (task_url(task), TASKS):
        full = api.send(200, "GET", path)
        etag = full["ETag"]
        response = api.send(304, method, path, if_none_match=if_none_match.format(etag))
        assert response.content == b""
        kept = {"ETag", "Cache-Control", "Vary"} & set(full.headers)
        assert {name: response[name] for name in kept} == {name: full[name] for name in kept}
        assert not {"Content-Type", "Content-Length", "Content-Encoding"} & set(response.headers)


@pytest.mark.parametrize("if_none_match", ['"x"', "", "{unquoted}", "nonsense"])
def test_other_if_none_match_returns_200(api: API, task: Task, if_none_match: str) -> None:
    for path in (task_url(task), TASKS):
        unquoted = api.send(200, "GET", path)["ETag"].strip('"')
        api.send(200, "GET", path, if_none_match=if_none_match.format(unquoted=unquoted))


def test_if_none_match_of_a_changed_task_returns_200(api: API, task: Task) -> None:
    etags = {path: api.send(200, "GET", path)["ETag"] for path in (task_url(task), TASKS)}
    api.send(200, "PATCH", f"{task_url(task)}/complete")
    for path, etag in etags.items():
        assert api.send(200, "GET", path, if_none_match=etag)["ETag"] != etag


def test_etag_of_a_compressed_list_returns_304(api: API, task: Task) -> None:
    full = api.send(200, "GET", TASKS, accept_encoding="gzip")
    response = api.send(304, "GET", TASKS, if_none_match=full["ETag"], accept_encoding="gzip")
    assert response["ETag"] == full["ETag"]
    assert response["Vary"] == full["Vary"]
    assert "Content-Encoding" not in response


def test_etag_of_a_page_depends_on_its_link(api: API) -> None:
    last = api.send(201, "POST", TASKS, {"title": "a"})["Location"]
    api.send(201, "POST", TASKS, {"title": "b"})
    page = api.send(200, "GET", f"{TASKS}?limit=1")
    api.send(204, "DELETE", last)
    response = api.send(200, "GET", f"{TASKS}?limit=1", if_none_match=page["ETag"])
    assert response.content == page.content
    assert "Link" not in response


def test_if_match_on_a_task_is_honored(api: API, task: Task) -> None:
    etag = api.send(200, "GET", task_url(task))["ETag"]
    api.send(200, "GET", task_url(task), if_match=etag)
    api.send(304, "GET", task_url(task), if_match=etag, if_none_match=etag)
    problem = api.problem(412, "GET", task_url(task), if_match='"x"')
    assert problem["current"]["title"] == "Buy milk"


def test_if_match_on_the_list_is_honored(api: API, task: Task) -> None:
    etag = api.send(200, "GET", TASKS)["ETag"]
    for if_match in (etag, "*", f'"x", {etag}'):
        api.send(200, "GET", TASKS, if_match=if_match)
    api.send(304, "GET", TASKS, if_match=etag, if_none_match=etag)
    for if_match in ('"x"', f"W/{etag}", "", "x"):
        problem = api.problem(412, "GET", TASKS, if_match=if_match, if_none_match=etag)
        assert problem["detail"] == "The list does not match If-Match."
        assert "current" not in problem
