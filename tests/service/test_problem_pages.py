"""Tests of the pages about problem types, `/problems/` and `/problems/{slug}`."""

import re
from dataclasses import replace
from html import unescape

import pytest

from tests.support.client import API
from todo_project.problems.registry import (
    _TYPES,
    EXAMPLES,
    NOT_FOUND,
    ExampleRequest,
    registered_types,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", registered_types())
def test_problem_type_is_described_in_html_and_json(api: API, slug: str) -> None:
    problem_type = registered_types()[slug]
    page = api.send(200, "GET", problem_type.uri, accept="text/html")
    assert page["Content-Type"] == "text/html; charset=utf-8"
    paragraphs = [unescape(each) for each in re.findall("<p>(.*)</p>", page.content.decode())]
    assert paragraphs[:2] == [
        re.sub("`(.*?)`", r"<code>\1</code>", text)
        for text in (problem_type.meaning, problem_type.remedy)
    ]
    data = api.send(200, "GET", problem_type.uri, accept="application/json").json()
    assert data == {
        "type": problem_type.uri,
        "title": problem_type.title,
        "status": problem_type.status,
        "meaning": problem_type.meaning.replace("`", ""),
        "remedy": problem_type.remedy.replace("`", ""),
        "example": {"request": str(EXAMPLES[slug].request), "response": problem_type.example},
    }


def test_example_request_is_formatted_as_http() -> None:
    request = ExampleRequest("PATCH", "/a", {"If-Match": "*", "Accept": "b/c"}, "{}")
    assert str(request) == "PATCH /a\nIf-Match: *\nAccept: b/c\n\n{}"
    assert str(ExampleRequest("GET", "/a")) == "GET /a"


def test_index_lists_every_problem_type(api: API) -> None:
    page = api.send(200, "GET", "/problems/", accept="text/html,*/*;q=0.8").content.decode()
    listed = api.send(200, "GET", "/problems/", accept="application/json").json()["problems"]
    uris = [problem_type.uri for problem_type in registered_types().values()]
    assert [problem["type"] for problem in listed] == uris
    assert re.findall(r'<dt><a href="([^"]+)"', page) == uris


def test_prose_marks_code_and_escapes_the_rest(api: API, monkeypatch: pytest.MonkeyPatch) -> None:
    meaning = "Not a <b> but `<i>`, and `If-Match`."
    monkeypatch.setitem(_TYPES, "not-found", replace(NOT_FOUND, meaning=meaning))
    for path in ("/problems/", "/problems/not-found"):
        page = api.send(200, "GET", path, accept="text/html").content.decode()
        assert "Not a &lt;b&gt; but <code>&lt;i&gt;</code>, and <code>If-Match</code>.<" in page


def test_pages_link_to_the_documentation(api: API) -> None:
    for path, links in (
        ("/problems/", ["/docs"]),
        ("/problems/not-found", ["/docs", "/problems/"]),
    ):
        page = api.send(200, "GET", path, accept="text/html").content.decode()
        [navigation] = re.findall("<nav .*</nav>", page)
        assert re.findall('href="(.*?)"', navigation) == links


def test_unknown_problem_type_returns_404(api: API) -> None:
    problem = api.problem(404, "GET", "/problems/nonsense", accept="text/html")
    assert problem["detail"] == "There is no such problem type."
