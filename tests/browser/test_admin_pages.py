"""Tests of how the pages of the admin look: long words, narrow windows, dark mode, the chart."""

from datetime import UTC, datetime
from typing import Literal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.support.accessibility import overflowing, violations
from tests.support.admin import LIST_URL, change_url, delete_url, history_url
from tests.support.browser import horizontal_overflow, log_in
from tests.support.factories import TaskFactory

OF_DJANGO = (".breadcrumbs", "#searchbar")
"""Where axe-core finds what Django's templates and style sheets bring: link-in-text-block and
label-title-only."""

WITH_TEXT = ".results, .results *, .breadcrumbs, #content > *, .readonly, .summary, .chart *"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_with_long_words_fit_the_window_and_are_accessible(
    superuser: User, base_url: str, page: Page, width: int, scheme: Literal["light", "dark"]
) -> None:
    task = TaskFactory.create(title="W" * 200, user_id="U" * 255, description=None)
    TaskFactory.create(title="שלום, עולם (2)!", user_id="U" * 255, completed=True)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    log_in(page, base_url)
    for url in (
        LIST_URL,
        f"{LIST_URL}?q={task.user_id}",
        f"{LIST_URL}?q={task.title}",
        change_url(task),
        delete_url(task),
        history_url(task),
        "/admin/axes/accessattempt/",
    ):
        page.goto(base_url + url)
        assert (horizontal_overflow(page), overflowing(page, WITH_TEXT)) == (0, []), url
        assert violations(page, *OF_DJANGO) == [], url
    page.goto(base_url + LIST_URL)
    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("delete_selected")
    page.locator(".actions button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete tasks")
    assert (horizontal_overflow(page), overflowing(page, WITH_TEXT)) == (0, [])
    assert violations(page, *OF_DJANGO) == []


def test_narrow_list_shows_every_value_with_a_label(
    superuser: User, base_url: str, page: Page
) -> None:
    TaskFactory.create(title="W" * 200)
    page.set_viewport_size({"width": 390, "height": 800})
    log_in(page, base_url)
    page.goto(base_url + LIST_URL)
    for name, label in (("owner", "User id: "), ("created", "Created: ")):
        cell = page.locator(f"td.field-{name}")
        content = cell.evaluate("(cell) => getComputedStyle(cell, '::before').content")
        assert content == f'"{label}"'
        box = cell.bounding_box()
        assert box
        assert box["x"] + box["width"] <= 390


def test_chart_has_a_table_that_opens_by_keyboard(
    superuser: User, base_url: str, page: Page
) -> None:
    for completed in (True, False, False):
        TaskFactory.create(completed=completed, created_at=datetime(2026, 2, 2, tzinfo=UTC))
    log_in(page, base_url)
    page.goto(f"{base_url}{LIST_URL}?q=alice")
    chart = page.get_by_role("img", name="Tasks created per week")
    expect(chart).to_have_accessible_description(
        "At most 3 in a week. The table below has the same numbers."
    )
    rows = page.locator(".chart tbody tr")
    expect(rows).to_be_hidden()
    page.locator(".chart summary").focus()
    page.keyboard.press("Enter")
    expect(rows).to_be_visible()
    expect(rows.locator("td")).to_have_text(["1", "2"])
    colors = page.locator(".chart rect").evaluate_all(
        "(bars) => bars.map((bar) => getComputedStyle(bar).fill)"
    )
    assert len(set(colors)) == 2
