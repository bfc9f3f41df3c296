"""Tests of the `user_id` in the path and of the query parameters of a list."""

import pytest

from tests.support.client import API, TASKS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "user_id",
    [
        "",
        *["%00", "a%00b", "%0A", "a%7F", "%1F", ".", "..", "%2E", ".%2e"],
        "x" * 256,
        "%C3%A4" * 256,
    ],
)
@pytest.mark.parametrize("end", ["", "/", "/12345678-1234-1234-1234-123456789012"])
def test_invalid_user_id_returns_400(api: API, user_id: str, end: str) -> None:
    detail = (
        'Must be 1 to 255 characters, neither "." nor "..", without slash and control characters.'
    )
    assert api.problem(400, "GET", f"/api/{user_id}/tasks{end}") == {
        "type": "/problems/validation-error",
        "title": "The request is not valid",
        "status": 400,
        "detail": f"user_id: {detail}",
        "errors": [{"parameter": "user_id", "code": "invalid", "detail": detail}],
    }


@pytest.mark.parametrize(
    "user_id",
    [
        *["x", "%C2%80", "a%25b", "%20", "...", ".a", "..a", ".a.", "a.", "a.."],
        "x" * 255,
        "%C3%A4" * 255,
        "." * 255,
    ],
)
def test_any_other_user_id_is_accepted(api: API, user_id: str) -> None:
    api.send(200, "GET", f"/api/{user_id}/tasks")


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        *(
            (f"completed{value}", "completed", "invalid")
            for value in ("", "=", "=True", "=1", "=%00", "=%FF")
        ),
        ("completed=true&completed=true", "completed", "repeated"),
        ("search=", "search", "blank"),
        ("search=%00", "search", "null_characters_not_allowed"),
        ("search=%FF", "search", "surrogate_characters_not_allowed"),
        (f"search={'x' * 201}", "search", "max_length"),
        ("search=a&search=a", "search", "repeated"),
        *(
            (f"limit={value}", "limit", "invalid")
            for value in [
                "",
                *["0", "10001", "-1", "1.0", "%2B1", "01", "1%0A", "%D9%A1", "1;cursor=a"],
            ]
        ),
        ("cursor=", "cursor", "blank"),
        ("offset=1", "offset", "unknown"),
        ("format=json", "format", "unknown"),
        ("Completed=true", "Completed", "unknown"),
        ("a=%00", "a", "unknown"),
        ("%00", "\0", "unknown"),
        ("%FF=1", "?", "unknown"),
    ],
)
def test_invalid_query_parameter_returns_400(api: API, query: str, name: str, code: str) -> None:
    problem = api.problem(400, "GET", f"{TASKS}?{query}")
    assert problem["type"] == "/problems/validation-error"
    assert [(error["parameter"], error["code"]) for error in problem["errors"]] == [(name, code)]


@pytest.mark.parametrize("query", ["x{:04}&", "x{0:04}&x{0:04}=&", "%01%01{:04}&"])
def test_errors_of_a_long_query_are_limited(api: API, query: str) -> None:
    pairs = map(query.format, range(8000 // len(query.format(0))))
    response = api.send(400, "GET", f"{TASKS}?{''.join(pairs)}")
    assert len(response.content) <= 32 * 1024
    assert len(response.json()["errors"]) == 100
    assert response.json()["detail"].endswith("; there are more errors.")


def test_repeated_query_parameter_is_explained(api: API) -> None:
    problem = api.problem(400, "GET", f"{TASKS}?limit=1&limit=1")
    assert problem["detail"] == "limit: May be given only once."


@pytest.mark.parametrize("name", ["page", "page_size", "perPage", "offset", "skip", "page[size]"])
def test_parameter_of_another_pagination_is_answered_with_the_way_to_page(
    api: API, name: str
) -> None:
    unknown = "There is no such parameter."
    hint = f"{unknown} Page with limit, and with the cursor in the Link of each response."
    assert api.problem(400, "GET", f"{TASKS}?{name}=2")["detail"] == f"{name}: {hint}"
    assert api.problem(400, "GET", f"{TASKS}?sort=2")["detail"] == f"sort: {unknown}"
