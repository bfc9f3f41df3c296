"""The list: search, pages, compression."""

import gzip
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from struct import pack
from typing import Any
from unicodedata import ucd_3_2_0
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.db.models.functions import Lower, Upper
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries

from tasks.api.pagination import CURSOR_FORMAT, _digest
from tasks.functions import CaseFold, casefold
from tasks.models import DESCRIPTION_LENGTH, Task
from tasks.queries import UserTasks
from tests.support.client import API, OWNER, STRANGER, TASKS
from tests.support.factories import TaskFactory
from tests.support.pages import next_url

NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)


def titles(api: API, **parameters: str) -> list[str]:
    response = api.get(TASKS, parameters)
    assert response.status_code == 200, response.content
    return [task["title"] for task in response.json()]


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Äb", "äb"), ("ß", "ß"), ("ﬁ", "ﬁ"), ("İ", "i"), (None, None)],
)
def test_a_letter_does_not_become_two(text: str | None, folded: str | None) -> None:
    assert casefold(text) == folded


@pytest.mark.django_db
def test_the_database_folds_every_letter_as_python_does() -> None:
    letters = "".join(
        letter for letter in map(chr, range(0x110000)) if ucd_3_2_0.category(letter)[0] == "L"
    )
    for start in range(0, len(letters), DESCRIPTION_LENGTH):
        TaskFactory.create(description=letters[start : start + DESCRIPTION_LENGTH])
    for text, folded in Task.objects.values_list("description", CaseFold("description")):
        assert folded == casefold(text)


@pytest.mark.django_db
@pytest.mark.once
def test_postgresql_before_17_folds_by_its_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "pg_version", 160000)
    TaskFactory.create(title="MILK Ä")
    folded, by_locale = Task.objects.values_list(CaseFold("title"), Lower(Upper("title"))).get()
    assert folded == by_locale


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("Buy milk", "MILK"),
        ("BUY MILK", "y m"),
        ("Äpfel", "ÄPFEL"),
        ("ÄPFEL", "äpf"),
        ("Молоко", "МОЛОКО"),
        ("ΟΔΟΣ", "οδος"),
        ("οδοσ", "ΟΔΟς"),
        ("Straẞe", "straße"),
        ("ԲԱՐԵՎ", "բարեւ"[:4]),
        ("𐐀𐐁", "𐐨𐐩"),
        ("100 % sure", "% S"),
        ("snake_case", "_CASE"),
        (r"C:\temp", r":\T"),
        ("it's", "'"),
        ("a  b", "  "),
    ],
)
def test_search_finds_a_part_whatever_its_case(api: API, text: str, search: str) -> None:
    TaskFactory.create(title=text, description=None)
    TaskFactory.create(title="other", description=text)
    TaskFactory.create(title="neither", description="")
    assert sorted(titles(api, search=search)) == sorted([text, "other"])


@pytest.mark.django_db
@pytest.mark.parametrize("search", ["%", "_", "\\", "m%k", "m_lk", ".", "[a-z]", "milk ", "ilkm"])
def test_search_takes_every_character_as_it_is(api: API, search: str) -> None:
    TaskFactory.create(title="milk", description="milk")
    assert titles(api, search=search) == []


@pytest.mark.django_db
def test_a_search_of_200_characters_is_allowed(api: API) -> None:
    TaskFactory.create(title="🥛" * 200)
    assert titles(api, search="🥛" * 200) == ["🥛" * 200]


@pytest.mark.django_db
def test_a_page_has_at_most_limit_tasks_and_links_to_the_next(api: API) -> None:
    for number in range(5):
        TaskFactory.create(title=str(number), created_at=NOON + timedelta(minutes=number))
    first = api.send(200, "GET", f"{TASKS}/?limit=2")
    url = next_url(first)
    assert url
    assert urlsplit(url).path == TASKS
    assert [task["title"] for task in first.json()] == ["4", "3"]
    second = api.send(200, "GET", url)
    assert [task["title"] for task in second.json()] == ["2", "1"]
    url = next_url(second)
    assert url
    last = api.send(200, "GET", url)
    assert [task["title"] for task in last.json()] == ["0"]
    assert next_url(last) is None


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [2, 3, 10_000])
def test_a_page_that_holds_everything_has_no_link(api: API, limit: int) -> None:
    TaskFactory.create_batch(2)
    assert next_url(api.send(200, "GET", f"{TASKS}?limit={limit}")) is None


