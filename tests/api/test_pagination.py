"""Tests of pagination: `limit`, the `Link` to the next page, and the cursor."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from struct import pack
from urllib.parse import urlencode

import pytest
from pytest_django import DjangoAssertNumQueries

from tasks.api.pagination import CURSOR_FORMAT, EPOCH, MICROSECOND, _digest
from tasks.models import Task
from tests.support.client import API, OWNER, STRANGER, TASKS
from tests.support.factories import TaskFactory
from tests.support.pages import next_page, next_parameters, next_url, titles

pytestmark = pytest.mark.django_db


def create_tasks(count: int) -> None:
    """Create tasks with the titles 0, 1, 2, …, each a minute later than the one before."""
    for minute in range(count):
        created_at = datetime(2026, 2, 6, 12, minute, tzinfo=UTC)
        TaskFactory.create(title=str(minute), created_at=created_at)


def list_path(**parameters: str) -> str:
    return f"{TASKS}?{urlencode(parameters)}"


def test_page_has_at_most_limit_tasks_and_links_to_the_next(api: API) -> None:
    create_tasks(5)
    first = api.send(200, "GET", f"{TASKS}/?limit=2")
    assert titles(first) == ["4", "3"]
    assert next_url(first) == list_path(limit="2", cursor=next_parameters(first)["cursor"])
    second = next_page(api, first)
    assert titles(second) == ["2", "1"]
    last = next_page(api, second)
    assert titles(last) == ["0"]
    assert next_url(last) is None


@pytest.mark.parametrize("limit", ["2", "3", "10000"])
def test_page_with_all_tasks_has_no_link(api: API, limit: str) -> None:
    TaskFactory.create_batch(2)
    assert next_url(api.send(200, "GET", list_path(limit=limit))) is None


def test_link_repeats_the_other_parameters(api: API) -> None:
    TaskFactory.create_batch(3, title="a%&b c", completed=True)
    parameters = {"search": "a%&B ", "completed": "true", "limit": "1"}
    first = api.send(200, "GET", list_path(**parameters))
    for page in (first, next_page(api, first)):
        linked = next_parameters(page)
        assert len(linked["cursor"]) == 40
        assert linked == parameters | {"cursor": linked["cursor"]}


def test_page_has_10000_tasks_by_default(api: API) -> None:
    Task.objects.bulk_create(Task(user_id=OWNER, title="a") for _ in range(10_001))
    first = api.send(200, "GET", TASKS)
    assert len(first.json()) == 10_000
    assert next_parameters(first).keys() == {"cursor"}
    last = next_page(api, first)
    assert len(last.json()) == 1
    assert next_url(last) is None


def test_page_is_one_statement_without_count_and_offset(
    api: API, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    TaskFactory.create_batch(3)
    first = api.send(200, "GET", list_path(limit="1", search="task"))
    with django_assert_num_queries(1) as queries:
        next_page(api, first)
    sql = queries.captured_queries[0]["sql"].upper()
    assert "LIMIT 2" in sql
    assert "COUNT" not in sql
    assert "OFFSET" not in sql


def test_cursor_is_valid_after_its_task_is_deleted(api: API) -> None:
    create_tasks(4)
    first = api.send(200, "GET", list_path(limit="2"))
    Task.objects.filter(title="2").delete()
    assert titles(next_page(api, first)) == ["1", "0"]


class TestCursor:
    """A cursor is valid for the user and the filters of the list that returned it."""

    @pytest.fixture(autouse=True)
    def tasks(self, db: None) -> None:
        TaskFactory.create_batch(3, title="milk")
        TaskFactory.create_batch(3, title="milk", user_id=STRANGER)

    def cursor(self, api: API, **filters: str) -> str:
        response = api.send(200, "GET", list_path(limit="1", **filters))
        return next_parameters(response)["cursor"]

    def assert_invalid(self, api: API, path: str) -> None:
        rule = "Must come from the Link of the same user's list with the same filters."
        problem = api.problem(400, "GET", path)
        assert problem["errors"] == [{"parameter": "cursor", "code": "invalid", "detail": rule}]

    def test_cursor_with_other_limit_is_accepted(self, api: API) -> None:
        response = api.send(200, "GET", list_path(cursor=self.cursor(api), limit="10"))
        assert titles(response) == ["milk", "milk"]

    def test_cursor_of_other_user_returns_400(self, api: API) -> None:
        self.assert_invalid(api, f"/api/{STRANGER}/tasks?cursor={self.cursor(api)}")

    def test_cursor_of_other_filters_returns_400(self, api: API) -> None:
        cursor = self.cursor(api, search="milk", completed="false")
        for filters in (
            {},
            {"search": "milk"},
            {"search": "Milk", "completed": "false"},
            {"search": "milk", "completed": "true"},
        ):
            self.assert_invalid(api, list_path(cursor=cursor, **filters))
        self.assert_invalid(api, list_path(cursor=self.cursor(api), completed="false"))

    def test_damaged_cursor_returns_400(self, api: API) -> None:
        cursor = self.cursor(api)
        for damaged in (
            *(cursor[:-1], cursor[:-4], cursor[1:], cursor + "A", cursor + "====", cursor + "\n"),
            cursor[:-1] + ("A" if cursor[-1] != "A" else "B"),
            *("A" * 40, "!" + cursor, "ä" * 40, urlsafe_b64encode(b"x" * 30).decode()),
            *("not base64", "x", "="),
        ):
            self.assert_invalid(api, list_path(cursor=damaged))

    def forge(self, position: bytes) -> str:
        """Return the cursor of this position; its digest has no key, so anybody can compute it."""
        scope = urlencode({"user_id": OWNER}).encode()
        return urlsafe_b64encode(position + _digest(position, scope)).decode()

    @pytest.mark.parametrize("microseconds", [2**63 - 1, -(2**63)])
    def test_cursor_with_time_out_of_range_returns_400(self, api: API, microseconds: int) -> None:
        forged = self.forge(pack(CURSOR_FORMAT, microseconds, bytes(16)))
        self.assert_invalid(api, list_path(cursor=forged))

    @pytest.mark.parametrize("size", [0, 3, 23, 25, 27, 30, 48, 3000])
    def test_cursor_of_other_length_returns_400(self, api: API, size: int) -> None:
        self.assert_invalid(api, list_path(cursor=self.forge(bytes(size))))

    @pytest.mark.parametrize(
        ("time", "count"),
        [(datetime.min.replace(tzinfo=UTC), 0), (datetime.max.replace(tzinfo=UTC), 3)],
    )
    def test_cursor_with_first_or_last_time_is_valid(
        self, api: API, time: datetime, count: int
    ) -> None:
        microseconds = (time - EPOCH) // MICROSECOND
        forged = self.forge(pack(CURSOR_FORMAT, microseconds, bytes(16)))
        assert titles(api.send(200, "GET", list_path(cursor=forged))) == ["milk"] * count
