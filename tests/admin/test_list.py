"""The list of tasks in the admin: whom it finds, and what it costs."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils.timezone import now

from tasks.models import Task
from tests.support.client import API, OWNER
from tests.support.factories import TaskFactory
from tests.support.query_plans import WHOLE, fill, on_tasks, plans, recorded

pytestmark = pytest.mark.django_db

LIST = "/admin/tasks/task/"
ID = UUID("8c1a6e0e-3f0b-4d5e-9a55-0d3f5b6a7c11")


def titles(admin: API, query: str) -> list[str]:
    page = admin.get(f"{LIST}?{query}").content.decode()
    return re.findall(r'/change/[^>]*">([^<]+)</a>', page)


def test_it_shows_what_matters_to_the_second(admin: API) -> None:
    moment = datetime(2026, 2, 6, 10, 30, 7, tzinfo=UTC)
    task = TaskFactory.create(created_at=moment, updated_at=moment + timedelta(minutes=1))
    page = admin.get(LIST).content.decode()
    columns = re.findall(r'class="(?:sortable )?column-(\w+)', page)
    assert columns == ["title", "owner", "completed", "created", "updated"]
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
def test_tasks_are_found(admin: API, query: str, found: list[str]) -> None:
    TaskFactory.create(id=ID, title="Buy milk")
    TaskFactory.create(title="Call home", user_id="bob", completed=True)
    TaskFactory.create(title="Call Ольга", user_id="bob", created_at=now() - timedelta(days=1))
    assert titles(admin, query) == found


def test_a_user_whose_id_looks_like_that_of_a_task_is_found(admin: API) -> None:
    TaskFactory.create(user_id=str(ID), title="Buy milk")
    assert titles(admin, f"q={ID}") == ["Buy milk"]
    TaskFactory.create(id=ID, title="Call home")
    assert titles(admin, f"q={ID}") == ["Call home"]
    assert titles(admin, f"q={ID}/") == ["Buy milk"]


def test_whether_it_is_done_is_asked_once_a_user_is_chosen(admin: API) -> None:
    TaskFactory.create()
    offered = r'<a href="\?([^"]*completed=[^"]*)">\s*(\w+)</a>'
    assert re.findall(offered, admin.get(LIST).content.decode()) == []
    assert re.findall(offered, admin.get(f"{LIST}?q=alice").content.decode()) == [
        ("completed=1&amp;q=alice", "Yes"),
        ("completed=0&amp;q=alice", "No"),
    ]


@pytest.mark.parametrize("user_id", ["alice", " a%&b ", "ä?#", '"><b>'])
def test_an_owner_links_to_their_tasks(admin: API, user_id: str) -> None:
    TaskFactory.create(user_id=user_id, title="Buy milk")
    TaskFactory.create(user_id="bob", title="Call home")
    links = re.findall(r'<a href="\?(q=[^"]*)">', admin.get(LIST).content.decode())
    assert sorted(titles(admin, link) for link in links) == [["Buy milk"], ["Call home"]]


@pytest.mark.parametrize(
    "query", ["title__contains=a", "completed__exact=1", "updated_at__gte=2026-01-01", "user_id=a"]
)
def test_an_address_cannot_ask_for_more(admin: API, query: str) -> None:
    TaskFactory.create()
    with recorded() as statements:
        assert admin.get(f"{LIST}?{query}").status_code == 400
    assert on_tasks(statements) == []


PAGES = {
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


def test_no_page_costs_more_with_more_tasks(admin: API) -> None:
    fill(OWNER)
    TaskFactory.create(id=ID)
    for query, count in PAGES.items():
        with recorded() as statements:
            assert admin.get(f"{LIST}?{query}").status_code == 200
        asked = [each for each in statements if '"tasks"' in each[0]]
        assert len(asked) == count, query
        for sql, params in asked:
            assert re.search(r" LIMIT \d+( OFFSET \d+)?(\) subquery)?$", sql), sql
            for plan in plans((sql, params)):
                assert [step for step in plan if WHOLE.match(step)] == [], (query, sql)
                assert "Sort" not in plan or f"q={ID}" == query, (query, sql)


def test_it_counts_no_further_than_anybody_looks(admin: API) -> None:
    fill(OWNER)
    assert "10000 tasks" in admin.get(LIST).content.decode()
    assert admin.get(f"{LIST}?p=101").status_code == 302
    assert len(titles(admin, "p=100")) == 100
    assert Task.objects.count() == 100_000
