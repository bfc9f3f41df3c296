"""Tests of lists with long texts: a page ends by bytes, and its `Link` leads to the rest."""

import gzip
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from tasks.api.pagination import MAX_PAGE_BYTES
from tasks.models import DESCRIPTION_LENGTH, TITLE_LENGTH, Task
from tasks.queries import CHUNK_SIZE
from tests.support.client import API, OWNER, STRANGER, TASKS
from tests.support.factories import TaskFactory
from tests.support.pages import next_page, next_parameters, next_url

pytestmark = pytest.mark.django_db

LONGEST = "\x01"
"""A character that takes six bytes in JSON, as no other character does."""

PAGE = 630
"""The longest tasks in a page: that many chunks exceed the limit, and one chunk less does not."""


def create_long(count: int, **fields: Any) -> list[str]:
    """Create the longest tasks; return their ids in the order of the list."""
    texts = {"title": LONGEST * TITLE_LENGTH, "description": LONGEST * DESCRIPTION_LENGTH}
    Task.objects.bulk_create(Task(**{"user_id": OWNER, **texts, **fields}) for _ in range(count))
    tasks = Task.objects.order_by("-created_at", "-id")
    return [str(task_id) for task_id in tasks.values_list("id", flat=True)]


def ids(response: Any) -> list[str]:
    return [task["id"] for task in response.json()]


def test_page_ends_by_bytes_and_links_to_the_next(api: API) -> None:
    created = create_long(2 * PAGE + 1)
    first = api.send(200, "GET", TASKS)
    second = next_page(api, first)
    last = next_page(api, second)
    assert [len(page.json()) for page in (first, second, last)] == [PAGE, PAGE, 1]
    assert ids(first) + ids(second) + ids(last) == created
    assert len(first.content) * (PAGE - CHUNK_SIZE) / PAGE < MAX_PAGE_BYTES < len(first.content)
    assert first["Content-Length"] == str(len(first.content))
    assert next_parameters(first).keys() == {"cursor"}
    assert next_url(last) is None


def test_page_ends_by_count_if_that_comes_first(api: API) -> None:
    created = create_long(PAGE + 1)
    for limit in (1, 150, CHUNK_SIZE, PAGE - 1, PAGE, PAGE + 1, PAGE + 2):
        page = api.send(200, "GET", f"{TASKS}?limit={limit}")
        assert ids(page) == created[: min(limit, PAGE)]
        assert next_parameters(page).keys() - {"limit"} == {"cursor"}


def test_page_with_all_long_tasks_has_no_link(api: API) -> None:
    created = create_long(PAGE)
    for limit in (PAGE, PAGE + 1, 10_000):
        page = api.send(200, "GET", f"{TASKS}?limit={limit}")
        assert ids(page) == created
        assert next_url(page) is None


def test_filters_hold_on_all_long_pages(api: API) -> None:
    TaskFactory.create(user_id=STRANGER)
    TaskFactory.create(completed=True)
    TaskFactory.create()
    created = create_long(PAGE + 1, completed=True)[: PAGE + 1]
    first = api.send(200, "GET", f"{TASKS}?completed=true&search=%01%01")
    assert next_parameters(first).keys() == {"completed", "search", "cursor"}
    assert ids(first) + ids(next_page(api, first)) == created


def test_long_page_is_compressed_and_has_an_entity_tag(api: API) -> None:
    create_long(PAGE + 1)
    plain = api.send(200, "GET", TASKS)
    compressed = api.send(200, "GET", TASKS, accept_encoding="gzip")
    assert gzip.decompress(compressed.content) == plain.content
    assert compressed["Content-Length"] == str(len(compressed.content))
    assert (compressed["ETag"], compressed["Link"]) == (f"W/{plain['ETag']}", plain["Link"])
    assert api.send(304, "GET", TASKS, if_none_match=plain["ETag"]).content == b""
    assert api.send(200, "GET", f"{TASKS}?limit={PAGE}")["ETag"] != plain["ETag"]  # its Link
    api.send(412, "GET", TASKS, if_match='"other"')


def test_long_page_is_one_statement_and_leaves_the_connection_usable(
    api: API, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    created = create_long(PAGE + 1)
    used = connection.connection
    with django_assert_num_queries(2):
        api.send(200, "GET", TASKS)
        api.send(200, "GET", f"{TASKS}/{created[0]}")
    for _ in range(4):  # with a statement that is prepared, and a cursor that is kept
        assert ids(api.send(200, "GET", TASKS)) == created[:PAGE]
        assert ids(api.send(200, "GET", f"{TASKS}?limit=1")) == created[:1]
    assert connection.connection is used
