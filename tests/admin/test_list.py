"""Tests of the admin's list of tasks: columns, search, filter, and cost."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils.timezone import now

from tasks.models import Task
from tests.support.admin import LIST_URL
from tests.support.client import API, OWNER
from tests.support.factories import TaskFactory
from tests.support.query_plans import WHOLE, fill, on_tasks, plans, recorded

pytestmark = pytest.mark.django_db

ID = UUID("8c1a6e0e-3f0b-4d5e-9a55-0d3f5b6a7c11")


def titles(admin: API, query: str) -> list[str]:
    page = admin.get(f"{LIST_URL}?{query}").content.decode()
    return re.findall(r'/change/[^>]*"><bdi>([^<]+)</bdi></a>', page)


def test_list_has_these_columns_and_times_in_utc(admin: API) -> None:
    created_at = datetime(2026, 2, 6, 10, 30, 7, tzinfo=UTC)
    updated_at = created_at + timedelta(minutes=1)
    task = TaskFactory.create(created_at=created_at, updated_at=updated_at)
    page = admin.get(LIST_URL).content.decode()
    columns = re.findall(r'class="(?:sortable )?column-(\w+)', page)
    assert columns == ["name", "owner", "completed", "created", "updated"]
    assert titles(admin, "") == [task.title]
    assert re.findall(r">(2026[^<]+)<", page) == [
        "2026-02-06 10:30:07 UTC",
        "2026-02-06 10:31:07 UTC",
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Buy milk", "Call home", "Call Ольга"]),
        ("q=%00", ["Buy milk", "Call home", "Call Ольга"]),
        ("q=alice", ["Buy milk"]),
        ("q=+alice+", ["Buy milk"]),
        ("q=alic", []),
        ("q=milk", []),
        ("q=alice/", ["Buy milk"]),
        ("q=alice/+MILK+", ["Buy milk"]),
        ("q=alice/home", []),
        ("q=alice/%25", []),
        ("q=bob/call", ["Call home", "Call Ольга"]),
        ("q=bob/ОЛЬГА", ["Call Ольга"]),
        ("q=/milk", []),
        (f"q={ID}", ["Buy milk"]),
        ("q=00000000-0000-4000-8000-000000000000", []),
        (f"q=alice/{ID}", []),
        ("completed=1", ["Buy milk", "Call home", "Call Ольга"]),
        ("q=bob&completed=1", ["Call home"]),
        ("q=bob&completed=0", ["Call Ольга"]),
        ("q=bob&completed=x", ["Call home", "Call Ольга"]),
    ],
)
def test_search_and_filter(admin: API, query: str, found: list[str]) -> None:
    TaskFactory.create(id=ID, title="Buy milk")
    TaskFactory.create(title="Call home", user_id="bob", completed=True)
    TaskFactory.create(title="Call Ольга", user_id="bob", created_at=now() - timedelta(days=1))
    assert titles(admin, query) == found


def test_search_for_uuid_finds_user_unless_it_is_a_task_id(admin: API) -> None:
    TaskFactory.create(user_id=str(ID), title="Buy milk")
    assert titles(admin, f"q={ID}") == ["Buy milk"]
    TaskFactory.create(id=ID, title="Call home")
    assert titles(admin, f"q={ID}") == ["Call home"]
    assert titles(admin, f"q={ID}/") == ["Buy milk"]


def test_filter_is_offered_only_after_search(admin: API) -> None:
    TaskFactory.create()
    choices = r'<a href="\?([^"]*completed=[^"]*)">\s*(\w+)</a>'
    assert re.findall(choices, admin.get(LIST_URL).content.decode()) == []
    assert re.findall(choices, admin.get(f"{LIST_URL}?q=alice").content.decode()) == [
        ("completed=1&amp;q=alice", "Yes"),
        ("completed=0&amp;q=alice", "No"),
    ]


@pytest.mark.parametrize("user_id", ["alice", " a%&b ", "ä?#", '"><b>'])
def test_user_id_links_to_the_tasks_of_the_user(admin: API, user_id: str) -> None:
    TaskFactory.create(user_id=user_id, title="Buy milk")
    TaskFactory.create(user_id="bob", title="Call home")
    links = re.findall(r'<a href="\?(q=[^"]*)">', admin.get(LIST_URL).content.decode())
    assert sorted(titles(admin, link) for link in links) == [["Buy milk"], ["Call home"]]


@pytest.mark.parametrize(
    "query", ["title__contains=a", "completed__exact=1", "updated_at__gte=2026-01-01", "user_id=a"]
)
def test_other_lookup_in_url_returns_400(admin: API, query: str) -> None:
    TaskFactory.create()
    with recorded() as statements:
        assert admin.get(f"{LIST_URL}?{query}").status_code == 400
    assert on_tasks(statements) == []


STATEMENTS = {
    "": 2,
    "p=100": 2,
    "o=1.-2": 2,
    "all=": 2,
    "completed=1": 2,
    "q=alice": 2,
    "q=alice&p=3": 2,
    "q=alice/milk": 2,
    "q=alice&completed=1": 2,
    "q=nobody": 2,
    f"q={ID}": 3,
}
"""The number of statements on tasks for each query string."""


@pytest.mark.undistributed(reason="Citus does not show the plans of a prepared statement")
def test_list_does_not_scan_the_table(admin: API) -> None:
    fill(OWNER)
    TaskFactory.create(id=ID)
    for query, count in STATEMENTS.items():
        with recorded() as statements:
            assert admin.get(f"{LIST_URL}?{query}").status_code == 200
        about_tasks = [statement for statement in statements if '"tasks"' in statement[0]]
        assert len(about_tasks) == count, query
        for sql, params in about_tasks:
            assert re.search(r" LIMIT \d+( OFFSET \d+)?(\) subquery)?$", sql), sql
            for plan in plans((sql, params)):
                assert [step for step in plan if WHOLE.match(step)] == [], (query, sql)
                assert "Sort" not in plan or f"q={ID}" == query, (query, sql)


def test_list_counts_up_to_max_count(admin: API) -> None:
    fill(OWNER)
    assert "10000 tasks" in admin.get(LIST_URL).content.decode()
    assert admin.get(f"{LIST_URL}?p=101").status_code == 302
    assert len(titles(admin, "p=100")) == 100
    assert Task.objects.count() == 100_000
