"""Tests of how the pages of the admin look: long words, narrow windows, dark mode, the chart."""

import itertools
from datetime import UTC, datetime

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.support.accessibility import OF_DJANGO, overflowing, violations
from tests.support.admin import (
    ADD_URL,
    ATTEMPTS_URL,
    LIST_URL,
    USER_LIST_URL,
    change_url,
    delete_url,
    history_url,
)
from tests.support.browser import FAILED_REQUEST, PageLog, horizontal_overflow, log_in
from tests.support.factories import TaskFactory

WITH_TEXT = (
    ".results, .results *, .breadcrumbs, #content > :not(#content-main), .readonly, .summary, "
    ".chart *, #change-history *, .messagelist *, #recent-actions-module *"
)


@pytest.fixture(params=itertools.product((390, 1280), ("light", "dark")), ids=str)
def appearance(request: pytest.FixtureRequest, page: Page) -> None:
    """Set the width of the window, and the preference for light or dark."""
    width, scheme = request.param
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)


@pytest.fixture
def narrow(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})


def create_attempt(username: str = "u" * 255) -> AccessAttempt:
    return AccessAttempt.objects.create(
        username=username, ip_address="2001:db8::", failures_since_start=100, user_agent="A" * 255
    )


def assert_fits_and_is_accessible(page: Page, *excluded: str) -> None:
    assert (horizontal_overflow(page), overflowing(page, WITH_TEXT)) == (0, []), page.url
    assert violations(page, *excluded) == [], page.url


@pytest.mark.usefixtures("superuser", "appearance")
def test_pages_with_long_words_fit_the_window_and_are_accessible(
    base_url: str, page: Page
) -> None:
    task = TaskFactory.create(title="W" * 200, user_id="U" * 255, description=None)
    TaskFactory.create(title="שלום, עולם (2)!", user_id="U" * 255, completed=True)
    page.goto(f"{base_url}/admin/")
    assert_fits_and_is_accessible(page)
    log_in(page, base_url)
    attempt = create_attempt()
    page.goto(base_url + change_url(task))
    page.get_by_label("Completed").check()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
    assert_fits_and_is_accessible(page, *OF_DJANGO)
    for url in (
        "/admin/",
        LIST_URL,
        f"{LIST_URL}?q={task.user_id}",
        f"{LIST_URL}?q={task.user_id}&completed=0",
        f"{LIST_URL}?q={task.title}",
        ADD_URL,
        delete_url(task),
        history_url(task),
        ATTEMPTS_URL,
        f"{ATTEMPTS_URL}{attempt.pk}/change/",
        f"{ATTEMPTS_URL}{attempt.pk}/delete/",
        USER_LIST_URL,
    ):
        page.goto(base_url + url)
        assert_fits_and_is_accessible(page, *OF_DJANGO)
    page.goto(base_url + LIST_URL)
    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("delete_selected")
    page.locator(".actions button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete tasks")
    assert_fits_and_is_accessible(page, *OF_DJANGO)


@pytest.mark.usefixtures("superuser", "appearance")
def test_error_pages_fit_the_window_and_are_accessible(
    base_url: str, page: Page, page_log: PageLog
) -> None:
    log_in(page, base_url)
    page.goto(f"{base_url}{LIST_URL}?unknown=1")
    expect(page.get_by_role("heading", level=1)).to_have_text("The request is not valid")
    assert_fits_and_is_accessible(page)
    page.context.clear_cookies()
    create_attempt("root")
    log_in(page, base_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many failed logins")
    assert_fits_and_is_accessible(page)
    statuses = ("400 (Bad Request)", "429 (Too Many Requests)")
    assert page_log.pop_errors() == [FAILED_REQUEST.format(status) for status in statuses]


LABELS = "(elements) => elements.map((each) => getComputedStyle(each, '::before').content)"


@pytest.mark.usefixtures("superuser", "narrow")
@pytest.mark.parametrize("url", [LIST_URL, ATTEMPTS_URL, USER_LIST_URL])
def test_narrow_list_shows_every_value_with_its_heading_as_label(
    base_url: str, page: Page, url: str
) -> None:
    TaskFactory.create(title="W" * 200)
    log_in(page, base_url)
    create_attempt()
    page.goto(base_url + url)
    _, _, *headings = page.locator("#result_list thead .text").all_text_contents()
    labels = page.locator("#result_list td:not(.action-checkbox)").evaluate_all(LABELS)
    assert [each.lower() for each in labels] == [f'"{each.lower()}: "' for each in headings]


@pytest.mark.usefixtures("superuser", "narrow")
def test_narrow_list_is_sorted_by_the_headings_above_it(base_url: str, page: Page) -> None:
    log_in(page, base_url)
    create_attempt()
    page.goto(base_url + ATTEMPTS_URL)
    page.get_by_role("columnheader", name="Username").get_by_role("link").click()
    page.wait_for_url("**/?o=2")
    page.locator("#action-toggle").check()
    expect(page.locator(".action-counter")).to_have_text("1 of 1 selected")


@pytest.mark.usefixtures("superuser", "narrow")
def test_narrow_form_has_every_label_once(base_url: str, page: Page) -> None:
    log_in(page, base_url)
    page.goto(base_url + ADD_URL)
    assert page.locator(".form-row").evaluate_all(LABELS) == ["none"] * 4


BROKEN_WORDS = r"""(cells) => cells.flatMap(({ firstChild: text }) =>
    [...text.data.matchAll(/\S+/g)].filter(({ 0: word, index }) => {
        const range = new Range();
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        return range.getClientRects().length > 1;
    }).map(([word]) => word))"""


@pytest.mark.usefixtures("superuser", "narrow")
def test_narrow_history_breaks_no_words(base_url: str, page: Page) -> None:
    task = TaskFactory.create()
    log_in(page, base_url)
    page.goto(base_url + change_url(task))
    page.get_by_label("Title:").fill("Changed")
    page.get_by_label("Description:").fill("Changed")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")
    page.goto(base_url + history_url(task))
    expect(page.locator("#change-history td").last).to_have_text("Changed Title and Description.")
    assert page.locator("#change-history td").evaluate_all(BROKEN_WORDS) == []


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