@pytest.mark.django_db
def test_the_link_repeats_the_other_parameters(api: API) -> None:
    TaskFactory.create_batch(3, title="a%&b c", completed=True)
    query = {"search": "a%&B ", "completed": "true", "limit": "1"}
    url = next_url(api.get(TASKS, query))
    assert url
    repeated = parse_qs(urlsplit(url).query)
    assert len(repeated.pop("cursor")[0]) == 40
    assert repeated == {name: [value] for name, value in query.items()}
    assert set(parse_qs(urlsplit(next_url(api.send(200, "GET", url)) or "").query)) == {
        "search",
        "completed",
        "limit",
        "cursor",
    }


@pytest.mark.django_db
def test_without_a_limit_a_page_has_10000_tasks(api: API) -> None:
    Task.objects.bulk_create(Task(user_id=OWNER, title="a") for _ in range(10_001))
    first = api.send(200, "GET", TASKS)
    assert len(first.json()) == 10_000
    url = next_url(first)
    assert url
    assert set(parse_qs(urlsplit(url).query)) == {"cursor"}
    second = api.send(200, "GET", url)
    assert len(second.json()) == 1
    assert next_url(second) is None


@pytest.mark.django_db
def test_a_page_is_one_statement_that_neither_counts_nor_skips(
    api: API, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    TaskFactory.create_batch(3)
    url = next_url(api.send(200, "GET", f"{TASKS}?limit=1&search=task"))
    assert url
    with django_assert_num_queries(1) as queries:
        api.send(200, "GET", url)
    sql = queries.captured_queries[0]["sql"].upper()
    assert "LIMIT 2" in sql
    assert "COUNT" not in sql
    assert "OFFSET" not in sql


@pytest.mark.django_db
class TestForeignCursor:
    """A cursor is refused unless it comes from a Link of the same list."""

    def cursor(self, api: API, **parameters: str) -> str:
        url = next_url(api.get(TASKS, {"limit": "1", **parameters}))
        assert url
        return parse_qs(urlsplit(url).query)["cursor"][0]

    def refused(self, api: API, path: str, **parameters: str) -> None:
        response = api.get(path, parameters)
        assert response.status_code == 400
        assert [
            (error["parameter"], error["code"], error["detail"])
            for error in response.json()["errors"]
        ] == [
            (
                "cursor",
                "invalid",
                "Must come from the Link of the same user's list with the same filters.",
            )
        ]

    @pytest.fixture(autouse=True)
    def tasks(self, db: None) -> None:
        TaskFactory.create_batch(3, title="milk")
        TaskFactory.create_batch(3, title="milk", user_id=STRANGER)

    def test_of_another_user(self, api: API) -> None:
        self.refused(api, f"/api/{STRANGER}/tasks", cursor=self.cursor(api))

    def test_of_another_filter(self, api: API) -> None:
        cursor = self.cursor(api, search="milk", completed="false")
        self.refused(api, TASKS, cursor=cursor)
        self.refused(api, TASKS, cursor=cursor, search="milk")
        self.refused(api, TASKS, cursor=cursor, search="Milk", completed="false")
        self.refused(api, TASKS, cursor=cursor, search="milk", completed="true")
        self.refused(api, TASKS, cursor=self.cursor(api), completed="false")

    def test_that_is_damaged(self, api: API) -> None:
        cursor = self.cursor(api)
        for damaged in (
            cursor[:-1],
            cursor[:-4],
            cursor[1:],
            cursor + "A",
            cursor + "====",
            cursor[:-1] + ("A" if cursor[-1] != "A" else "B"),
            "A" * 40,
            "!" + cursor,
            cursor + "\n",
            "not base64",
            "ä" * 40,
            urlsafe_b64encode(b"x" * 30).decode(),
            urlsafe_b64encode(b"").decode() or "x",
            "=",
        ):
            self.refused(api, TASKS, cursor=damaged)

    @pytest.mark.parametrize("microseconds", [2**63 - 1, -(2**63)])
    def test_that_is_forged_to_name_no_time(self, api: API, microseconds: int) -> None:
        place = pack(CURSOR_FORMAT, microseconds, bytes(16))
        scope = urlencode({"user_id": OWNER}).encode()
        forged = urlsafe_b64encode(place + _digest(place, scope)).decode()
        self.refused(api, TASKS, cursor=forged)

    def test_but_another_limit_will_do(self, api: API) -> None:
        assert len(titles(api, cursor=self.cursor(api), limit="10")) == 2


@pytest.mark.django_db
def test_a_cursor_outlives_its_task(api: API) -> None:
    for number in range(4):
        TaskFactory.create(title=str(number), created_at=NOON + timedelta(minutes=number))
    url = next_url(api.send(200, "GET", f"{TASKS}?limit=2"))
    assert url
    Task.objects.filter(title="2").delete()
    assert [task["title"] for task in api.send(200, "GET", url).json()] == ["1", "0"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("xgzip", False),
    ],
)
def test_a_list_is_compressed_when_the_client_accepts_gzip(
    api: API, task: Task, accepted: str, *, compressed: bool
) -> None:
    plain = api.send(200, "GET", TASKS)
    response = api.send(200, "GET", TASKS, accept_encoding=accepted)
    assert response["Vary"] == plain["Vary"] == "Accept-Encoding, origin"
    assert response.get("Content-Encoding") == ("gzip" if compressed else None)
    assert response["Content-Length"] == str(len(response.content))
    body = gzip.decompress(response.content) if compressed else response.content
    assert json.loads(body) == plain.json()
    assert response["ETag"] == ("W/" if compressed else "") + plain["ETag"]


