"""Tests of the admin's list of tasks: columns, search, filter, and cost."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest
from django.utils.timezone import now

from tasks.bidi import isolate
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


def summary(page: str) -> str:
    """Return the sentence above the list, without the characters that isolate text."""
    [sentence] = re.findall(r'<p class="summary">(.*?)(?: <a href="\?">.*</a>)?</p>', page)
    return unescape(sentence).replace("\u2068", "").replace("\u2069", "")


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
        (f"q=+{isolate(str(ID))}+", ["Buy milk"]),
        (f"q={isolate('alice')}", ["Buy milk"]),
        ("q=\u2068alice", ["Buy milk"]),
        ("q=alice\u2069", ["Buy milk"]),
        (f"q={isolate('alice')}/{isolate('milk')}", ["Buy milk"]),
        (f"q=alice/+{isolate('milk')}+", ["Buy milk"]),
        ("q=al\u2068ice", []),
        ("q=00000000-0000-4000-8000-000000000000", []),
        (f"q=alice/{ID}", []),
        ("completed=1", ["Buy milk", "Call home", "Call Ольга"]),
        ("q=bob&completed=1", ["Call home"]),
        ("q=bob&completed=0", ["Call Ольга"]),
        ("q=bob&completed=x", ["Call home", "Call Ольга"]),
        ("q=%00&completed=1", ["Buy milk", "Call home", "Call Ольга"]),
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


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "3 tasks of all users, ordered by user id, then newest first."),
        ("q=%00", "3 tasks of all users, ordered by user id, then newest first."),
        ("completed=1", "3 tasks of all users, ordered by user id, then newest first."),
        ("q=bob", "2 tasks of bob, newest first."),
        ("q=bob/call", "2 tasks of bob with “call” in the title, newest first."),
        ("q=bob&completed=1", "1 task of bob, filtered, newest first."),
        ("q=bob/b&completed=0", "1 task of bob with “b” in the title, filtered, newest first."),
        (f"q={ID}", "1 task, found by its id."),
        ("q=/milk", "Write a user id before the slash, as in alice/milk."),
        ("q=alice&completed=1", "No task of alice matches the filter."),
        ("q=alice/home", "No task of alice has “home” in its title."),
        (
            "q=alice/home&completed=1",
            "No task of alice has “home” in its title and matches the filter.",
        ),
        (
            "q=<milk>",
            (
                "No user “<milk>” has tasks. To search titles for “<milk>”, write a user id and a "
                "slash before it, as in alice/<milk>."
            ),
        ),
        ("q=nobody/milk", "No user “nobody” has tasks."),
        (
            "q=00000000-0000-4000-8000-000000000000",
            (
                "No task has the id 00000000-0000-4000-8000-000000000000, and no user of this "
                "name has tasks."
            ),
        ),
    ],
)
def test_sentence_above_the_list_says_what_is_listed_or_why_nothing_is(
    admin: API, query: str, sentence: str
) -> None:
    TaskFactory.create(id=ID, title="Buy milk")
    TaskFactory.create(title="Call home", user_id="bob", completed=True)
    TaskFactory.create(title="Call Bill", user_id="bob")
    page = admin.get(f"{LIST_URL}?{query}").content.decode()
    assert summary(page) == sentence
    assert page.count("Show the tasks of all users") == (
        query.startswith("q=") and "%" not in query
    )


def test_empty_table_has_a_sentence_and_no_actions(admin: API) -> None:
    page = admin.get(LIST_URL).content.decode()
    assert summary(page) == "There are no tasks."
    assert 'name="action"' not in page


def test_filter_is_offered_only_after_search(admin: API) -> None:
    TaskFactory.create()
    choices = r'<a href="\?([^"]*completed=[^"]*)">\s*(\w+)</a>'
    page = admin.get(LIST_URL).content.decode()
    assert re.findall(choices, page) == []
    assert re.findall('<p class="no-filter">(.*?[.])', page) == [
        "To filter by completed, search for a user first."
    ]
    assert re.findall(choices, admin.get(f"{LIST_URL}?q=alice").content.decode()) == [
        ("completed=1&amp;q=alice", "Yes"),
        ("completed=0&amp;q=alice", "No"),
    ]


@pytest.mark.parametrize("user_id", ["alice", " a%&b ", "ä?#", '"><b>', isolate("alice")])
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
    "q=%00&completed=1": 2,
    "q=alice": 3,
    "q=alice&p=3": 3,
    "q=alice/milk": 3,
    "q=alice&completed=1": 3,
    "q=nobody": 3,
    f"q={ID}": 4,
}
"""The number of statements on tasks for each query string: a search has one for the chart."""


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
    page = admin.get(f"{LIST_URL}?q={OWNER}").content.decode()
    assert summary(page) == f"First 10,000 tasks of {OWNER}, newest first."
    assert re.findall(r" (first .*)\n\n</nav>", page) == ["first 10,000 tasks"]
    assert '<span class="all hidden">First 10,000 tasks selected</span>' in page
    assert admin.get(f"{LIST_URL}?q={OWNER}&p=101").status_code == 302
    assert len(titles(admin, f"q={OWNER}&p=100")) == 100
    assert Task.objects.count() == 100_000


@pytest.mark.parametrize(
    ("query", "limit", "count"),
    [
        ("", 200, "at least 200 tasks"),
        ("p=x", 200, "at least 200 tasks"),
        ("p=2", 300, "at least 300 tasks"),
        ("p=98", 9_900, "at least 9,900 tasks"),
        ("p=99", 10_000, "first 10,000 tasks"),
        ("p=100", 10_000, "first 10,000 tasks"),
    ],
)
def test_list_of_all_users_counts_to_the_end_of_the_next_page(
    admin: API, query: str, limit: int, count: str
) -> None:
    fill(OWNER)
    with recorded() as statements:
        page = admin.get(f"{LIST_URL}?{query}").content.decode()
    [sql] = [sql for sql in on_tasks(statements) if "COUNT" in sql]
    assert re.findall(r"LIMIT (\d+)", sql) == [str(limit)]
    order = "of all users, ordered by user id, then newest first."
    assert summary(page) == f"{count[0].upper()}{count[1:]} {order}"
    assert re.findall(r" ((?:first|at least) .*)\n\n</nav>", page) == [count]
    assert len(titles(admin, query)) == 100
    assert 'class="all hidden"' not in page  # the link that selects those of other pages, too


def test_pages_of_all_users_lead_to_the_last_task(admin: API) -> None:
    TaskFactory.create_batch(150)
    pages = [admin.get(f"{LIST_URL}{query}").content.decode() for query in ("", "?p=2")]
    assert [re.findall(r"(?<=>)(\d of \d+) selected", page) for page in pages] == [
        ["0 of 100"],
        ["0 of 50"],
    ]
    assert ["150 tasks" in page for page in pages] == [True, True]
    assert ["?p=2" in page for page in pages] == [True, False]
    assert admin.get(f"{LIST_URL}?p=3").status_code == 302
