"""Tests of the chart above the list of one user's tasks."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tasks.admin.chart import MAX_COUNTED, MAX_WEEKS, Chart, count_by_week
from tasks.models import END_TIME, FIRST_TIME
from tests.support.admin import LIST_URL
from tests.support.client import API, OWNER
from tests.support.factories import TaskFactory
from tests.support.query_plans import fill, plans, recorded

MONDAY = datetime(2026, 2, 2, tzinfo=UTC)
WEEK, MICROSECOND = timedelta(weeks=1), timedelta(microseconds=1)


def weeks(chart: Chart) -> list[tuple[str, int, int]]:
    """Return the Monday, the completed and the open tasks of the weeks that have tasks."""
    return [(f"{week.monday}", week.completed, week.open) for week, *_ in chart.bars]


def open_tasks(*times: datetime) -> Chart:
    return count_by_week((time, False) for time in times)


def test_week_is_from_monday_to_sunday_in_utc() -> None:
    chart = open_tasks(MONDAY - MICROSECOND, MONDAY, MONDAY + WEEK - MICROSECOND, MONDAY + WEEK)
    assert weeks(chart) == [("2026-01-26", 0, 1), ("2026-02-02", 0, 2), ("2026-02-09", 0, 1)]


def test_chart_ends_with_the_week_of_the_newest_task_and_counts_earlier_ones() -> None:
    chart = open_tasks(MONDAY, MONDAY - (MAX_WEEKS - 1) * WEEK, MONDAY - MAX_WEEKS * WEEK)
    assert [week.number for week in chart.weeks] == [*range(MAX_WEEKS)]
    assert weeks(chart) == [("2025-02-10", 0, 1), ("2026-02-02", 0, 1)]
    assert (chart.completed, chart.open, chart.counted) == (0, 2, 3)
    assert chart.remarks == ["1 task was created before these weeks."]


def test_bars_are_stacked_from_the_bottom() -> None:
    rows = [(MONDAY - WEEK, True)] * 3 + [(MONDAY - WEEK, False)] * 2 + [(MONDAY, False)]
    chart = count_by_week(rows)
    assert chart.peak == 5
    assert [(week.number, *tops) for week, *tops in chart.bars] == [(50, 2, 0), (51, 5, 4)]


@pytest.mark.parametrize(
    ("time", "first", "last"),
    [
        (FIRST_TIME, "0001-01-01", "0001-01-01"),
        (FIRST_TIME + WEEK, "0001-01-01", "0001-01-08"),
        (END_TIME - MICROSECOND, "9998-01-05", "9998-12-28"),
    ],
)
def test_first_and_last_times_have_a_chart(time: datetime, first: str, last: str) -> None:
    chart = open_tasks(time)
    assert (f"{chart.weeks[0].monday}", f"{chart.weeks[-1].monday}") == (first, last)
    assert weeks(chart) == [(last, 0, 1)]


@pytest.mark.django_db
def test_list_of_a_user_has_the_chart_and_the_same_numbers_as_a_table(admin: API) -> None:
    for completed in (True, False, False):
        TaskFactory.create(created_at=MONDAY, completed=completed)
    TaskFactory.create(created_at=MONDAY - 99 * WEEK)
    page = admin.get(f"{LIST_URL}?q=alice&completed=1").content.decode()
    assert re.findall('<svg viewBox="(.*?)".*aria-labelledby="(.*?)"', page) == [
        ("0 0 52 3", "chart-title")
    ]
    assert re.findall("<rect (.*)/>", page) == [
        'class="completed" x="51.15" y="2" width="0.7" height="1"',
        'class="open" x="51.15" y="0" width="0.7" height="2"',
    ]
    assert "<title>Week of 2026-02-02: 1 completed, 2 open</title>" in page
    rows = r'<tr><th scope="row">(.*?)</th><td>(\d+)</td><td>(\d+)</td></tr>'
    assert re.findall(rows, page) == [("2026-02-02", "1", "2")]
    assert "<p>1 task was created before these weeks.</p>" in page


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "q=", "q=%00", "q=bob", "q=/alice"])
def test_list_without_a_user_who_has_tasks_has_no_chart(admin: API, query: str) -> None:
    TaskFactory.create()
    assert "chart" not in admin.get(f"{LIST_URL}?{query}").content.decode()


@pytest.mark.django_db
def test_chart_reads_the_newest_tasks_in_one_statement_by_the_index(admin: API) -> None:
    fill(OWNER)
    with recorded() as statements:
        page = admin.get(f"{LIST_URL}?q=alice").content.decode()
    assert f"Only the newest {MAX_COUNTED:,} tasks are counted." in page
    assert re.findall(r">([\d,]+ (?:completed|open))</span>", page) == [
        "3,333 completed",
        "6,667 open",
    ]
    [statement] = [
        each for each in statements if each[0].startswith('SELECT "tasks"."created_at"')
    ]
    assert statement[0].endswith(" LIMIT 10000")
    index = {
        "postgresql": [
            "Limit",
            "Index Scan tasks_newest_first ((user_id)::text = {})",
        ],
        "sqlite": ["SEARCH tasks USING INDEX tasks_newest_first (user_id=?)"],
    }[connection.vendor]
    for plan, value in zip(plans(statement), ("'alice'::text", "$1"), strict=False):
        assert plan == [step.format(value) for step in index]