@pytest.mark.django_db
def test_a_single_task_is_not_compressed(api: API, task: Task) -> None:
    response = api.send(200, "GET", f"{TASKS}/{task.id}", accept_encoding="gzip")
    assert "Content-Encoding" not in response


moments = st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes))
texts = st.sampled_from(["milk", "MILK bread", "bread"])
drafts = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from([OWNER, OWNER, OWNER, STRANGER]),
        "title": texts,
        "completed": st.booleans(),
        "created_at": moments,
    }
)
events = st.one_of(
    st.tuples(st.just("insert"), drafts),
    st.tuples(st.just("delete"), st.integers(0, 99)),
    st.tuples(st.just("edit"), st.integers(0, 99)),
)


class PagingProperty(TestCase):
    """Whatever happens between the pages, they hold each surviving task once, in order."""

    @settings(max_examples=100, deadline=None)
    @given(
        drafts=st.lists(drafts, max_size=12),
        limit=st.integers(1, 5),
        query=st.fixed_dictionaries(
            {},
            optional={
                "completed": st.sampled_from(["true", "false"]),
                "search": st.just("Milk"),
            },
        ),
        between=st.lists(st.lists(events, max_size=3), max_size=12),
    )
    def test_the_pages_hold_each_surviving_task_once_and_in_order(
        self,
        drafts: list[dict[str, Any]],
        limit: int,
        query: dict[str, str],
        between: list[list[tuple[str, Any]]],
    ) -> None:
        for draft in drafts:
            TaskFactory.create(**draft)
        api = API()
        at_first = {task["id"]: task for task in api.get(TASKS, query).json()}
        seen: list[dict[str, Any]] = []
        url: str | None = f"{TASKS}?limit={limit}" + "".join(f"&{k}={v}" for k, v in query.items())
        while url:
            response = api.send(200, "GET", url)
            assert len(response.json()) <= limit
            seen += response.json()
            url = next_url(response)
            for kind, what in between.pop() if between else []:
                self.happen(kind, what)
        at_last = {task["id"] for task in api.get(TASKS, query).json()}
        ids = [task["id"] for task in seen]
        assert len(set(ids)) == len(ids)
        assert at_last & set(at_first) <= set(ids)
        assert seen == sorted(
            seen,
            key=lambda task: (datetime.fromisoformat(task["created_at"]), task["id"]),
            reverse=True,
        )

    def happen(self, kind: str, what: Any) -> None:
        if kind == "insert":
            TaskFactory.create(**what)
            return
        tasks = list(Task.objects.order_by("id"))
        if tasks:
            chosen = tasks[what % len(tasks)]
            if kind == "delete":
                chosen.delete()
            else:
                UserTasks(chosen.user_id).update(chosen.id, description="edited")
